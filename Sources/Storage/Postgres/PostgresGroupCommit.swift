import Core
import Synchronization
import Telemetry

/// Writes that wait at the same time, in few transactions: each runs one after the other what has gathered, commits
/// once, and then answers all (group commit).
///
/// So a commit is shared by many, and what a write sends last goes along with the first question of the next one. All
/// of a batch hold their locks until its end; a batch that gets into the way of another, or of which a statement fails,
/// is undone, and each of its writes then runs alone (``Undone``).
final class PostgresGroupCommit: Sendable {
    /// The batch of a write is undone through no fault of the write: it is to run in a transaction of its own.
    struct Undone: Error {}

    private struct State {
        var waiting: [any PendingWrite] = []
        /// How many batches run or wait for a connection.
        var running = 0
        var savepoints = SavepointPolicy()
        var contention: ContentionPolicy

        /// The writes that have waited longest.
        mutating func take(_ limit: Int) -> [any PendingWrite] {
            let batch = Array(waiting.prefix(limit))
            waiting.removeFirst(batch.count)
            return batch
        }

        mutating func committed() {
            savepoints.committed()
            contention.committed()
        }
    }

    /// How long a batch waits for a lock. Two batches may hold what the other one wants, in whatever order.
    static let lockTimeout = Duration.milliseconds(100)

    private let state: Mutex<State>
    private let pool: PostgresPool
    private let options: PostgresOptions
    private let metrics: StorageMetrics
    private let queueLimit: Int

    init(_ pool: PostgresPool, _ options: PostgresOptions, _ settings: SettingsValues, _ metrics: StorageMetrics) {
        self.pool = pool
        self.options = options
        self.metrics = metrics
        queueLimit = settings[StorageSettings.writeQueueLimit]
        state = Mutex(State(contention: ContentionPolicy(maximum: settings[StorageSettings.groupCommits])))
    }

