import Core
import Synchronization
import Telemetry

/// The connections that serve reads.
///
/// A read runs on the thread that asks for it as soon as a connection is free: handing it to another thread and back
/// costs ten times as much as the read itself (ARCHITECTURE.md, "Decisions").
final class SQLiteReaders: Sendable {
    /// Somebody who waits. They get a connection, or nil when they are to open one.
    private typealias Waiter = CheckedContinuation<SQLiteConnection?, any Error>

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
        case .use(let connection): return connection
        case .open: return try openInPlace()
        case .refuse: throw Self.tooManyWait
        case .closed: throw Failure.storageClosed
        case .wait:
            if let connection = try await wait() { return connection }
            return try openInPlace()
        }
    }

    /// A connection that is free or can be opened now; nil when one would have to be waited for.
    func acquireAtOnce() throws -> SQLiteConnection? {
        switch state.withLock({ $0.acquire() }) {
        case .use(let connection): return connection
        case .open: return try openInPlace()
        case .refuse, .closed, .wait: return nil
        }
    }

    /// Takes back a connection, for the next who wants one unless it could not end its transaction.
    func release(_ connection: SQLiteConnection) {
        guard !connection.isInTransaction || connection.snapshot != nil else {
            state.withLock { $0.discard() }?.resume(returning: nil)
            return
        }
        switch state.withLock({ $0.release(connection) }) {
        case .hand(let connection, let waiter): waiter.resume(returning: connection)
        case .keep, .close: break
        }
    }

    /// Ends the snapshots that connections have kept since their last read, because a checkpoint cannot go past them.
    func endIdleSnapshots() {
        for connection in state.withLock({ $0.takeIdle() }) {
            // A connection that cannot end its snapshot is not used again.
            try? connection.endSnapshot()
            release(connection)
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

    private func openInPlace() throws -> SQLiteConnection {
        do {
            return try open()
        } catch {
            state.withLock { $0.discard() }?.resume(returning: nil)
            throw error
        }
    }

    private func wait() async throws -> SQLiteConnection? {
        let start = ContinuousClock.now
        defer { metrics.poolWait.observe(ContinuousClock.now - start) }
        let deadline = start + acquireTimeout
        let ticket = state.withLock { $0.makeTicket() }
        let timer = Task { [self] in
            try await Task.sleep(until: deadline, clock: .continuous)
            expire(ticket)
        }
        defer { timer.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            enqueue(continuation, ticket)
            // A timer that ran out before the waiter stood in the queue did not find it.
            if ContinuousClock.now >= deadline { expire(ticket) }
        }
    }

    /// Puts a waiter in the queue, unless what it waits for has come since it was told to wait.
    private func enqueue(_ waiter: Waiter, _ ticket: Int) {
        let action = state.withLock { state in
            let action = state.acquire()
            if case .wait = action { state.enqueue(waiter, ticket: ticket) }
            return action
        }
        switch action {
        case .wait: break
        case .use(let connection): waiter.resume(returning: connection)
        case .open: waiter.resume(returning: nil)
        case .refuse: waiter.resume(throwing: Self.tooManyWait)
        case .closed: waiter.resume(throwing: Failure.storageClosed)
        }
    }

    private func expire(_ ticket: Int) {
        let waiter = state.withLock { $0.expire(ticket) }
        waiter?.resume(
            throwing: Failure.storageBusy(
                "No connection came free within storage.acquire_timeout; storage.readers sets how many there are."))
    }

    private static var tooManyWait: Failure {
        .storageBusy("Too many reads wait for a connection (storage.read_queue_limit).")
    }
}
