import Core
import Foundation
import Telemetry

/// Runs the closure of a write in a transaction, and again when it lost against others.
struct PostgresWriting {
    /// How often a transaction is tried that keeps losing.
    static let attemptLimit = 40
    /// How often a transaction is tried beside all others before it waits for its turn.
    static let freeAttempts = 3

    private let options: PostgresOptions
    private let metrics: StorageMetrics

    init(_ options: PostgresOptions, _ metrics: StorageMetrics) {
        self.options = options
        self.metrics = metrics
    }

    /// - throws: what the closure throws, ``Failure`` `storage_contended`, `storage_outcome_unknown`, or others of the
    ///   engine.
    func run<T>(
        _ isolation: Isolation, _ body: (any WriteTransaction) throws -> T, on connection: PostgresConnection
    ) throws -> T {
        var attempt = 1
        while true {
            do {
                return try once(isolation, inTurn: attempt > Self.freeAttempts, body, on: connection)
            } catch let conflict as TransactionConflict {
                metrics.retries.increment()
                guard attempt < Self.attemptLimit else { throw Failure.storageContended(conflict.message) }
                // At random and longer each time, so that those who met do not meet again (full jitter).
                Thread.sleep(forTimeInterval: .random(in: 0...(0.0005 * Double(1 << min(attempt, 6)))))
                attempt += 1
            }
        }
    }

    /// Lets a transaction run while no other one does that has lost as often: those who keep undoing each other take
    /// turns. It comes before the transaction's snapshot, which must not be older than its turn, and the lock of a
    /// table ends with the transaction, so nobody who is gone keeps it. Who reads or writes the table does not notice.
    private static let turn: SQL = "LOCK TABLE schema_migrations IN SHARE UPDATE EXCLUSIVE MODE"

    private func once<T>(
        _ isolation: Isolation, inTurn isInTurn: Bool, _ body: (any WriteTransaction) throws -> T,
        on connection: PostgresConnection
    ) throws -> T {
        let exchange = PostgresExchange(connection)
        let transaction = PostgresWriteTransaction(exchange)
        do {
            for sql in options.beginning(isolation.level) { try exchange.enqueue(sql) }
            if isInTurn { try exchange.enqueue(Self.turn) }
            let value = try body(transaction)
            let start = ContinuousClock.now
            try exchange.end("COMMIT")
            metrics.commitDuration.observe(ContinuousClock.now - start)
            for action in transaction.actionsAfterCommit { action() }
            return value
        } catch {
            let mayBeDone = exchange.hasSentEnd && connection.isBroken
            exchange.undoAll()
            // A statement that lost tells so even if the closure made another failure of it.
            if let lost = exchange.failure as? TransactionConflict { throw lost }
            throw mayBeDone ? Failure.outcomeUnknown : error
        }
    }
}

extension Isolation {
    fileprivate var level: String {
        switch self {
        case .serializable: "SERIALIZABLE"
        case .readCommitted, .groupCommit: "READ COMMITTED"
        }
    }
}
