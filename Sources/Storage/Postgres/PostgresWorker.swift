import Dispatch
import Foundation
import Synchronization

/// A thread with a connection of its own, on which the closures of transactions run one after the other.
final class PostgresWorker: Sendable {
    private struct State {
        var next: PostgresPool.Job?
        var isEnding = false
        var usedAt = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let limits: PostgresPoolLimits
    private let open: @Sendable () throws -> PostgresConnection

    init(limits: PostgresPoolLimits, open: @escaping @Sendable () throws -> PostgresConnection) {
        self.limits = limits
        self.open = open
    }

    /// When it did something last.
    var usedAt: ContinuousClock.Instant { state.withLock { $0.usedAt } }

    /// Starts the thread with its first job.
    func start(_ pool: PostgresPool, with job: @escaping PostgresPool.Job) {
        NamedThread.start("millrace-pg", stackSize: 4 << 20) { [self] in work(pool, job) }
    }

    /// Gives it a job while it has none.
    func assign(_ job: @escaping PostgresPool.Job) {
        state.withLock { $0.next = job }
        wake.signal()
    }

    /// Tells it to end while it has no job.
    func end() {
        state.withLock { $0.isEnding = true }
        wake.signal()
    }

    private func work(_ pool: PostgresPool, _ first: @escaping PostgresPool.Job) {
        var job: PostgresPool.Job? = first
        var connection: PostgresConnection?
        // Connections that were opened together do not end together.
        let lifetime = limits.lifetime * Double.random(in: 0.9...1)
        while let current = job {
            let checked = Result { try usable(connection, lifetime) }
            connection = try? checked.get()
            current(checked)
            if connection?.isBroken == true { connection = nil }
            connection?.usedAt = .now
            state.withLock { $0.usedAt = .now }
            let next = pool.finished(self)
            guard next.isKept else { return }
            job = next.job ?? wait()
        }
    }

    private func wait() -> PostgresPool.Job? {
        wake.wait()
        return state.withLock { state in
            defer { state.next = nil }
            return state.next
        }
    }

    /// The connection, or a new one in place of one that is too old or has died while nobody used it.
    private func usable(_ connection: PostgresConnection?, _ lifetime: Duration) throws -> PostgresConnection {
        guard let connection else { return try open() }
        let now = ContinuousClock.now
        if now - connection.openedAt > lifetime { return try open() }
        if now - connection.usedAt > PostgresPoolLimits.checkedAfter {
            do {
                try connection.run("SELECT 1")
            } catch {
                return try open()
            }
        }
        return connection
    }
}
