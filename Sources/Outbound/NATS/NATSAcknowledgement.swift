import Core

/// What JetStream says once a message is stored.
public struct NATSAcknowledgement: Sendable, Equatable {
    /// The stream that has it.
    public let stream: String
    /// Its number in the stream.
    public let sequence: Int64
    /// Whether the stream had a message of that identifier already, so that this one was not stored again.
    public let isDuplicate: Bool
}

extension NATSAcknowledgement {
    /// Reads the reply to a message.
    ///
    /// - parameter header: the header lines of the reply; their first may say that nobody listens.
    /// - throws: ``Failure`` `nats_no_stream`, `nats_refused`, `nats_unavailable` or `nats_protocol_error`.
    init(header: String, payload: [UInt8], subject: String) throws(Failure) {
        if header.hasPrefix("NATS/1.0 503") { throw .natsNoStream(subject) }
        guard case .object(let object)? = try? JSONParser.parse(payload) else {
            throw .natsProtocol("the acknowledgement of JetStream is no JSON object")
        }
        if case .object(let error)? = object["error"] {
            let description =
                error["description"].flatMap { if case .string(let text) = $0 { text } else { nil } } ?? ""
            let code = error["code"].flatMap { if case .number(let text) = $0 { Int(text) } else { nil } } ?? 500
            throw (400..<500).contains(code) && code != 408 && code != 429
                ? .natsRefused(subject, description) : .natsUnavailable(subject, description)
        }
        guard case .string(let stream)? = object["stream"], case .number(let text)? = object["seq"],
            let sequence = Int64(text)
        else { throw .natsProtocol("the acknowledgement of JetStream names no stream and sequence") }
        self.init(stream: stream, sequence: sequence, isDuplicate: object["duplicate"] == .bool(true))
    }
}
