import Core
import Dispatch
import Foundation
import Telemetry

/// The one writer: a thread that runs all waiting writes in one transaction, commits once, and then answers all of
/// them.
///
/// So the cost of a durable commit is shared by as many writers as happen to wait, and nobody is told of success before
/// the disk has it. A write that fails is undone alone (``SavepointPolicy``).
final class SQLiteWriter: Sendable {
    private let queue: BatchQueue<any PendingWrite>
    private let stopped = DispatchSemaphore(value: 0)
    private let connection: SQLiteConnection
    private let checkpointer: SQLiteCheckpointer
    private let commits: CommitCount
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
        queue = BatchQueue(
            limit: queueLimit, batchLimit: batchLimit,
            refusal: .storageBusy("Too many writes wait for a commit (storage.write_queue_limit)."))
        self.timeout = timeout
        self.metrics = metrics
        NamedThread.start("millrace-writer", stackSize: 4 << 20) { [self] in work() }
    }

    /// Runs a closure in the next transaction and returns when it is durable.
    func write<T: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let write = PendingWriteOf(body: body, continuation: continuation)
            if let refusal = queue.append(write) { continuation.resume(throwing: refusal) }
        }
    }

    /// Finishes the writes that wait, takes no more, and ends the thread.
    func close() async {
        stop()
        await stopped.waitForAll()
    }

    /// Tells the thread to end once it has finished the writes that wait.
    func stop() { queue.close() }

    private func work() {
        var policy = SavepointPolicy()
        while let batch = queue.next() { commit(batch, &policy) }
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

    func append(
        _ insertion: Insertion, _ values: [SQLValue], key _: StaticString, _ assigned: @escaping (Int64) -> Void
    ) throws {
        _ = try execute(insertion.statement(values))
        assigned(connection.lastInsertedRow)
    }

    func attempt<T>(within time: Duration, _ body: () throws -> T) throws -> T {
        try attempt {
            let end = connection.deadline
            connection.deadline = min(end, .now + time)
            defer { connection.deadline = end }
            return try body()
        }
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
