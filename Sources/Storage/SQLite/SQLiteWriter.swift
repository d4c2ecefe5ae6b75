import Core
import Dispatch
import Foundation
import Synchronization
import Telemetry

/// The one writer: a thread that runs all waiting writes in one transaction, commits once, and then answers all of
/// them.
///
/// So the cost of a durable commit is shared by as many writers as happen to wait, and nobody is told of success before
/// the disk has it. A write that fails is undone alone (``SavepointPolicy``).
final class SQLiteWriter: Sendable {
    private struct State {
        var waiting: [any PendingWrite] = []
        var isAsleep = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let stopped = DispatchSemaphore(value: 0)
    private let connection: SQLiteConnection
    private let checkpointer: SQLiteCheckpointer
    private let commits: CommitCount
    private let queueLimit: Int
    private let batchLimit: Int
    private let timeout: Duration
    private let metrics: StorageMetrics

    init(
        connection: SQLiteConnection, checkpointer: SQLiteCheckpointer, commits: CommitCount, queueLimit: Int,
        batchLimit: Int, timeout: Duration, metrics: StorageMetrics
    ) {
        self.connection = connection
        self.checkpointer = checkpointer
        self.commits = commits
        connection.watchLog()
        self.queueLimit = queueLimit
        self.batchLimit = batchLimit
        self.timeout = timeout
        self.metrics = metrics
        let thread = Thread { [self] in work() }
        thread.name = "millrace-writer"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Runs a closure in the next transaction and returns when it is durable.
    func write<T: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let write = PendingWriteOf(body: body, continuation: continuation)
            let (refusal, wakes) = state.withLock { state -> (Failure?, Bool) in
                if state.isClosed { return (.storageClosed, false) }
                guard state.waiting.count < queueLimit else {
                    return (.storageBusy("Too many writes wait for a commit (storage.write_queue_limit)."), false)
                }
                state.waiting.append(write)
                let wakes = state.isAsleep
                state.isAsleep = false
                return (nil, wakes)
            }
            if let refusal { continuation.resume(throwing: refusal) }
            if wakes { wake.signal() }
        }
    }

    /// Finishes the writes that wait, takes no more, and ends the thread.
    func close() async {
        stop()
        await stopped.waitForAll()
    }

    /// Tells the thread to end once it has finished the writes that wait.
    func stop() {
        let wakes = state.withLock { state in
            state.isClosed = true
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if wakes { wake.signal() }
    }

    private func work() {
        var policy = SavepointPolicy()
        while true {
            let (batch, isOver) = state.withLock { state -> ([any PendingWrite], Bool) in
                if state.waiting.isEmpty {
                    state.isAsleep = !state.isClosed
                    return ([], state.isClosed)
                }
                let batch = Array(state.waiting.prefix(batchLimit))
                state.waiting.removeFirst(batch.count)
                return (batch, false)
            }
            if isOver { break }
            if batch.isEmpty { wake.wait() } else { commit(batch, &policy) }
        }
        stopped.signal()
    }

    /// Runs a batch and answers each of its writes.
    private func commit(_ batch: [any PendingWrite], _ policy: inout SavepointPolicy) {
        var rest = batch
        while !rest.isEmpty {
            switch attempt(rest, usesSavepoints: policy.usesSavepoints) {
            case .answered:
                policy.committed()
                return
            case .needsSavepoints: policy.neededSavepoints()
            case .lost(let culprit): rest.remove(at: culprit)
            }
        }
    }

    /// What came of running a batch.
    private enum Outcome {
        /// Each write is answered.
        case answered
        /// Nothing was done and nobody answered: a write failed that cannot be undone alone.
        case needsSavepoints
        /// This one took so long that the transaction was lost. It alone is answered, and the others are to run again.
        case lost(Int)
    }

    /// Runs writes in one transaction and answers them.
    private func attempt(_ batch: [any PendingWrite], usesSavepoints: Bool) -> Outcome {
        let transaction = SQLiteWriteTransaction(connection, usesSavepoints: usesSavepoints)
        var failures: [(any Error)?] = []
        do {
            connection.allow(timeout)
            _ = try connection.execute("BEGIN IMMEDIATE")
            for write in batch {
                connection.allow(timeout)
                failures.append(try transaction.perform(write))
            }
            let start = ContinuousClock.now
            connection.allow(.seconds(3600))
            _ = try connection.execute("COMMIT")
            commits.increment()
            metrics.commitDuration.observe(ContinuousClock.now - start)
            metrics.batchSize.observe(Double(batch.count))
            for action in transaction.actionsAfterCommit { action() }
            for (write, failure) in zip(batch, failures) { write.finish(failure) }
            if checkpointer.committed(pages: connection.logPages) { checkpointer.copyLog(through: connection) }
        } catch is SavepointNeeded {
            connection.allow(.seconds(60))
            // When it cannot be undone now, the next attempt cannot begin, and tells everybody.
            try? connection.command("ROLLBACK")
            return .needsSavepoints
        } catch {
            // When it cannot be undone now, the next transaction cannot begin, and this is tried again after it.
            if connection.isInTransaction { try? connection.command("ROLLBACK") }
            let culprit = failures.count
            if culprit < batch.count, (error as? Failure)?.code == Failure.statementTimeout.code {
                batch[culprit].finish(error)
                return .lost(culprit)
            }
            // The disk has failed: nobody's changes stand, and each is told why.
            for write in batch { write.finish(error) }
        }
        return .answered
    }
}

/// A write that waits for its turn.
private protocol PendingWrite: Sendable {
    /// Runs the closure and keeps its result.
    func run(in transaction: any WriteTransaction) throws
    /// Tells the caller of the failure, or of the result when there is none.
    func finish(_ failure: (any Error)?)
}

/// A write with the type of its result.
///
/// The writer's thread alone touches `result`, between ``run(in:)`` and ``finish(_:)``.
private final class PendingWriteOf<T: Sendable>: PendingWrite, @unchecked Sendable {
    private let body: @Sendable (any WriteTransaction) throws -> T
    private let continuation: CheckedContinuation<T, any Error>
    private var result: T?

