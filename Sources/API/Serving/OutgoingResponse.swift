import Core
import HTTPTypes
import NIOCore

/// A response whose status, fields and body are settled.
struct CompleteResponse: Sendable {
    /// What is sent.
    enum Body: Sendable {
        case bytes([UInt8])
        case stream(@Sendable (any APIStreamWriter) async throws -> Void)
    }

    var status: HTTPResponse.Status
    var headers: HTTPFields
    let body: Body
    let contentType: String?
    /// A position that the response has seen; the head of the log when nil.
    var position: LogPosition?
}

/// A response as it goes onto the wire.
struct OutgoingResponse: Sendable {
    private(set) var head: HTTPResponse
    let body: CompleteResponse.Body
    /// Whether the connection is closed after it.
    private(set) var closes: Bool

    init(
        _ complete: CompleteResponse, of request: HTTPRequest, _ identity: RequestIdentity, date: String,
        position: LogPosition
    ) {
        var fields = complete.headers
        fields[.date] = date
        fields[.requestID] = identity.requestID
        fields[.traceparent] = identity.traceparent
        fields[.position] = position.description
        if let contentType = complete.contentType { fields[.contentType] = contentType }
        if fields[.cacheControl] == nil { fields[.cacheControl] = "private, no-cache" }
        var body = complete.body
        if case .bytes(let bytes) = body {
            if complete.status != .noContent && complete.status != .notModified {
                fields[.contentLength] = String(bytes.count)
            }
            if request.method == .head { body = .bytes([]) }
        } else if request.method == .head {
            body = .bytes([])
        }
        closes = request.headerFields[.connection]?.lowercased() == "close"
        if closes { fields[.connection] = "close" }
        head = HTTPResponse(status: complete.status, headerFields: fields)
        self.body = body
    }

    /// Closes the connection after it.
    mutating func close() {
        closes = true
        head.headerFields[.connection] = "close"
    }
}
