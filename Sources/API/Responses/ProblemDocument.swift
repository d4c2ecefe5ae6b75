import Core
import HTTPTypes
import Storage

/// What a client is told of a failure (RFC 9457). This is the one place where an error becomes a response.
struct ProblemDocument {
    /// The failure as the client may know it.
    let failure: Failure
    /// The status of the response.
    let status: HTTPResponse.Status
    /// The path of the request.
    let instance: String
    /// The trace of the request, by which its lines are found in the log.
    let traceID: String

    static let contentType = "application/problem+json"

    init(_ error: any Error, instance: String, traceID: String) {
        failure = Self.visible(error)
        status = Self.status(of: failure.kind)
        self.instance = instance
        self.traceID = traceID
    }

    /// Whether the error is a defect or a broken part, whose detail belongs to the log.
    var isDefect: Bool { failure.kind == .internal }

    /// The response in a form.
    func response(as form: FailureForm) -> CompleteResponse {
        switch form {
        case .problem:
            CompleteResponse(
                status: status, headers: headers, body: .bytes(JSONWriter.bytes(of: self)),
                contentType: Self.contentType)
        case .qdrant:
            CompleteResponse(
                // There every value that is not acceptable is a wrong input.
                status: failure.kind == .invalid ? .badRequest : status, headers: headers,
                body: .bytes(JSONWriter.bytes(of: QdrantFailure(failure))), contentType: "application/json")
        }
    }

    /// The response without its body.
    private var headers: HTTPFields {
        var headers = TenantRates.fields(of: failure)
        if let seconds = failure.retryAfter { headers[.retryAfter] = String(seconds) }
        if failure.kind == .unauthenticated { headers[.wwwAuthenticate] = "Bearer realm=\"millrace\"" }
        return headers
    }

    /// Only a ``Failure`` was written for clients. Anything else, and the detail of a defect, stays inside.
    private static func visible(_ error: any Error) -> Failure {
        if error is CancellationError {
            return Failure(
                .unavailable, code: "stopping", "The server is stopping. Try again, or try another instance.",
                retryAfter: 5)
        }
        if let failure = error as? Failure, failure.kind != .internal { return failure }
        return Failure(
            .internal, code: "internal",
            "Something is wrong inside the server. Its log says more under the trace_id of this document.")
    }

    private static func status(of kind: Failure.Kind) -> HTTPResponse.Status {
        switch kind {
        case .malformed: .badRequest
        case .invalid, .keyReused: .unprocessableContent
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .conflict: .conflict
        case .preconditionFailed: .preconditionFailed
        case .preconditionRequired: .preconditionRequired
        case .tooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .tooManyRequests: .tooManyRequests
        case .unavailable, .timeout: .serviceUnavailable
        case .badGateway: .badGateway
        case .gatewayTimeout: .gatewayTimeout
        case .internal: .internalServerError
        }
    }
}

extension ProblemDocument: JSONEncodable {
    private static let ownMembers: Set = [
        "type", "title", "status", "detail", "instance", "code", "trace_id", "errors",
    ]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("type", "urn:millrace:problem:\(failure.code)")
            json.member("title", title)
            json.member("status", status.code)
            json.member("detail", failure.message)
            json.member("instance", instance)
            json.member("code", failure.code)
            json.member("trace_id", traceID)
            if !failure.errors.isEmpty { json.member("errors", array: failure.errors) }
            for member in failure.details where !Self.ownMembers.contains(member.name) {
                json.key(named: member.name)
                json.value(member.value)
            }
        }
    }

    /// The code in words: `insufficient_stock` is "Insufficient stock".
    private var title: String {
        let words = failure.code.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
