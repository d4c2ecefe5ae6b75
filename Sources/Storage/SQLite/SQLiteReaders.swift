import Core
import Synchronization
import Telemetry

/// The connections that serve reads.
///
/// A read runs on the thread that asks for it as soon as a connection is free: handing it to another thread and back
/// costs ten times as much as the read itself (ARCHITECTURE.md, "Decisions").
final class SQLiteReaders: Sendable {
    private typealias Waiter = CheckedContinuation<SQLiteConnection, any Error>

    private let state: Mutex<PoolStateMachine<SQLiteConnection, Waiter>>
    private let open: @Sendable () throws -> SQLiteConnection
    private let acquireTimeout: Duration
    private let metrics: StorageMetrics

    init(
        limit: Int, waiterLimit: Int, acquireTimeout: Duration, metrics: StorageMetrics,
        open: @escaping @Sendable () throws -> SQLiteConnection
    ) {
        state = Mutex(PoolStateMachine(limit: limit, waiterLimit: waiterLimit))
        self.open = open
        self.acquireTimeout = acquireTimeout
        self.metrics = metrics
    }

    /// A connection, which must be given back by ``release(_:)``.
    func acquire() async throws -> SQLiteConnection {
        switch state.withLock({ $0.acquire() }) {
        case .use(let connection):
            return connection
        case .open:
            return try openCounted()
        case .refuse:
            throw Failure.storageBusy("Too many reads wait for a connection (storage.read_queue_limit).")
        case .wait:
            return try await wait()
        }
    }

    /// A connection that is free or can be opened now; nil when one would have to be waited for.
    func acquireAtOnce() throws -> SQLiteConnection? {
        switch state.withLock({ $0.acquire() }) {
        case .use(let connection): return connection
        case .open: return try openCounted()
        case .refuse, .wait: return nil
        }
    }

    private func openCounted() throws -> SQLiteConnection {
        do {
            return try open()
        } catch {
            state.withLock { $0.discard() }
            throw error
        }
    }

    func release(_ connection: SQLiteConnection) {
        switch state.withLock({ $0.release(connection) }) {
        case .hand(let connection, let waiter): waiter.resume(returning: connection)
        case .keep, .close: break
        }
    }

    func close() {
        let (_, waiters) = state.withLock { $0.close() }
        for waiter in waiters { waiter.resume(throwing: Failure.storageClosed) }
    }

    /// Brings the gauges up to date.
    func measure() {
        let (active, idle) = state.withLock { ($0.active, $0.idleCount) }
        metrics.activeConnections.set(Double(active))
        metrics.idleConnections.set(Double(idle))
    }

    private func wait() async throws -> SQLiteConnection {
        let start = ContinuousClock.now
        defer { metrics.poolWait.observe(ContinuousClock.now - start) }
        return try await withCheckedThrowingContinuation { continuation in
            let ticket = state.withLock { state -> Int? in
                // A connection may have come back since we were told to wait.
                switch state.acquire() {
                case .use(let connection):
                    continuation.resume(returning: connection)
                    return nil
                case .open, .refuse:
                    continuation.resume(throwing: Failure.storageBusy("The reads are being closed."))
                    return nil
                case .wait:
                    return state.enqueue(continuation)
                }
            }
            guard let ticket else { return }
            Task { [self] in
                try await Task.sleep(for: acquireTimeout)
                let expired = state.withLock { $0.expire(ticket) }
                expired?.resume(
                    throwing: Failure.storageBusy(
                        "No connection came free within storage.acquire_timeout; storage.readers sets how many there "
                            + "are."
                    ))
            }
        }
    }
}