    /// Runs a closure in the next batch and returns when it is durable.
    ///
    /// - throws: ``Undone``, what the closure throws, or a ``Failure`` of the engine.
    func write<T: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let write = PendingWriteOf(body: body, continuation: continuation)
            let (isTaken, starts) = state.withLock { state in
                guard state.waiting.count < queueLimit else { return (false, false) }
                state.waiting.append(write)
                guard state.running < state.contention.limit else { return (true, false) }
                state.running += 1
                return (true, true)
            }
            if !isTaken {
                write.finish(Failure.storageBusy("Too many writes wait for a commit (storage.write_queue_limit)."))
            }
            if starts { start() }
        }
    }

    /// Commits a batch as soon as a connection is free, and so on while writes wait.
    private func start() {
        pool.submit { [self] connection in
            do {
                let connection = try connection.get()
                let (batch, usesSavepoints) = state.withLock { state in
                    (state.take(state.contention.batchLimit), state.savepoints.usesSavepoints)
                }
                if !batch.isEmpty { commit(batch, usesSavepoints: usesSavepoints, on: connection) }
            } catch {
                for write in state.withLock({ $0.take(.max) }) { write.finish(error) }
            }
            let goesOn = state.withLock { state in
                let goesOn = !state.waiting.isEmpty && state.running <= state.contention.limit
                if !goesOn { state.running -= 1 }
                return goesOn
            }
            // At the end of the line, so that others who wait for a connection have their turn.
            if goesOn { start() }
        }
    }

    private func commit(_ batch: [any PendingWrite], usesSavepoints: Bool, on connection: PostgresConnection) {
        switch attempt(batch, usesSavepoints: usesSavepoints, on: connection) {
        case .committed: state.withLock { $0.committed() }
        case .undone(let isContended): if isContended { state.withLock { $0.contention.gaveUp() } }
        case .needsSavepoints:
            state.withLock { $0.savepoints.neededSavepoints() }
            commit(batch, usesSavepoints: true, on: connection)
        }
    }

    /// What came of running a batch.
    private enum Outcome {
        /// Each write is answered.
        case committed
        /// Nothing was done, and each write is told to run alone.
        case undone(isContended: Bool)
        /// Nothing was done and nobody answered: a write failed that cannot be undone alone.
        case needsSavepoints
    }

    /// Runs writes in one transaction and answers them.
    private func attempt(
        _ batch: [any PendingWrite], usesSavepoints: Bool, on connection: PostgresConnection
    ) -> Outcome {
        let exchange = PostgresExchange(connection)
        do {
            try begin(exchange)
            var failures: [(any Error)?] = []
            var actions: [@Sendable () -> Void] = []
            let deferred = usesSavepoints ? nil : DeferredInsertions()
            let batch = usesSavepoints || batch.count == 1 ? batch.map { ($0, nil) } : try lookAhead(batch, exchange)
            for (number, (write, ahead)) in batch.enumerated() {
                let transaction = PostgresWriteTransaction(
                    exchange, usesSavepoint: usesSavepoints, deferred: deferred, ahead: ahead,
                    changedAhead: Set(batch[(number + 1)...].compactMap { $0.1?.changedTable }))
                failures.append(try perform(write, in: transaction))
                actions += transaction.actionsAfterCommit
            }
            try deferred?.send(through: exchange)
            let start = ContinuousClock.now
            try exchange.end("COMMIT")
            metrics.commitDuration.observe(ContinuousClock.now - start)
            metrics.batchSize.observe(Double(batch.count))
            for action in actions { action() }
            for ((write, _), failure) in zip(batch, failures) { write.finish(failure) }
            return .committed
        } catch  where error is SavepointNeeded || (exchange.failure is ConstraintViolation && !usesSavepoints) {
            exchange.undoAll()
            return .needsSavepoints
        } catch {
            let mayBeDone = exchange.hasSentEnd && connection.isBroken
            exchange.undoAll()
            metrics.retries.increment()
            for write in batch { write.finish(mayBeDone ? Failure.outcomeUnknown : Undone()) }
            return .undone(isContended: !connection.isBroken)
        }
    }

    private func begin(_ exchange: PostgresExchange) throws {
        for sql in options.beginning("READ COMMITTED") { try exchange.enqueue(sql) }
        try exchange.enqueue(SQL(trusted: "SET LOCAL lock_timeout = \(Int(Self.lockTimeout / .milliseconds(1)))"))
    }

    /// Asks what the writes announce, round by round, so that a batch costs as many round trips as the write of it that
    /// asks most often, and not as many as all of them together.
    ///
    /// - returns: the writes with their answers, in the order in which what they announced took effect. A write that
    ///   has changed something ahead is asked no further, so there is such an order.
    private func lookAhead(
        _ batch: [any PendingWrite], _ exchange: PostgresExchange
    ) throws -> [(any PendingWrite, AnswersAhead?)] {
        var asking = batch.map { (write: $0, answers: AnswersAhead()) }
        var ready: [(any PendingWrite, AnswersAhead?)] = []
        while !asking.isEmpty {
            var next: [(write: any PendingWrite, answers: AnswersAhead)] = []
            for (write, answers) in asking {
                let questions = questions(of: write, after: answers)
                for question in questions { try exchange.enqueue(question) { answers.add(question, $0) } }
                let isLast = questions.isEmpty || questions.contains { StatementTables.of($0).changed != nil }
                if isLast { ready.append((write, answers)) } else { next.append((write, answers)) }
            }
            asking = next
            try exchange.settle()
        }
        return ready
    }

    private func questions(of write: any PendingWrite, after answers: AnswersAhead) -> [SQL] {
        let ahead = LookAhead(answers)
        do {
            try write.run(in: ahead)
        } catch {
            // Whatever it is, it counts only when the write runs for good.
        }
        return ahead.questions
    }

    /// Runs one write and undoes it alone when it fails by itself. Returns its failure.
    ///
    /// - throws: when the transaction as a whole is lost.
    private func perform(
        _ write: any PendingWrite, in transaction: PostgresWriteTransaction
    ) throws -> (any Error)? {
        do {
            try write.run(in: transaction)
            try transaction.keep()
            return nil
        } catch {
            try transaction.undo(after: error)
            return error
        }
    }
}
