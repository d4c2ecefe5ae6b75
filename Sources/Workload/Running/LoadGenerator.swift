import Core
import DequeModule
import NIOCore
import NIOPosix
import NIOSSL

/// Sends the part of a load that one event loop has.
///
/// In an open loop arrivals wait for a connection that is free, and their latency begins when they were due: what a
/// server that stands still does to those who would have come meanwhile is counted (Gil Tene, "How NOT to Measure
/// Latency", on coordinated omission).
final class LoadGenerator {
    let scenario: Scenario
    let loop: any EventLoop
    private let target: LoadTarget
    private let index: Int
    private let count: Int
    private let series: IntervalSeries
    /// Has what was seen when the run is over.
    let ended: EventLoopPromise<Recorder>

    private var clients: [LoadClient] = []
    private var free: [LoadClient] = []
    private var waiting: Deque<Int64> = []
    private var arrivals: ArrivalSchedule
    private var upcoming: Int64?
    private let clientSchedule: ClientSchedule
    private var recorder: Recorder
    private let picker: FlowPicker
    private var random: SplitMix64
    private var iterationCount = 0
    /// The bytes of the steps whose requests are always the same.
    private var constants: [[ByteBuffer?]] = []
    private let requestIndexes: [[Int]]
    /// When the measured part of the run begins, on the system's clock.
    private var origin: Int64 = 0
    private var isRunning = false
    private var ready: EventLoopPromise<Void>?
    private var connectFailureCount = 0

    /// How many arrivals may wait for a connection; those beyond are counted as failed.
    static let waitingLimit = 1_000_000
    /// How often times are looked at: those of answers, of seconds, and of clients.
    private static let tick = TimeAmount.milliseconds(20)

    init(
        _ scenario: Scenario, _ target: LoadTarget, index: Int, of count: Int, on loop: any EventLoop,
        series: IntervalSeries
    ) {
        self.scenario = scenario
        self.target = target
        self.index = index
        self.count = count
        self.loop = loop
        self.series = series
        ended = loop.makePromise()
        arrivals = ArrivalSchedule(scenario.load, generator: index, of: count)
        clientSchedule = ClientSchedule(scenario.load, generator: index, of: count)
        let names = scenario.requestNames
        recorder = Recorder(requestCount: names.count)
        requestIndexes = scenario.flows.map { flow in
            flow.steps.map { if case .request(let request) = $0 { names.firstIndex(of: request.name) ?? 0 } else { 0 } }
        }
        constants = scenario.flows.map { $0.steps.map { _ in nil } }
        picker = FlowPicker(scenario.flows)
        random = SplitMix64(seed: scenario.load.seed &+ UInt64(index) &* 7_919)
    }

    static func now() -> Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

    // MARK: Beginning and end

    /// Makes the connections. The future succeeds when all of them stand, or some after a while.
    ///
    /// - throws: ``Failure`` `target_unreachable` into the future when none can be made.
    func connectAll() -> EventLoopFuture<Void> {
        let load = scenario.load
        let wanted = load.mode == .open ? load.connections : Int(load.peak.rounded(.up))
        let promise = loop.makePromise(of: Void.self)
        ready = promise
        clients = (0..<clientSchedule.share(of: wanted)).map { _ in LoadClient(self) }
        for client in clients { client.connect() }
        loop.assumeIsolated().scheduleTask(in: LoadTarget.connectTimeout) {
            if self.free.isEmpty {
                promise.fail(Failure.targetUnreachable(self.scenario.server, "it does not answer"))
            } else {
                promise.succeed()
            }
        }
        return promise.futureResult
    }

