import Core
import NIOCore
import NIOPosix

/// One connection to one server: commands go out together, replies come back in their order.
///
/// It lives on its event loop. Commands may be sent from the start; they wait for the connection to be made as they
/// wait for their replies, until their deadline. Once it is closed it stays so.
final class RedisConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What is asked of a connection.
    struct Options {
        /// How long a server may be silent before it is taken for gone.
        var silence = RedisConnection.patience
        /// What a reply may take.
        var replies = RESPParser.Limits()
    }

    /// How long it may take to be made, and how long a server may be silent that has nothing long to do.
    static let patience = TimeAmount.seconds(1)

    /// Why no more commands are taken, once that is so.
    private(set) var failure: Failure?
    private let address: RedisAddress
    private let loop: any EventLoop
    private let onClose: (_ wasOpen: Bool) -> Void
    private var context: ChannelHandlerContext?
    private let silence: TimeAmount
    private var parser: RESPParser
    private var incoming = ByteBuffer()
    private var outgoing = ByteBuffer()
    private var flushIsDue = false
    private var replies = ReplyQueue<EventLoopPromise<RESPValue>>()
    private var timer: (deadline: NIODeadline, scheduled: Scheduled<Void>)?

    /// Begins to connect.
    ///
    /// - parameter onClose: is told once, when no more commands are taken.
    init(
        to address: RedisAddress, login: RedisURL.Login?, database: Int, _ options: Options = Options(),
        on loop: any EventLoop, onClose: @escaping (_ wasOpen: Bool) -> Void
    ) {
        silence = options.silence
        parser = RESPParser(limits: options.replies)
        self.address = address
        self.loop = loop
        self.onClose = onClose
        if let login {
            let command =
                login.user.map { RedisCommand("auth", $0, login.password) } ?? RedisCommand("auth", login.password)
            sendFirst(command)
        }
        if database != 0 { sendFirst(RedisCommand("select", String(database))) }
        connect()
    }

    /// Sends a command. The future fails with a ``Failure`` at the deadline or when the connection is closed.
    func send(_ command: RedisCommand, deadline: NIODeadline) -> EventLoopFuture<RESPValue> {
        if let failure { return loop.makeFailedFuture(failure) }
        let promise = loop.makePromise(of: RESPValue.self)
        let isTaken = replies.add(
            promise, bytes: command.bytes.readableBytes, at: .now(), deadline: deadline)
        guard isTaken else {
            promise.fail(Failure.redisOverloaded(address.description))
            return promise.futureResult
        }
        outgoing.writeImmutableBuffer(command.bytes)
        flushSoon()
        arm(deadline)
        return promise.futureResult
    }

    /// Closes it. Everybody who waits is told why.
    func close(_ failure: Failure) {
        guard self.failure == nil else { return }
        self.failure = failure
        timer?.scheduled.cancel()
        timer = nil
        let wasOpen = context != nil
        context?.close(promise: nil)
        context = nil
        outgoing.clear()
        for waiter in replies.takeAll() { waiter.fail(failure) }
        onClose(wasOpen)
    }

    // MARK: The channel

    private func connect() {
        let handler = NIOLoopBound(self, eventLoop: loop)
        ClientBootstrap(group: loop)
            .connectTimeout(Self.patience)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .connect(host: address.host, port: address.port)
            .assumeIsolated()
            .whenFailure { self.close(.redisUnavailable(self.address.description, "\($0)", cause: $0)) }
    }

    func channelActive(context: ChannelHandlerContext) {
        // It was given up while it was being made.
        guard failure == nil else { return context.close(promise: nil) }
        self.context = context
        flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(.redisUnavailable(address.description, "it closed the connection"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.redisUnavailable(address.description, "\(error)", cause: error))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        if incoming.readableBytes == 0 { incoming = part } else { incoming.writeBuffer(&part) }
        do {
            while failure == nil, let reply = try parser.next(&incoming) {
                switch replies.replied() {
                case .waiter(let waiter): waiter.succeed(reply)
                case .gone: break
                case .nobody: throw Failure.redisProtocol("it answers what nobody asked")
                }
            }
        } catch {
            close(error as? Failure ?? .redisProtocol("\(error)"))
        }
    }

    /// Sends what a server wants to know before anything else. If it refuses, there is no use in going on.
    private func sendFirst(_ command: RedisCommand) {
        send(command, deadline: .now() + Self.patience).assumeIsolated().whenSuccess { reply in
            if case .error(let text) = reply { self.close(.redisRefused(text)) }
        }
    }

    /// All commands of one turn of the event loop go out in one write.
    private func flushSoon() {
        guard !flushIsDue else { return }
        flushIsDue = true
        loop.assumeIsolated().execute {
            self.flushIsDue = false
            self.flush()
        }
    }

    private func flush() {
        guard let context, outgoing.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
        outgoing = ByteBuffer()
    }

    // MARK: Deadlines

    private func arm(_ deadline: NIODeadline) {
        if let timer {
            if timer.deadline <= deadline { return }
            timer.scheduled.cancel()
        }
        timer = (deadline, loop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() })
    }

    private func timerFired() {
        timer = nil
        let now = NIODeadline.now()
        for waiter in replies.takeExpired(at: now) { waiter.fail(Failure.redisTimeout(address.description)) }
        guard let silentSince = replies.silentSince else { return }
        if now - silentSince >= silence {
            close(.redisUnavailable(address.description, "it has not answered for too long"))
        } else {
            arm(min(replies.nextDeadline ?? .distantFuture, silentSince + silence))
        }
    }
}
