import Core
import HTTPTypes
import NIOCore
import NIOHTTP1

/// Handles what belongs to the protocol and not to a request: text that is no HTTP, versions, and `Expect`.
///
/// It stands before the compressor, which counts requests and responses: an answer without a request would confuse it.
final class ProtocolHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let identifiers = IdentifierGenerator()

    private let continueLimit: Int

    /// - parameter continueLimit: how long a body may be that a client is encouraged to send.
    init(continueLimit: Int) {
        self.continueLimit = continueLimit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        // Clients of HTTP/1.0 take the end of the connection for the end of the answer.
        if head.version != .http1_1 || !head.isKeepAlive {
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        // The length of an answer to HEAD is that of the uncompressed body, since there is no body to compress.
        if head.method == .HEAD { head.headers.remove(name: "accept-encoding") }
        if head.headers.contains(name: "expect") { encourage(head, context) }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What a connection leaves unfinished when it ends is an error too, but nobody reads an answer to it.
        guard let parserError = error as? HTTPParserError, context.channel.isActive else {
            context.fireErrorCaught(error)
            return
        }
        let isTooLarge = parserError == .headerOverflow
        let status: HTTPResponseStatus = isTooLarge ? .requestHeaderFieldsTooLarge : .badRequest
        // What could not be read has no identity of its own.
        let identity = RequestIdentity(RequestHeaders([:])) { Self.identifiers.next(at: SystemTime().now()) }
        let body = Self.problem(status: status, isTooLarge: isTooLarge, traceID: identity.traceID)
        let headers: HTTPHeaders = [
            "content-type": ProblemDocument.contentType, "content-length": String(body.count), "connection": "close",
            HTTPField.Name.requestID.canonicalName: identity.requestID,
            HTTPField.Name.traceparent.canonicalName: identity.traceparent,
        ]
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        let context = context.loopBound
        context.value.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            context.value.close(promise: nil)
        }
    }

    /// Tells a client that waits before it sends its body to go on (RFC 9110, section 10.1.1).
    private func encourage(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let length = head.headers.first(name: "content-length").flatMap(Int.init) ?? 0
        guard head.version == .http1_1, length <= continueLimit else { return }
        context.writeAndFlush(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    private static func problem(status: HTTPResponseStatus, isTooLarge: Bool, traceID: String) -> [UInt8] {
        var json = JSONWriter()
        let code = isTooLarge ? "header_too_large" : "malformed_request"
        json.object { json in
            json.member("type", "urn:millrace:problem:\(code)")
            json.member("title", isTooLarge ? "Header too large" : "Malformed request")
            json.member("status", Int(status.code))
            json.member(
                "detail",
                isTooLarge
                    ? "The header is larger than api.header_limit allows. Send fewer or shorter fields."
                    : "This is no HTTP/1.1 request. See RFC 9112.")
            json.member("code", code)
            json.member("trace_id", traceID)
        }
        return json.bytes
    }
}
