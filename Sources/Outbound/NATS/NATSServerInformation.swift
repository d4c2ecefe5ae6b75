import Core

/// What a NATS server says about itself when somebody connects.
struct NATSServerInformation: Equatable {
    let requiresTLS: Bool
    let offersTLS: Bool
    let knowsHeaders: Bool
    let payloadLimit: Int

    /// Reads the JSON of `INFO`.
    ///
    /// - throws: ``Failure`` `nats_protocol_error`.
    init(_ json: [UInt8]) throws(Failure) {
        guard case .object(let object)? = try? JSONParser.parse(json) else {
            throw .natsProtocol("INFO is not followed by a JSON object")
        }
        requiresTLS = object["tls_required"] == .bool(true)
        offersTLS = requiresTLS || object["tls_available"] == .bool(true)
        knowsHeaders = object["headers"] == .bool(true)
        if case .number(let text)? = object["max_payload"], let limit = Int(text) {
            payloadLimit = limit
        } else {
            payloadLimit = 1 << 20
        }
    }
}
