import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server whose answers a test decides.
final class WorkloadServer: Sendable {
    /// What is answered.
    struct Answer: Sendable {
        var status = HTTPResponseStatus.ok
        var body = "ok"
        var delay = TimeAmount.zero
        /// Whether the connection ends with it, and whether it ends without it.
        var ends = false
        /// When it ends without a word of it.
        var closesAfter: TimeAmount?
        var isLost = false
    }

    /// A request as it came.
    struct Request: Sendable {
        let method: HTTPMethod
        let path: String
        let headers: HTTPHeaders
        let body: String
        /// How long the server has run.
        let time: Duration
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel
    private let log: RequestLog

    /// The address.
    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    /// What has come so far.
    var requests: [Request] { log.all }

    init(answer: @escaping @Sendable (Request) -> Answer) async throws {
        let log = RequestLog()
        self.log = log
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(log, answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }

    final class RequestLog: Sendable {
        private let requests = Mutex<[Request]>([])
        let start = ContinuousClock.now
        var all: [Request] { requests.withLock { $0 } }
        func append(_ request: Request) { requests.withLock { $0.append(request) } }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let log: RequestLog
        private let answer: @Sendable (Request) -> Answer
        private var head: HTTPRequestHead?
        private var body = ""

        init(_ log: RequestLog, _ answer: @escaping @Sendable (Request) -> Answer) {
            self.log = log
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, "")
            case .body(let bytes): body += String(buffer: bytes)
            case .end:
                guard let head else { return }
                let request = Request(
                    method: head.method, path: head.uri, headers: head.headers, body: body,
                    time: ContinuousClock.now - log.start)
                log.append(request)
                let answer = answer(request)
                context.eventLoop.assumeIsolated().scheduleTask(in: answer.delay) { self.send(answer, context) }
            }
        }

        private func send(_ answer: Answer, _ context: ChannelHandlerContext) {
            guard !answer.isLost else { return context.close(promise: nil) }
            var headers = HTTPHeaders([("content-length", "\(answer.body.utf8.count)")])
            if answer.ends { headers.add(name: "connection", value: "close") }
            let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            if answer.ends { context.close(promise: nil) }
            if let pause = answer.closesAfter {
                context.eventLoop.assumeIsolated().scheduleTask(in: pause) { context.close(promise: nil) }
            }
        }
    }
}
