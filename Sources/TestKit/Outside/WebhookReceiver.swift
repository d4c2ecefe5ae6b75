public import Core
import NIOCore
import NIOHTTP1
import NIOPosix
public import NIOSSL
import Synchronization

/// A web server of this process for tests of what is sent to the outside world: it notes each request and answers as a
/// closure says. It ends with the last reference.
public final class WebhookReceiver: Sendable {
    /// A request as it came.
    public struct Request: Sendable {
        /// Its place among all requests, from 1.
        public let number: Int
        /// `POST`, for example.
        public let method: String
        /// The path with its query.
        public let path: String
        /// The fields in their order, by the names that were sent.
        public let headers: [(name: String, value: String)]
        /// The body.
        public let body: [UInt8]
        /// When its last byte was there.
        public let receivedAt: Timestamp

        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The first field of a name, in whatever case; nil when there is none.
        public subscript(name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// What is done with a request.
    public struct Answer: Sendable {
        /// The status.
        public var status: Int
        /// Fields beside the length of the body.
        public var headers: [(name: String, value: String)] = []
        /// The body.
        public var body: [UInt8] = []
        /// How long it takes.
        public var delay = Duration.zero
        /// Whether the connection is closed instead of an answer.
        public var dropsConnection = false
        /// Whether there is no answer at all and the connection stays open.
        public var isSilent = false

        /// An answer with a status.
        public static func status(
            _ status: Int, headers: [(name: String, value: String)] = [], body: String = "",
            after delay: Duration = .zero
        ) -> Answer {
            Answer(status: status, headers: headers, body: Array(body.utf8), delay: delay)
        }

        /// `200 OK`.
        public static let ok = Answer(status: 200)
        /// The connection is closed.
        public static let drop = Answer(status: 0, dropsConnection: true)
        /// Nothing ever comes.
        public static let silence = Answer(status: 0, isSilent: true)
    }

    /// Where it listens.
    public let port: Int
    private let state: State
    private let channel: any Channel
    private let scheme: String

    /// Listens on a free port of this machine.
    ///
    /// - parameters:
    ///   - keepsRequests: false counts them only, for tests of speed.
    ///   - tls: answers by TLS with this configuration.
    ///   - answer: says what is done with a request. It runs on an event loop, so it must not wait.
    public init(
        keepsRequests: Bool = true, tls: TLSConfiguration? = nil,
        answer: @escaping @Sendable (Request) -> Answer = { _ in .ok }
    ) async throws {
        let state = State(keepsRequests: keepsRequests, answer: answer)
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: false)
                    try pipeline.addHandler(ReceiverConnection(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.state = state
        port = channel.localAddress?.port ?? 0
        scheme = tls == nil ? "http" : "https"
    }

    deinit { channel.close(promise: nil) }

    /// The address of a path.
    public func url(_ path: String = "/hook") -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }

    /// What came so far, in the order in which it came.
    public var requests: [Request] { state.requests }
    /// How many requests came so far.
    public var count: Int { state.count }
    /// How many connections were made so far.
    public var connectionCount: Int { state.connectionCount }

    /// Answers what comes from now on by another closure.
    public func answer(_ answer: @escaping @Sendable (Request) -> Answer) { state.setAnswer(answer) }

    /// Returns once so many requests have come in all.
    ///
    /// - throws: ``Failure`` `requests_missing` when they do not come in time.
    @discardableResult
    public func waitForRequests(_ count: Int, within patience: Duration = .seconds(30)) async throws -> [Request] {
        let isThere = await state.wait(on: channel.eventLoop, within: TimeAmount(patience)) { $0.count >= count }
        guard isThere else {
            throw Failure(
                .internal, code: "requests_missing", "Only \(state.count) of \(count) requests came in time.")
        }
        return state.requests
    }

    /// Returns once so many connections have been closed, by whichever side.
    ///
    /// - throws: ``Failure`` `connections_open` when they are not in time.
    public func waitForClosedConnections(_ count: Int, within patience: Duration = .seconds(30)) async throws {
        let isSo = await state.wait(on: channel.eventLoop, within: TimeAmount(patience)) { $0.closedCount >= count }
        guard isSo else {
            throw Failure(.internal, code: "connections_open", "No \(count) connections were closed in time.")
        }
    }

    /// Listens no more: new connections are refused, those that are open stay.
    public func stopListening() async throws { try await channel.close().get() }
}

extension WebhookReceiver {
    /// What all connections of a receiver share.
    final class State: Sendable {
        struct Notes {
            var answer: @Sendable (Request) -> Answer
            var requests: [Request] = []
            var count = 0
            var connectionCount = 0
            var closedCount = 0
            fileprivate var waiters: [Int: Waiter] = [:]
            fileprivate var nextWaiter = 0

