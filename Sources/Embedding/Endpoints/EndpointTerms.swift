import Core

/// What an endpoint is called, and what somebody can do when it fails. The codes are stable: they are labels of
/// metrics.
struct EndpointTerms: Sendable {
    /// What the names of its settings begin with: `embedding`.
    let settings: String
    /// What its codes and metrics begin with: `embedding`.
    let code: String
    /// What it makes, one of it: `vector`.
    let product: String
    /// What it is to be.
    let kind: String
    /// What a client can do without it.
    let otherwise: String
    /// How a client asks less of it.
    let less: String

    /// What turns texts into vectors.
    static let embedding = EndpointTerms(
        settings: "embedding", code: "embedding", product: "vector", kind: "OpenAI-compatible endpoint",
        otherwise: "send the vector", less: "send less at once")

    func unavailable(_ reason: String, retryAfter: Int? = nil, cause: (any Error)? = nil) -> Failure {
        Failure(
            .unavailable, code: "\(code)_unavailable",
            "The endpoint of \(settings).url makes no \(product)s now: \(reason). Try again, or \(otherwise).",
            retryAfter: retryAfter ?? 1, cause: cause)
    }

    var keyInvalid: Failure {
        Failure(
            .invalid, code: "\(code)_key_invalid",
            "\(settings).api_key has a line break or another control character, so it cannot be sent. Set it without.")
    }

    var timeout: Failure {
        Failure(
            .gatewayTimeout, code: "\(code)_timeout",
            "The endpoint of \(settings).url made no \(product) in time. Find out what keeps it, \(less), or raise "
                + "\(settings).timeout.")
    }

    func refused(_ status: Int, _ reason: String) -> Failure {
        let remedy =
            switch status {
            case 401, 403: "Correct \(settings).api_key"
            case 300..<400: "Set \(settings).url to where it points; redirections are not followed"
            default: "Correct \(settings).url or \(settings).model"
            }
        let said = reason.isEmpty ? "" : ": \(reason)"
        return Failure(
            .badGateway, code: "\(code)_refused",
            "The endpoint of \(settings).url answers \(status)\(said). \(remedy).")
    }

    func invalid(_ reason: String) -> Failure {
        Failure(
            .badGateway, code: "\(code)_invalid",
            "What answers at \(settings).url is no \(kind): \(reason). Correct \(settings).url.")
    }

    /// Reads an answer.
    ///
    /// - throws: ``invalid(_:)`` with the place where it is wrong.
    func read(_ body: [UInt8], _ read: (inout JSONReader) throws -> Void) throws(Failure) {
        do {
            try body.withUnsafeBufferPointer { try JSONReader.read($0, read) }
        } catch let failure as Failure {
            let places = failure.errors.map { "\($0.pointer): \($0.message)" }
            throw invalid((places.isEmpty ? [failure.message] : places).joined(separator: " "))
        } catch {
            throw .internal("An answer of the endpoint of \(settings).url cannot be read.", cause: error)
        }
    }
}
