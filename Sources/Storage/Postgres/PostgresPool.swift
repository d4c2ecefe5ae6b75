import Core
import Synchronization
import Telemetry

/// The connections that transactions run on, each with a thread of its own.
///
/// Whoever finds none free waits their turn, and is refused after a while (``PoolStateMachine``).
final class PostgresPool: Sendable {
    /// Work for whoever has a connection, or the reason why there is none.
    typealias Job = @Sendable (Result<PostgresConnection, any Error>) -> Void

    private struct Waiter {
        let job: Job
        let since: ContinuousClock.Instant
    }

    private let state: Mutex<PoolStateMachine<PostgresWorker, Waiter>>
    private let limits: PostgresPoolLimits
    private let metrics: StorageMetrics
    private let open: @Sendable () throws -> PostgresConnection
    private let maintenance = Mutex<Task<Void, Never>?>(nil)

    /// How often late waiters and idle connections are looked for.
    private static let maintenancePeriod = Duration.milliseconds(50)

    init(
        limits: PostgresPoolLimits, metrics: StorageMetrics,
        open: @escaping @Sendable () throws -> PostgresConnection
    ) {
        self.limits = limits
        self.metrics = metrics
        self.open = open
        state = Mutex(PoolStateMachine(limit: limits.maximum, waiterLimit: limits.waiters))
        let task = Task { [weak self] in
            // Cancellation ends the wait, and then the loop.
            while (try? await Task.sleep(for: Self.maintenancePeriod)) != nil { self?.maintain() }
        }
        maintenance.withLock { $0 = task }
        for _ in 0..<limits.minimum { submit { _ in } }
    }

    deinit {
        maintenance.withLock { $0?.cancel() }
    }

    /// Runs a closure with a connection on its thread.
    func run<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            submit { connection in
                continuation.resume(with: Result { try body(connection.get()) })
            }
        }
    }

    /// Runs a job with a connection on its thread, or with the reason why there is none.
    func submit(_ job: @escaping Job) {
        let waiter = Waiter(job: job, since: .now)
        let action = state.withLock { state in
            let action = state.acquire()
            if case .wait = action { state.enqueue(waiter, ticket: state.makeTicket()) }
            return action
        }
        switch action {
        case .use(let worker): worker.assign(job)
        case .open: PostgresWorker(limits: limits, open: open).start(self, with: job)
        case .wait: break
        case .refuse:
            job(.failure(Failure.storageBusy("Too many wait for a connection (storage.read_queue_limit).")))
        case .closed: job(.failure(Failure.storageClosed))
        }
    }

    /// A worker has done its job. Returns the next one; nil when there is none now.
    ///
    /// - returns: `isKept` false tells the worker to end.
    func finished(_ worker: PostgresWorker) -> (job: Job?, isKept: Bool) {
        switch state.withLock({ $0.release(worker) }) {
        case .hand(_, let waiter):
            metrics.poolWait.observe(ContinuousClock.now - waiter.since)
            return (waiter.job, true)
        case .keep: return (nil, true)
        case .close: return (nil, false)
        }
    }

    /// Refuses those who have waited too long, and closes connections that nobody has needed for a while.
    private func maintain() {
        let now = ContinuousClock.now
        let (late, idle) = state.withLock { state in
            let late = state.expire { now - $0.since > limits.acquireTimeout }
            let idle = state.retire(keeping: limits.minimum) { now - $0.usedAt > limits.idleTimeout }
            return (late, idle)
        }
        for waiter in late {
            metrics.poolWait.observe(now - waiter.since)
            waiter.job(.failure(Self.exhausted))
        }
        for worker in idle { worker.end() }
    }

    /// Brings the gauges up to date.
    func measure() {
        let (active, idle, waiting) = state.withLock { ($0.active, $0.idleCount, $0.waiterCount) }
        metrics.activeConnections.set(Double(active))
        metrics.idleConnections.set(Double(idle))
        metrics.waiters.set(Double(waiting))
    }

    /// Gives out nothing more. Jobs that run are finished.
    func close() {
        let (workers, waiters) = state.withLock { $0.close() }
        for waiter in waiters { waiter.job(.failure(Failure.storageClosed)) }
        for worker in workers { worker.end() }
    }

    private static var exhausted: Failure {
        .storageBusy(
            "No connection came free within storage.acquire_timeout; storage.pool_max sets how many there are.")
    }
}

/// How many connections a pool has, and for how long.
struct PostgresPoolLimits: Sendable {
    var minimum: Int
    var maximum: Int
    let waiters: Int
    let acquireTimeout: Duration
    let idleTimeout: Duration
    let lifetime: Duration

    /// A connection that nobody has used for so long is asked whether it still works before it is used.
    static let checkedAfter = Duration.seconds(1)

    init(_ settings: SettingsValues) {
        maximum = settings[StorageSettings.poolMaximum]
        minimum = min(settings[StorageSettings.poolMinimum], maximum)
        waiters = settings[StorageSettings.readQueueLimit]
        acquireTimeout = .milliseconds(settings[StorageSettings.acquireTimeout])
        idleTimeout = .seconds(settings[StorageSettings.idleTimeout])
        lifetime = .seconds(settings[StorageSettings.connectionLifetime])
    }
}