            /// Tells those who wait for what is so now.
            fileprivate mutating func tellWaiters() {
                for (number, waiter) in waiters where waiter.condition(self) {
                    waiters.removeValue(forKey: number)
                    waiter.continuation.resume(returning: true)
                }
            }
        }

        fileprivate struct Waiter {
            let condition: @Sendable (Notes) -> Bool
            let continuation: CheckedContinuation<Bool, Never>
        }

        private let keepsRequests: Bool
        private let notes: Mutex<Notes>

        init(keepsRequests: Bool, answer: @escaping @Sendable (Request) -> Answer) {
            self.keepsRequests = keepsRequests
            notes = Mutex(Notes(answer: answer))
        }

        var requests: [Request] { notes.withLock { $0.requests } }
        var count: Int { notes.withLock { $0.count } }
        var connectionCount: Int { notes.withLock { $0.connectionCount } }

        func setAnswer(_ answer: @escaping @Sendable (Request) -> Answer) { notes.withLock { $0.answer = answer } }

        func connected() { notes.withLock { $0.connectionCount += 1 } }

        func closed() {
            notes.withLock { notes in
                notes.closedCount += 1
                notes.tellWaiters()
            }
        }

        func receive(_ head: HTTPRequestHead, _ body: ByteBuffer) -> Answer {
            let (request, answer) = notes.withLock { notes in
                notes.count += 1
                let request = Request(
                    number: notes.count, method: head.method.rawValue, path: head.uri,
                    headers: head.headers.map { ($0.name, $0.value) }, body: Array(body.readableBytesView),
                    receivedAt: SystemTime().now())
                if keepsRequests { notes.requests.append(request) }
                notes.tellWaiters()
                return (request, notes.answer)
            }
            return answer(request)
        }

        func wait(
            on loop: any EventLoop, within patience: TimeAmount, for condition: @escaping @Sendable (Notes) -> Bool
        ) async -> Bool {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let number: Int? = notes.withLock { notes in
                    if condition(notes) {
                        continuation.resume(returning: true)
                        return nil
                    }
                    notes.nextWaiter += 1
                    notes.waiters[notes.nextWaiter] = Waiter(condition: condition, continuation: continuation)
                    return notes.nextWaiter
                }
                guard let number else { return }
                loop.scheduleTask(in: patience) {
                    self.notes.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(
                        returning: false)
                }
            }
        }
    }
}

/// One connection of a receiver.
private final class ReceiverConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let state: WebhookReceiver.State
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(_ state: WebhookReceiver.State) {
        self.state = state
    }

    func channelActive(context: ChannelHandlerContext) { state.connected() }

    func channelInactive(context: ChannelHandlerContext) { state.closed() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ByteBuffer()
        case .body(var part): body.writeBuffer(&part)
        case .end:
            guard let head else { return }
            let answer = state.receive(head, body)
            guard !answer.isSilent else { return }
            guard answer.delay > .zero else { return give(answer, to: head, context) }
            context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(answer.delay)) {
                self.give(answer, to: head, context)
            }
        }
    }

    /// A client that breaks the protocol or leaves is one that a test has made so.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func give(_ answer: WebhookReceiver.Answer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard !answer.dropsConnection, context.channel.isActive else { return context.close(promise: nil) }
        var headers = HTTPHeaders(answer.headers.map { ($0.name, $0.value) })
        headers.add(name: "content-length", value: String(answer.body.count))
        let status = HTTPResponseStatus(statusCode: answer.status)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        let isLast = !request.isKeepAlive || headers["connection"].contains("close")
        let end = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if isLast { end.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
    }
}