    init(body: @escaping @Sendable (any WriteTransaction) throws -> T, continuation: CheckedContinuation<T, any Error>)
    {
        self.body = body
        self.continuation = continuation
    }

    func run(in transaction: any WriteTransaction) throws {
        result = try body(transaction)
    }

    func finish(_ failure: (any Error)?) {
        if let failure {
            continuation.resume(throwing: failure)
        } else if let result {
            continuation.resume(returning: result)
        } else {
            continuation.resume(throwing: Failure.internal("A write was answered before it ran."))
        }
    }
}

/// A write failed after it had changed something, and has no savepoint to go back to.
private struct SavepointNeeded: Error {}

/// The transaction that a batch of writes shares.
private final class SQLiteWriteTransaction: WriteTransaction {
    private let connection: SQLiteConnection
    private let usesSavepoints: Bool
    /// Whether the write that runs may have changed something.
    private var hasChanged = false
    private(set) var actionsAfterCommit: [@Sendable () -> Void] = []

    init(_ connection: SQLiteConnection, usesSavepoints: Bool) {
        self.connection = connection
        self.usesSavepoints = usesSavepoints
    }

    /// Runs one write and undoes it alone when it fails. Returns its failure.
    ///
    /// - throws: when the transaction as a whole is lost.
    func perform(_ write: any PendingWrite) throws -> (any Error)? {
        let actions = actionsAfterCommit.count
        hasChanged = false
        do {
            try write.run(in: self)
            if hasChanged, usesSavepoints { _ = try connection.execute("RELEASE one_write") }
            return nil
        } catch {
            guard connection.isInTransaction else { throw error }
            actionsAfterCommit.removeSubrange(actions...)
            if hasChanged {
                guard usesSavepoints else { throw SavepointNeeded() }
                connection.allow(.seconds(60))
                try connection.command("ROLLBACK TO one_write; RELEASE one_write")
            }
            return error
        }
    }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Bool) throws {
        try prepareChange(by: sql)
        try connection.run(sql, body)
    }

    func execute(_ sql: SQL) throws -> Int {
        try prepareChange(by: sql)
        return try connection.execute(sql)
    }

    func append(_ insertion: SQL, key _: StaticString, _ assigned: @escaping (Int64) -> Void) throws {
        _ = try execute(insertion)
        assigned(connection.lastInsertedRow)
    }

    func afterCommit(_ body: @escaping @Sendable () -> Void) {
        actionsAfterCommit.append(body)
    }

    /// A write that only looks leaves nothing to undo, so a savepoint opens before its first statement that may change
    /// something.
    private func prepareChange(by sql: SQL) throws {
        // A closure that goes on after such a failure would commit each of its further statements by itself.
        guard connection.isInTransaction else {
            throw Failure.internal("The transaction was lost by an earlier statement of it.")
        }
        guard !hasChanged, !sql.text.hasPrefix("SELECT") else { return }
        if usesSavepoints { _ = try connection.execute("SAVEPOINT one_write") }
        hasChanged = true
    }
}
