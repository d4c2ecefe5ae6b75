/// In which form a route tells its clients of failures.
public enum FailureForm: Sendable, Hashable {
    /// `application/problem+json` (RFC 9457): everywhere but where clients of others expect another form.
    case problem
    /// As Qdrant does: `{"status":{"error":"…"},"time":0.0}`.
    case qdrant
}
