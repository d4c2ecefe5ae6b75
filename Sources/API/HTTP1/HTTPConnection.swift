import HTTPTypes
import NIOCore
import NIOHTTP1

/// Gathers the requests of one connection, has them answered, and writes the answers.
///
/// Requests come one at a time: the pipeline handler before it holds the next back until an answer is complete. It
/// lives on the event loop of its connection; only what has to wait is answered elsewhere.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answerer: RequestAnswerer
    private let budget: BodyBudget
    private let isLocal: Bool
    private var state: HTTPConnectionState
    private var request: RoutedRequest?
    private var body = ByteBuffer()
    private var heldBytes = 0
    private var task: Task<Void, Never>?
    private var closesAfterAnswer = false
    private var isInputClosed = false
    private var isStreaming = false
    private var isSending = false
    private var endIsDue = false
    private var timer: (deadline: NIODeadline, scheduled: Scheduled<Void>)?
    private var context: ChannelHandlerContext?

    init(
        _ answerer: RequestAnswerer, budget: BodyBudget, limits: HTTPConnectionState.Limits, isLocal: Bool
    ) {
        self.answerer = answerer
        self.budget = budget
        self.isLocal = isLocal
        state = HTTPConnectionState(limits: limits, now: .now())
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        arm()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.closed(.now())
        timer?.scheduled.cancel()
        timer = nil
        task?.cancel()
        giveBackBody()
        context.fireChannelInactive()
    }

    /// Bytes have arrived, of whatever. The handler before the decoder tells it.
    func bytesArrived() {
        state.bytesArrived(.now())
    }

    /// The server stops: a stream ends. Others are finished, and then the pipeline handler closes the connection.
    func serverStops() {
        if isStreaming { task?.cancel() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let request = answerer.route(RequestHead(head))
            self.request = request
            let length = request.head.headers[.contentLength].flatMap(Int.init)
            perform(state.headArrived(declaredLength: length, bodyLimit: request.bodyLimit, .now()))
        case .body(var part):
            let count = part.readableBytes
            let hasRoom = budget.take(count)
            let action = state.bodyArrived(count, hasRoom: hasRoom, .now())
            if action == .keep {
                heldBytes += count
                if body.readableBytes == 0 { body = part } else { body.writeBuffer(&part) }
            } else {
                if hasRoom { budget.giveBack(count) }
                perform(action)
            }
        case .end:
            if state.requestEnded(.now()) {
                answer()
            } else if task == nil {
                context.close(promise: nil)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        arm()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { endAnswerIfDue() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that closes its side gets the answer to what it asked. Without a whole request there is none, and a
        // stream has no end to wait for.
        if case ChannelEvent.inputClosed = event {
            isInputClosed = true
            if task == nil { context.close(promise: nil) }
            if isStreaming { task?.cancel() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Answers

    private func perform(_ action: HTTPConnectionState.BodyAction) {
        guard case .refuse(let refusal) = action, let request else { return }
        giveBackBody()
        send(answerer.refuse(request, refusal))
    }

    /// Answers a request on the spot if nothing has to be waited for, else from a task.
    ///
    /// Sending an answer delivers the next request of a client that sends several in a row, from within. That one is
    /// answered from a task, or a thousand of them would be as many calls deep.
    private func answer() {
        guard let request else { return }
        if !isSending, let response = answerer.answerAtOnce(request, body: body, isLocal: isLocal) {
            return send(response)
        }
        guard let context else { return }
        let connection = HTTPConnectionReference(self, context.eventLoop)
        let executor = answerer.holdsNothingUp(request, body: body) ? EventLoopTaskExecutor(context.eventLoop) : nil
        task = Task(executorPreference: executor) { [answerer, body, isLocal] in
            let response = await answerer.answer(request, body: body, isLocal: isLocal)
            guard case .stream(let write) = response.body else {
                return connection.perform { $0.send(response) }
            }
            connection.perform { $0.beginStream(response) }
            do {
                try await write(connection)
            } catch is TornStream {
                // The client must not take what it got for the whole.
                return connection.perform { $0.context?.close(promise: nil) }
            } catch {
                // Its end is also that the client leaves, or that the server stops.
            }
            connection.perform { $0.finish() }
        }
    }

    private func send(_ response: OutgoingResponse) {
        isSending = true
        defer { isSending = false }
        sendHead(response)
        if case .bytes(let bytes) = response.body, !bytes.isEmpty {
            context?.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        finish()
    }

    private func beginStream(_ response: OutgoingResponse) {
        isStreaming = true
        if isInputClosed { task?.cancel() }
        sendHead(response)
        context?.flush()
    }

    private func sendHead(_ response: OutgoingResponse) {
        giveBackBody()
        closesAfterAnswer = response.closes
        context?.write(wrapOutboundOut(.head(response.head)), promise: nil)
    }

    /// Writes a part of a stream's body. The future succeeds once the client's side has taken it.
    fileprivate func sendPart(_ bytes: [UInt8]) -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        state.sending(.now())
        arm()
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: promise)
        promise.futureResult.assumeIsolated().whenSuccess { self.state.partTaken(.now()) }
        return promise.futureResult
    }

    /// Ends an answer, at once when the client takes it, else as soon as it does: until then no further request is
    /// read, so a client that reads nothing cannot have answers pile up.
    private func finish() {
        guard let context else { return }
        endIsDue = true
        if !context.channel.isWritable {
            context.flush()
            state.sending(.now())
            arm()
        }
        if context.channel.isWritable { endAnswerIfDue() }
    }

    private func endAnswerIfDue() {
        guard endIsDue, let context else { return }
        endIsDue = false
        isStreaming = false
        task = nil
        request = nil
        state.answerEnded(.now())
        let promise = closesAfterAnswer || isInputClosed ? context.eventLoop.makePromise(of: Void.self) : nil
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
        promise?.futureResult.assumeIsolated().whenComplete { _ in self.closeAfterAnswer() }
        arm()
    }

    /// Closes the connection; of a request that was refused only our side, until the client has had time to read why.
    private func closeAfterAnswer() {
        guard let context else { return }
        if state.isBusy { context.close(mode: .output, promise: nil) } else { context.close(promise: nil) }
    }

    private func giveBackBody() {
        budget.giveBack(heldBytes)
        heldBytes = 0
        body = ByteBuffer()
    }

    // MARK: Deadlines

    /// Sees to it that the timer goes off at the deadline or before. One that goes off early is set again, so that a
    /// fast client costs no timer per request.
    private func arm() {
        guard let deadline = state.deadline, let context else { return }
        if let timer {
            if timer.deadline <= deadline { return }
            timer.scheduled.cancel()
        }
        let scheduled = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }
        timer = (deadline, scheduled)
    }

    private func timerFired() {
        timer = nil
        switch state.timeout(.now()) {
        case .none: arm()
        case .close: context?.close(promise: nil)
        case .refuse(let refusal):
            perform(.refuse(refusal))
            arm()
        }
    }
}

/// A connection as the task that makes an answer knows it.
private struct HTTPConnectionReference: APIStreamWriter {
    private let connection: NIOLoopBound<HTTPConnection>
    private let loop: any EventLoop

    init(_ connection: HTTPConnection, _ loop: any EventLoop) {
        self.connection = NIOLoopBound(connection, eventLoop: loop)
        self.loop = loop
    }

    /// Does something on the event loop of the connection.
    func perform(_ action: @escaping @Sendable (HTTPConnection) -> Void) {
        loop.execute { action(connection.value) }
    }

    func write(_ bytes: [UInt8]) async throws {
        try await loop.flatSubmit {
            connection.value.sendPart(bytes) ?? loop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }.get()
    }
}