    /// Begins to send.
    ///
    /// - parameter origin: when the measured part begins.
    func start(origin: Int64) {
        self.origin = origin
        isRunning = true
        switch scenario.load.mode {
        case .open:
            upcoming = arrivals.next()
            arrive()
            tickLater()
        case .closed:
            let begin = origin - scenario.load.warmUp.nanoseconds
            loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(UInt64(begin))) {
                self.startClients()
                self.tickLater()
            }
        }
    }

    private func tickLater() {
        loop.assumeIsolated().scheduleTask(in: Self.tick) {
            if self.isRunning { self.onTick() }
        }
    }

    private func onTick() {
        tickLater()
        let now = Self.now()
        let timeout = scenario.load.timeout.nanoseconds
        for client in clients { client.checkTimeout(now: now, timeout: timeout) }
        endInterval(now)
        if scenario.load.mode == .closed { startClients() }
        endIfDone(now)
    }

    private func endInterval(_ now: Int64) {
        let second = Int((now - origin) / 1_000_000_000)
        guard now >= origin, second > recorder.interval.second else { return }
        let ended = recorder.endInterval(beginning: second)
        series.take(ended)
    }

    private func endIfDone(_ now: Int64) {
        let length = scenario.load.duration.nanoseconds
        guard isRunning, now - origin >= length || isExhausted else { return }
        let isOver = now - origin >= length + scenario.load.timeout.nanoseconds
        guard isOver || (upcoming == nil && waiting.isEmpty && !clients.contains { $0.isWorking }) else { return }
        isRunning = false
        for client in clients { client.close(now: now) }
        for dueAt in waiting {
            record(0, 0, .failed("never sent: no connection was free"), dueAt: dueAt, sentAt: nil, now: now, bytes: 0)
        }
        series.take(recorder.endInterval(beginning: recorder.interval.second + 1))
        ended.succeed(recorder)
    }

    /// Ends at once.
    func cancel(_ error: any Error) {
        isRunning = false
        for client in clients { client.close(now: Self.now()) }
        ended.fail(error)
    }

    // MARK: Arrivals and clients

    /// Takes the arrivals that are due, and waits for the next.
    private func arrive() {
        guard isRunning else { return }
        let now = Self.now()
        while let due = upcoming.map({ $0 + origin }), due <= now {
            upcoming = arrivals.next()
            if due >= origin { recorder.recordArrival() }
            if let client = free.popLast() {
                if due >= origin { recorder.recordLateness(now - due) }
                begin(client, dueAt: due)
            } else if waiting.count < Self.waitingLimit {
                waiting.append(due)
            } else {
                recorder.recordDrop()
            }
        }
        guard let upcoming else { return }
        loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(UInt64(upcoming + origin))) { self.arrive() }
    }

    /// Whether no flow is begun any more, since all that were wanted are.
    private var isExhausted: Bool {
        scenario.load.iterations.map { iterationCount * count + index >= $0 } ?? false
    }

    private func startClients() {
        guard isRunning, !isExhausted, let wanted = clientSchedule.clients(at: Self.now() - origin) else { return }
        while !free.isEmpty, !isExhausted, clients.count - free.count < wanted {
            if let client = free.popLast() { begin(client, dueAt: Self.now()) }
        }
    }

    func clientIsConnected(_ client: LoadClient) {
        clientIsFree(client)
        if free.count == clients.count { ready?.succeed() }
    }

    func clientIsFree(_ client: LoadClient) {
        guard isRunning else { return free.append(client) }
        switch scenario.load.mode {
        case .open:
            if let due = waiting.popFirst() { begin(client, dueAt: due) } else { free.append(client) }
        case .closed:
            let now = Self.now()
            guard !isExhausted, let wanted = clientSchedule.clients(at: now - origin),
                clients.count - free.count <= wanted
            else {
                return free.append(client)
            }
            if now >= origin { recorder.recordArrival() }
            begin(client, dueAt: now)
        }
    }

    private func begin(_ client: LoadClient, dueAt: Int64) {
        let number = iterationCount * count + index
        iterationCount += 1
        let flow = picker.pick(using: &random)
        let rows = scenario.data.map { set in
            set.order == .sequential ? number % set.rows.count : Int.random(in: 0..<set.rows.count, using: &random)
        }
        let iteration = Iteration(
            number: number, startedAt: SystemTime().now(), rows: rows,
            saved: Array(repeating: "", count: scenario.flows[flow].savedCount), random: SplitMix64(seed: random.next())
        )
        client.begin(flow, iteration, dueAt: dueAt)
    }

    // MARK: For the clients

    func bytes(of request: RequestTemplate, _ flow: Int, _ step: Int, _ iteration: inout Iteration) -> ByteBuffer {
        if let known = constants[flow][step] { return known }
        let bytes = render(request, &iteration)
        if request.isConstant { constants[flow][step] = bytes }
        return bytes
    }

    private func render(_ request: RequestTemplate, _ iteration: inout Iteration) -> ByteBuffer {
        ByteBuffer(
            bytes: request.render(
                &iteration, scenario.data, authority: target.authority, basePath: target.basePath))
    }

    /// Counts a request, unless it belongs to what comes before the run.
    func record(
        _ flow: Int, _ step: Int, _ outcome: Recorder.Outcome, dueAt: Int64, sentAt: Int64?, now: Int64, bytes: Int
    ) {
        guard dueAt >= origin else { return }
        recorder.record(
            requestIndexes[flow][step], outcome, latency: now - dueAt, serviceTime: sentAt.map { now - $0 }, now: now,
            bytes: bytes)
    }

    func noteReconnect() { recorder.recordReconnect() }

    func connectFailed(_ error: any Error) {
        connectFailureCount += 1
        guard free.isEmpty, connectFailureCount >= clients.count else { return }
        ready?.fail(Failure.targetUnreachable(scenario.server, "\(error)"))
    }

    /// A connection for a client.
    func connect(_ client: LoadClient) -> EventLoopFuture<any Channel> {
        let client = NIOLoopBound(client, eventLoop: loop)
        return target.connect(on: loop) { LoadClientHandler(client.value) }
    }
}

/// Draws flows by their weights.
struct FlowPicker {
    private let bounds: [Double]

    init(_ flows: [Flow]) {
        var sum = 0.0
        bounds = flows.map { flow in
            sum += flow.weight
            return sum
        }
    }

    func pick(using random: inout SplitMix64) -> Int {
        guard bounds.count > 1, let sum = bounds.last else { return 0 }
        let place = Double.random(in: 0..<sum, using: &random)
        return bounds.firstIndex { place < $0 } ?? bounds.count - 1
    }
}
