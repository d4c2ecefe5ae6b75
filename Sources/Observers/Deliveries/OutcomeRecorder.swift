import ChangeLog
import Core
import Logging
import Storage
import Synchronization

/// Writes down what came of attempts: those that end at the same time share a transaction.
///
/// Statements of the database action run in the transaction that says that they did, so they take effect once.
final class OutcomeRecorder: Sendable {
    /// An attempt that has ended.
    struct Result: Sendable {
        let delivery: Delivery
        let outcome: DeliveryOutcome
        let retry: RetryPolicy
        let onFailure: FailurePolicy
        /// When it ended.
        let at: Timestamp
    }

    private struct Entry {
        let result: Result
        /// Deliveries of the same lane that were read and wait behind this one if it fails.
        let followers: [Delivery]
        let continuation: CheckedContinuation<DeliveryDecision?, Never>
    }

    private struct State {
        var entries: [Entry] = []
        var blocked: [Delivery] = []
        var isClosed = false
    }

    /// How many outcomes one transaction writes at most.
    private static let batchLimit = 500
    private static let shortestPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(5)

    private let log: ChangeLog
    private let partitions: Partitions
    private let statements: NamedStatements
    private let state = Mutex(State())
    private let signal = Signal()
    private let logger: Logger

    init(_ log: ChangeLog, _ partitions: Partitions, _ statements: NamedStatements, logger: Logger) {
        self.log = log
        self.partitions = partitions
        self.statements = statements
        self.logger = logger
    }

    /// Writes down an outcome, and returns once that is durable.
    ///
    /// - returns: what was decided; nil when this instance may not write it down any more, so that the delivery is made
    ///   again by another one.
    func record(_ result: Result, followers: [Delivery] = []) async -> DeliveryDecision? {
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                guard !state.isClosed else { return true }
                state.entries.append(Entry(result: result, followers: followers, continuation: continuation))
                return false
            }
            if isClosed { continuation.resume(returning: nil) } else { signal.fire() }
        }
    }

    /// Notes that deliveries wait behind others that are retrying, as far as that is still so.
    func block(_ deliveries: [Delivery]) {
        state.withLock { $0.blocked += deliveries }
        signal.fire()
    }

    /// Writes until the task is cancelled and nobody waits any more.
    func run() async {
        var pause = Self.shortestPause
        while true {
            let (entries, blocked) = take()
            if entries.isEmpty, blocked.isEmpty {
                guard !Task.isCancelled else { break }
                await signal.wait(atMost: .seconds(60))
                continue
            }
            do {
                let decisions = try await write(entries.map(\.result), entries.flatMap(\.followers) + blocked)
                for (entry, decision) in zip(entries, decisions) {
                    if decision == nil { partitions.lose(entry.result.delivery) }
                    entry.continuation.resume(returning: decision)
                }
                pause = Self.shortestPause
            } catch {
                logger.warning("outcomes of deliveries could not be stored yet", metadata: ["error": "\(error)"])
                state.withLock { state in
                    state.entries = entries + state.entries
                    state.blocked = blocked + state.blocked
                }
                guard !Task.isCancelled else { break }
                await signal.rest(pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
        close()
    }

    private func close() {
        let entries = state.withLock { state in
            state.isClosed = true
            defer { state.entries = [] }
            return state.entries
        }
        for entry in entries { entry.continuation.resume(returning: nil) }
    }

    private func take() -> ([Entry], [Delivery]) {
        state.withLock { state in
            let entries = Array(state.entries.prefix(Self.batchLimit))
            state.entries.removeFirst(entries.count)
            defer { state.blocked = [] }
            return (entries, state.blocked)
        }
    }

    /// Writes down outcomes, but for those of deliveries that are with another instance now.
    private func write(_ results: [Result], _ behind: [Delivery]) async throws -> [DeliveryDecision?] {
        // Chosen before the transaction, which may run more than once.
        let shares = results.map { _ in Double.random(in: 0...1) }
        return try await log.database.write(.readCommitted) { [partitions, statements] transaction in
            let held = try partitions.held(results.map(\.delivery) + behind, in: transaction)
            var decisions: [DeliveryDecision?] = []
            for (result, share) in zip(results, shares) {
                guard held.contains(result.delivery.key),
                    try Self.isOpen(result, in: transaction)
                else {
                    decisions.append(nil)
                    continue
                }
                let decision = try Self.decide(result, share, statements, in: transaction)
                try DeliveryOutcomes.store(decision, of: result, in: transaction)
                decisions.append(decision)
            }
            try DeliveryOutcomes.block(behind.filter { held.contains($0.key) }, in: transaction)
            return decisions
        }
    }

    /// Whether an outcome may take effect. Of a transaction whose answer was lost nobody knows whether it did, so it is
    /// written again; a statement must not run again then.
    private static func isOpen(_ result: Result, in transaction: any WriteTransaction) throws -> Bool {
        guard case .execute = result.outcome else { return true }
        return try transaction.exists(
            """
            SELECT 1 FROM deliveries WHERE \(result.delivery.key.condition)
                AND attempts = \(result.delivery.attempts) AND state IN (0, 1, 2)
            """)
    }

    private static func decide(
        _ result: Result, _ share: Double, _ statements: NamedStatements, in transaction: any WriteTransaction
    ) throws -> DeliveryDecision {
        let attempts = result.delivery.attempts + 1
        let failure: DeliveryFailure
        switch result.outcome {
        case .delivered: return DeliveryDecision(delivered: attempts)
        case .failed(let reason): failure = reason
        case .execute(let name, let parameters):
            do {
                try transaction.attempt { try statements.run(name, parameters, in: transaction) }
                return DeliveryDecision(delivered: attempts)
            } catch let reason as DeliveryFailure {
                failure = reason
            }
        }
        return DeliveryDecision(
            failure, attempts: attempts, retry: result.retry, onFailure: result.onFailure, at: result.at, share: share)
    }
}
