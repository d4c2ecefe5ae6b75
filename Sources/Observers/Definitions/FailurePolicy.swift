/// What becomes of a delivery that cannot be made.
public enum FailurePolicy: String, Sendable, CaseIterable {
    /// It is kept with its event among the dead letters, until somebody retries or removes it.
    case deadLetter = "dead_letter"
    /// It is given up; its row says why.
    case drop
    /// It is kept like a dead letter, and an error is logged and counted in `observer_alerts_total`.
    case alert
}
