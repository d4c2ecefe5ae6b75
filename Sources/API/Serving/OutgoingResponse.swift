import Core
import HTTPTypes
import NIOHTTP1

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
    private(set) var head: HTTPResponseHead
    let body: CompleteResponse.Body
    /// Whether the connection is closed after it.
    private(set) var closes: Bool

    init(
        _ complete: CompleteResponse, of request: RequestHead, _ identity: RequestIdentity, date: String,
        position: LogPosition
    ) {
        var fields = HTTPHeaders()
        fields.reserveCapacity(Self.usualFieldCount)
        for field in complete.headers { fields.add(name: field.name.rawName, value: field.value) }
        fields.add(name: "Date", value: date)
        fields.add(name: "X-Request-Id", value: identity.requestID)
        fields.add(name: "traceparent", value: identity.traceparent)
        fields.add(name: "Millrace-Position", value: position.description)
        if let contentType = complete.contentType { fields.add(name: "Content-Type", value: contentType) }
        if !complete.headers.contains(.cacheControl) { fields.add(name: "Cache-Control", value: "private, no-cache") }
        var body = complete.body
        if case .bytes(let bytes) = body, complete.status != .noContent, complete.status != .notModified {
            fields.add(name: "Content-Length", value: String(bytes.count))
        }
        if request.method == .head { body = .bytes([]) }
        head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: complete.status.code), headers: fields)
        self.body = body
        closes = false
        if request.headers[.connection]?.lowercased() == "close" { close() }
    }

    /// How many fields an answer has that nothing special is told by.
    private static let usualFieldCount = 10

    /// Closes the connection after it.
    mutating func close() {
        closes = true
        head.headers.replaceOrAdd(name: "Connection", value: "close")
    }
}
