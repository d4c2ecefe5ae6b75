import Core
import NIOCore

/// One client: a connection that is made anew when it is lost, and the flow that it runs through. It lives on the event
/// loop of its generator.
final class LoadClient {
    /// What it does.
    private enum State {
        case connecting
        case free
        case waiting(sentAt: Int64)
        case pausing
        case closed
    }

    /// The flow that it runs through.
    private struct Work {
        let flow: Int
        var step = 0
        var iteration: Iteration
        /// When the next request is to be sent, in nanoseconds of the system's clock.
        var dueAt: Int64
    }

    private unowned let generator: LoadGenerator
    private var state = State.connecting
    private var work: Work?
    private var channel: (any Channel)?
    private var reader = AnswerReader()
    private var failedConnects = 0

    /// How long is waited after a connection could not be made.
    private static let reconnectPause = TimeAmount.milliseconds(100)

    init(_ generator: LoadGenerator) { self.generator = generator }

    /// Whether it is in the middle of a flow.
    var isWorking: Bool { work != nil }

    // MARK: Work

    /// Runs through a flow whose first request was to be sent at a time.
    func begin(_ flow: Int, _ iteration: Iteration, dueAt: Int64) {
        work = Work(flow: flow, iteration: iteration, dueAt: dueAt)
        goOn()
    }

    /// Gives up a request whose answer takes too long.
    func checkTimeout(now: Int64, timeout: Int64) {
        guard case .waiting(let sentAt) = state, now - sentAt >= timeout else { return }
        fail("no answer in time", now: now)
        reconnect()
    }

    /// Ends it for good.
    func close(now: Int64) {
        if case .waiting = state { fail("no answer before the end", now: now) }
        state = .closed
        work = nil
        closeConnection()
    }

    /// Closes its connection, whose end is not looked at any more.
    private func closeConnection() {
        let closed = channel
        channel = nil
        closed?.close(promise: nil)
    }

    private func goOn() {
        guard var work, channel != nil else { return }
        let steps = generator.scenario.flows[work.flow].steps
        guard work.step < steps.count else { return finish() }
        guard work.dueAt <= LoadGenerator.now() else { return pause(until: work.dueAt) }
        switch steps[work.step] {
        case .pause(let duration):
            work.step += 1
            work.dueAt += duration.nanoseconds
            self.work = work
            pause(until: work.dueAt)
        case .request(let request):
            let bytes = generator.bytes(of: request, work.flow, work.step, &work.iteration)
            self.work = work
            send(bytes, request)
        }
    }

    private func pause(until time: Int64) {
        state = .pausing
        generator.loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(UInt64(time))) {
            guard case .pausing = self.state else { return }
            self.goOn()
        }
    }

    private func send(_ bytes: ByteBuffer, _ request: RequestTemplate) {
        reader.begin(keepingBody: request.needsBody, isHead: request.isHead)
        state = .waiting(sentAt: LoadGenerator.now())
        channel?.writeAndFlush(bytes, promise: nil)
    }

    private func finish() {
        work = nil
        state = .free
        generator.clientIsFree(self)
    }

    // MARK: Answers

    func take(_ bytes: ByteBuffer, from source: any Channel) {
        guard source === channel else { return }
        guard case .waiting(let sentAt) = state else { return reconnect() }
        handle(bytes.withUnsafeReadableBytes { reader.take($0) }, sentAt)
    }

    func connectionEnded(_ source: any Channel) {
        guard source === channel else { return }
        channel = nil
        guard case .waiting(let sentAt) = state else { return reconnect() }
        handle(reader.end(), sentAt)
    }

    private func handle(_ step: AnswerReader.Step, _ sentAt: Int64) {
        let now = LoadGenerator.now()
        switch step {
        case .readOn: return
        case .broken(let reason):
            fail(reason, now: now)
            reconnect()
        case .done(let status, let stays):
            let isRight = judge(status, sentAt: sentAt, now: now)
            if !isRight { work = nil }
            guard stays, channel != nil else { return reconnect() }
            state = .free
            if isRight { goOn() } else { finish() }
        }
    }

    /// Counts an answer, and takes from it what later steps use. Returns whether it is right.
    private func judge(_ status: Int, sentAt: Int64, now: Int64) -> Bool {
        guard var work, case .request(let request) = generator.scenario.flows[work.flow].steps[work.step] else {
            return false
        }
        let json = request.needsBody ? try? JSONParser.parse(reader.body) : nil
        var reason: String?
        if request.checks.isEmpty {
            reason = status < 400 ? nil : "status \(status)"
        } else {
            let time = Duration.nanoseconds(now - sentAt)
            let failed = request.checks.first {
                !$0.holds(status: status, body: reader.body, json: json, time: time)
            }
            reason = failed.map { if case .status = $0 { "status \(status)" } else { "check: \($0.text)" } }
        }
        for saving in request.savings where reason == nil {
            guard let value = json?.value(at: saving.pointer) else {
                reason = "the answer has nothing at \(saving.pointer)"
                break
            }
            work.iteration.saved[saving.index] = value.plainText
        }
        generator.record(
            work.flow, work.step, reason.map { .failed($0) } ?? .right, dueAt: work.dueAt, sentAt: sentAt, now: now,
            bytes: reader.byteCount)
        work.step += 1
        work.dueAt = now
        self.work = work
        return reason == nil
    }

    private func fail(_ reason: String, now: Int64) {
        guard let work, case .waiting(let sentAt) = state else { return }
        generator.record(
            work.flow, work.step, .failed(reason), dueAt: work.dueAt, sentAt: sentAt, now: now, bytes: 0)
        self.work = nil
    }

    // MARK: The connection

    /// Makes the first connection.
    func connect() {
        state = .connecting
        generator.connect(self).assumeIsolated().whenComplete { result in
            guard case .connecting = self.state else {
                if case .success(let channel) = result { channel.close(promise: nil) }
                return
            }
            switch result {
            case .success(let channel):
                self.channel = channel
                self.failedConnects = 0
                self.state = .free
                if self.work == nil { self.generator.clientIsConnected(self) } else { self.goOn() }
            case .failure(let error):
                self.failedConnects += 1
                self.generator.connectFailed(error)
                self.generator.loop.assumeIsolated().scheduleTask(in: Self.reconnectPause) {
                    if case .connecting = self.state { self.connect() }
                }
            }
        }
    }

    private func reconnect() {
        if case .closed = state { return }
        closeConnection()
        generator.noteReconnect()
        connect()
    }
}

extension Duration {
    /// The length in nanoseconds, as far as they go.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue + attoseconds / 1_000_000_000
    }
}

/// Hands what comes over a connection to its client.
final class LoadClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: LoadClient

    init(_ client: LoadClient) { self.client = client }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        client.take(unwrapInboundIn(data), from: context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) { client.connectionEnded(context.channel) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
