/// Why a request or an operation cannot be done, and what to do about it.
///
/// Every layer throws this one type; `API` turns it into a response in one place, and the command line into one line.
public struct Failure: Error, Sendable {
    /// What family of failure it is. A family decides the status of the response.
    public enum Kind: Sendable, Hashable {
        /// The request cannot be read: its syntax or its form is wrong.
        case malformed
        /// The request can be read, but a value in it is not acceptable.
        case invalid
        /// There is no valid credential.
        case unauthenticated
        /// The credential does not allow it.
        case forbidden
        /// There is no such thing, or not for this tenant.
        case notFound
        /// The method is not served at this address.
        case methodNotAllowed
        /// The state of the thing does not allow it.
        case conflict
        /// The precondition of the request does not hold.
        case preconditionFailed
        /// The request must carry a precondition.
        case preconditionRequired
        /// The request is larger than a limit allows.
        case tooLarge
        /// The body is of a media type that is not read here.
        case unsupportedMediaType
        /// The same idempotency key came with another request.
        case keyReused
        /// There are more requests than the limit allows.
        case tooManyRequests
        /// It cannot be done now, but it may be later.
        case unavailable
        /// The request took longer than a limit allows.
        case timeout
        /// Another server was asked for it, and what it answers cannot be used.
        case badGateway
        /// Another server was asked for it, and did not answer in time.
        case gatewayTimeout
        /// A defect or a broken part. Its detail goes to the log only.
        case `internal`
    }

    /// A wrong value and where it stands in the body.
    public struct FieldError: Sendable, Equatable {
        /// A JSON pointer (RFC 6901) into the body; empty for the whole of it. Names a query parameter after `?`.
        public let pointer: String
        /// What is wrong, and what would be right.
        public let message: String

        /// An error at a place in the body.
        public init(pointer: String, message: String) {
            self.pointer = pointer
            self.message = message
        }
    }

    /// The family, which decides the status of the response.
    public let kind: Kind
    /// A stable word for programs, for example `insufficient_stock`.
    public let code: String
    /// What went wrong and how it may be remedied, for people.
    public let message: String
    /// Each wrong value, when the body is at fault.
    public let errors: [FieldError]
    /// Further members of the problem document, for example what is available.
    public let details: [JSONObject.Member]
    /// How many seconds to wait before another try, when a wait may help.
    public let retryAfter: Int?
    /// What caused it. It goes to the log and never to a client.
    public let cause: (any Error)?

    /// A failure of a family with a stable code and a message with a remedy.
    public init(
        _ kind: Kind, code: String, _ message: String, errors: [FieldError] = [],
        details: [JSONObject.Member] = [], retryAfter: Int? = nil, cause: (any Error)? = nil
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.errors = errors
        self.details = details
        self.retryAfter = retryAfter
        self.cause = cause
    }
}

extension Failure.Kind {
    /// Whether it may pass with time, so that trying again can help. With the others somebody has to correct something
    /// first.
    public var mayPass: Bool {
        switch self {
        case .unavailable, .timeout, .gatewayTimeout, .tooManyRequests, .conflict, .internal: true
        case .malformed, .invalid, .unauthenticated, .forbidden, .notFound, .methodNotAllowed, .preconditionFailed,
            .preconditionRequired, .tooLarge, .unsupportedMediaType, .keyReused, .badGateway:
            false
        }
    }
}

extension Failure {
    /// Something that does not exist, or not for this tenant.
    public static func notFound(_ what: String, _ identifier: some CustomStringConvertible) -> Failure {
        Failure(.notFound, code: "not_found", "There is no \(what) \(identifier).")
    }

    /// A move that the state of a thing does not allow.
    public static func conflict(_ code: String, _ message: String, details: [JSONObject.Member] = []) -> Failure {
        Failure(.conflict, code: code, message, details: details)
    }

    /// An update of a version that is not the current one.
    public static func versionMismatch(_ what: String, current: Int64) -> Failure {
        Failure(
            .preconditionFailed, code: "version_mismatch",
            "The \(what) has changed: its version is \(current) now. Read it again and repeat the change on that.",
            details: [.init("current_version", .integer(current))])
    }

    /// One wrong value in the body.
    public static func invalid(at pointer: String, _ message: String) -> Failure {
        Failure(
            .invalid, code: "invalid_request", "The request has a value that is not acceptable; see errors.",
            errors: [FieldError(pointer: pointer, message: message)])
    }

    /// A defect or a broken part; the text goes to the log only.
    public static func `internal`(_ message: String, cause: (any Error)? = nil) -> Failure {
        Failure(.internal, code: "internal", message, cause: cause)
    }
}

extension Failure: CustomStringConvertible {
    public var description: String {
        let places = errors.map { " \($0.pointer): \($0.message)" }.joined()
        let reason = cause.map { " (cause: \($0))" } ?? ""
        return "\(code): \(message)\(places)\(reason)"
    }
}

extension Failure.FieldError: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("pointer", pointer)
            json.member("detail", message)
        }
    }
}
