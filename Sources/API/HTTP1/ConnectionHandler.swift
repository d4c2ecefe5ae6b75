import Core
import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Telemetry

/// The requests of one connection, one after the other: received whole, answered in a task, written back.
///
/// It runs on the connection's event loop. A request costs one task and no asynchronous sequence, which is what keeps a
/// thousand connections even (ARCHITECTURE.md, "Decisions").
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    /// How long a connection may be silent, and how long a request may take to arrive.
    struct Timeouts: Sendable {
        let idle: TimeAmount
        let request: TimeAmount
        /// How long the rest of a refused request is read, so that the client sees why.
        let discarding = TimeAmount.seconds(2)
    }

    private let answerer: RequestAnswerer
    private let timeouts: Timeouts
    private let connections: Gauge
    private var assembly = RequestAssembly()
    private var isLocal = false
    private var isInputClosed = false
    private var isDraining = false
    /// When the connection is closed unless something happens; nil while a request is answered.
    private var deadline: NIODeadline?
    private var isTimerRunning = false
    private var stream: ChannelStreamWriter?

    init(_ answerer: RequestAnswerer, _ timeouts: Timeouts, connections: Gauge) {
        self.answerer = answerer
        self.timeouts = timeouts
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) {
        connections.add(1)
        isLocal = context.channel.remoteAddress?.isLoopback ?? false
        expect(within: timeouts.idle, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        connections.add(-1)
        deadline = nil
        stream?.end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            expect(within: timeouts.request, context)
            let request = answerer.begin(head)
            perform(assembly.begin(request, limit: answerer.bodyLimit(of: request)), context)
        case .body(let part): perform(assembly.append(part), context)
        case .end: perform(assembly.end(), context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isDraining = true
            stream?.end()
        case ChannelEvent.inputClosed:
            // The client may have closed its half after its last request and still wait for the answer.
            isInputClosed = true
            if assembly.isIdle || assembly.isReceiving { context.close(promise: nil) }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The protocol handler before this one has answered what could not be parsed; a broken connection has no
        // answer.
        context.close(promise: nil)
    }

    private func perform(_ action: RequestAssembly.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .wait: break
        case .close: context.close(promise: nil)
        case .answer(let request, let body):
            deadline = nil
            if let response = answerer.answerAtOnce(request, body: body, isLocal: isLocal) {
                return send(response, context)
            }
            let isLocal = isLocal
            respond(context) { [answerer] in await answerer.answer(request, body: body, isLocal: isLocal) }
        case .refuse(let request, let failure):
            expect(within: timeouts.discarding, context)
            send(answerer.refuse(request, failure), context)
        }
    }

    /// Makes a response in a task and sends it from the event loop.
    private func respond(
        _ context: ChannelHandlerContext, _ answer: @escaping @Sendable () async -> OutgoingResponse
    ) {
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        Task {
            let response = await answer()
            loop.execute {
                let (handler, context) = bound.value
                handler.send(response, context)
            }
        }
    }

    private func send(_ response: OutgoingResponse, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        context.write(wrapOutboundOut(.head(response.head)), promise: nil)
        switch response.body {
        case .bytes(let bytes):
            if !bytes.isEmpty {
                context.write(wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: bytes))), promise: nil)
            }
            finish(closing: response.closes, context)
        case .stream(let write):
            context.flush()
            let closes = response.closes
            stream = ChannelStreamWriter(context.channel, writeTimeout: timeouts.idle)
            if isDraining || isInputClosed { stream?.end() }
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            stream?.run(write) {
                let (handler, context) = bound.value
                handler.stream = nil
                if context.channel.isActive { handler.finish(closing: closes, context) }
            }
        }
    }

    private func finish(closing: Bool, _ context: ChannelHandlerContext) {
        let isRefused = assembly.isReceiving
        assembly.answered()
        expect(within: isRefused ? timeouts.discarding : timeouts.idle, context)
        // A refused request whose rest still arrives keeps the connection until its end or its deadline.
        if (closing && !isRefused) || isInputClosed {
            let written = context.eventLoop.makePromise(of: Void.self)
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        } else {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    // MARK: Deadlines

    /// Closes the connection, or refuses the request that is arriving, unless something happens within a time.
    ///
    /// One timer a connection looks at the deadline and goes on to a later one: moving a deadline costs an assignment.
    private func expect(within time: TimeAmount, _ context: ChannelHandlerContext) {
        deadline = .now() + time
        if !isTimerRunning { startTimer(context, after: time) }
    }

    private func startTimer(_ context: ChannelHandlerContext, after time: TimeAmount) {
        isTimerRunning = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: time) {
            let (handler, context) = bound.value
            handler.isTimerRunning = false
            handler.timerFired(context)
        }
    }

    private func timerFired(_ context: ChannelHandlerContext) {
        guard context.channel.isActive, let deadline else { return }
        let rest = deadline - .now()
        guard rest <= .nanoseconds(0) else { return startTimer(context, after: rest) }
        self.deadline = nil
        perform(assembly.expire(), context)
    }
}

extension SocketAddress {
    /// Whether the address is of this machine: 127.0.0.0/8, ::1, or a Unix domain socket.
    var isLoopback: Bool {
        switch self {
        case .unixDomainSocket: true
        default: ipAddress.map { $0.hasPrefix("127.") || $0 == "::1" || $0.hasPrefix("::ffff:127.") } ?? false
        }
    }
}
