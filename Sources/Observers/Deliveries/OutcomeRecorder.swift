import ChangeLog
import Core
import Logging
import Storage
import Synchronization
import Telemetry

/// Writes down what came of attempts: those that end at the same time share a transaction.
///
/// Statements of the database action run in the transaction that says that they did, so they take effect once. One of
/// them that takes long lets the others of its action go with a later transaction.
final class OutcomeRecorder: Sendable {
    /// An attempt that has ended.
    struct Result: Sendable {
        let delivery: Delivery
        var outcome: DeliveryOutcome
        let retry: RetryPolicy
        var onFailure: FailurePolicy
        /// When it ended.
        let at: Timestamp
    }

    private struct Entry {
        let result: Result
        /// Deliveries of the same lane that were read and wait behind this one if it fails.
        let followers: [Delivery]
        let continuation: CheckedContinuation<DeliveryDecision?, Never>
    }

    /// Outcomes that are written down together.
    private struct Batch {
        var entries: [Entry]
        let blocked: [Delivery]

        var isEmpty: Bool { entries.isEmpty && blocked.isEmpty }
        var hasStatements: Bool { entries.contains(where: \.result.isStatement) }
    }

    /// What became of an outcome in a transaction.
    private enum Written: Sendable {
        case decided(DeliveryDecision)
        /// Another instance has the delivery.
        case lost
        /// It goes with a later transaction.
        case postponed

        /// Whether it was a statement that kept the others waiting.
        var isDelay: Bool { if case .decided(let decision) = self { decision.failure?.isDelay == true } else { false } }
    }

    private struct State {
        var entries: [Entry] = []
        /// By their keys: as long as nothing can be written, the same come again and again.
        var blocked: [Delivery.Key: Delivery] = [:]
        var isClosed = false
    }

    /// How many outcomes one transaction writes at most.
    private static let batchLimit = 500
    private static let shortestPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(5)
    /// How long it rests at most after a statement that has kept the only writer of an embedded engine.
    private static let longestRest = Duration.seconds(2)

    private let log: ChangeLog
    private let partitions: Partitions
    private let statements: NamedStatements
    private let state = Mutex(State())
    private let signal = Signal()
    private let refused: Counter
    private let logger: Logger

    init(
        _ log: ChangeLog, _ partitions: Partitions, _ statements: NamedStatements, registry: MetricsRegistry,
        logger: Logger
    ) {
        self.log = log
        self.partitions = partitions
        self.statements = statements
        self.logger = logger
        refused = registry.counter(
            "observer_outcomes_refused_total",
            "Outcomes of deliveries that the database refused, so that they count as failed."
        ).with()
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
        state.withLock { state in
            for var delivery in deliveries {
                delivery.change = nil
                state.blocked[delivery.key] = delivery
            }
        }
        signal.fire()
    }

    /// Writes until the task is cancelled and nobody waits any more.
    func run() async {
        var pause = Self.shortestPause
        while true {
            var batch = take()
            if batch.isEmpty {
                guard !Task.isCancelled else { break }
                await signal.wait(atMost: .seconds(60))
                continue
            }
            do {
                try await store(&batch)
                pause = Self.shortestPause
            } catch {
                logger.warning("outcomes of deliveries could not be stored yet", metadata: ["error": "\(error)"])
                putBack(batch)
                guard !Task.isCancelled else { break }
                // A cancellation ends the rest; what is left is tried once more.
                try? await Task.sleep(for: pause)
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

    private func take() -> Batch {
        state.withLock { state in
            let entries = Array(state.entries.prefix(Self.batchLimit))
            state.entries.removeFirst(entries.count)
            defer { state.blocked = [:] }
            return Batch(entries: entries, blocked: Array(state.blocked.values))
        }
    }

    private func putBack(_ batch: Batch) {
        state.withLock { state in
            state.entries = batch.entries + state.entries
            for delivery in batch.blocked { state.blocked[delivery.key] = delivery }
        }
    }

    // MARK: Writing

    /// Writes down a batch: all of it together, or each outcome by itself when one of them is refused.
    ///
    /// - throws: when the database is away. What is still in the batch then is not written.
    private func store(_ batch: inout Batch) async throws {
        do {
            let behind = batch.entries.flatMap(\.followers) + batch.blocked
            let written = try await write(batch.entries.map(\.result), behind)
            for (entry, written) in zip(batch.entries, written) { settle(entry, written) }
            return
        } catch let error where !Self.isAway(error) || batch.hasStatements {
            logger.warning("outcomes are stored one by one, since one is refused", metadata: ["error": "\(error)"])
        }
        var delayed: Set<DeliveryChannelKey> = []
        while let entry = batch.entries.first {
            let channel = entry.result.delivery.key.channel
            let written = delayed.contains(channel) ? .postponed : try await storeAlone(entry)
            if written.isDelay { delayed.insert(channel) }
            batch.entries.removeFirst()
            settle(entry, written)
        }
        // Others want to write too.
        if !delayed.isEmpty { try await Task.sleep(for: min(statements.timeout, Self.longestRest)) }
        do {
            _ = try await write([], batch.blocked)
        } catch let error where !Self.isAway(error) {
            // They are found behind a failure again when they are read again.
            logger.warning("deliveries could not be noted as blocked", metadata: ["error": "\(error)"])
        }
    }

    /// Writes down one outcome. One that the database refuses is given up: the delivery counts as failed, or as dropped
    /// if its event is refused among the dead letters too.
    ///
    /// A statement may fail as if the database were away, by a server of its own for example. Whether it is away shows
    /// when that is written down.
    private func storeAlone(_ entry: Entry) async throws -> Written {
        do {
            return try await write([entry.result], entry.followers).first ?? .lost
        } catch let error where !Self.isAway(error) || entry.result.mayFail(as: error) {
            let key = entry.result.delivery.key
            refused.increment()
            logger.error(
                "the outcome of a delivery is given up, since the database refuses it",
                metadata: ["event": "\(key.position)", "message": "\(key.messageID)", "error": "\(error)"])
            let failure = entry.result.failure(becauseOf: error, statements)
            do {
                return try await write([entry.result.failing(failure)], entry.followers).first ?? .lost
            } catch let error where !Self.isAway(error) {
                return try await write([entry.result.dropped(failure)], entry.followers).first ?? .lost
            }
        }
    }

    private func settle(_ entry: Entry, _ written: Written) {
        switch written {
        case .decided(let decision): entry.continuation.resume(returning: decision)
        case .lost:
            partitions.lose(entry.result.delivery)
            entry.continuation.resume(returning: nil)
        // Whoever stops leaves it to whoever goes on.
        case .postponed where Task.isCancelled: entry.continuation.resume(returning: nil)
        case .postponed: state.withLock { $0.entries.append(entry) }
        }
    }

    /// Whether nothing at all can be written down at the moment, in place of one outcome that is refused.
    private static func isAway(_ error: any Error) -> Bool {
        if error is CancellationError { return true }
        let kind = (error as? Failure)?.kind
        return kind == .unavailable || kind == .timeout
    }

    /// Writes down outcomes, but for those of deliveries that are with another instance now.
    private func write(_ results: [Result], _ behind: [Delivery]) async throws -> [Written] {
        // Chosen before the transaction, which may run more than once.
        let shares = results.map { _ in Double.random(in: 0...1) }
        return try await log.database.write(.readCommitted) { [partitions, statements] transaction in
            let held = try partitions.held(results.map(\.delivery) + behind, in: transaction)
            var all: [Written] = []
            var delayed: Set<DeliveryChannelKey> = []
            let end = ContinuousClock.now + statements.timeout
            for (result, share) in zip(results, shares) {
                let channel = result.delivery.key.channel
                guard held.contains(result.delivery.key), try Self.isOpen(result, in: transaction) else {
                    all.append(.lost)
                    continue
                }
                // All outcomes of the transaction wait for a statement.
                if result.isStatement, delayed.contains(channel) || ContinuousClock.now > end {
                    all.append(.postponed)
                    continue
                }
                let decision = try Self.decide(result, share, statements, in: transaction)
                try DeliveryOutcomes.store(decision, of: result, in: transaction)
                all.append(.decided(decision))
                if decision.failure?.isDelay == true { delayed.insert(channel) }
            }
            // Those behind a statement that was postponed are still behind it.
            try DeliveryOutcomes.block(behind.filter { held.contains($0.key) }, in: transaction)
            return all
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
        case .unwanted: return DeliveryDecision(unwanted: attempts)
        case .failed(let reason): failure = reason
        case .index:
            if let change = result.delivery.change {
                try EventIndex.store([EventIndex.Entry(change)], in: transaction)
            }
            return DeliveryDecision(delivered: attempts)
        case .execute(let name, let parameters):
            do {
                try statements.run(name, parameters, in: transaction)
                return DeliveryDecision(delivered: attempts)
            } catch let reason as DeliveryFailure {
                failure = reason
            }
        }
        return DeliveryDecision(
            failure, attempts: attempts, retry: result.retry, onFailure: result.onFailure, at: result.at, share: share)
    }
}

extension OutcomeRecorder.Result {
    /// Whether a statement runs in the transaction that says so.
    fileprivate var isStatement: Bool { if case .execute = outcome { true } else { false } }

    /// Whether it may be its statement that fails so, and not the database. Of a commit without an answer nobody knows
    /// whether the statement took effect.
    fileprivate func mayFail(as error: any Error) -> Bool {
        isStatement && !(error is CancellationError) && (error as? Failure)?.code != "storage_outcome_unknown"
    }

    /// Why the delivery counts as failed though its outcome may be another. A statement that ran in vain may run again;
    /// what has arrived somewhere is not sent again and again because that cannot be written down.
    fileprivate func failure(becauseOf error: any Error, _ statements: NamedStatements) -> DeliveryFailure {
        if case .execute(let name, _) = outcome {
            guard let failure = error as? Failure, failure.code == "statement_timeout" else {
                return DeliveryFailure(error)
            }
            return statements.tookTooLong(name, retryAfter: failure.retryAfter)
        }
        return DeliveryFailure(
            reason: "outcome_refused", message: "The outcome could not be stored: \(error)", isPermanent: true)
    }

    fileprivate func failing(_ failure: DeliveryFailure) -> Self {
        var result = self
        result.outcome = .failed(failure)
        return result
    }

    fileprivate func dropped(_ failure: DeliveryFailure) -> Self {
        var failure = failure
        failure.isPermanent = true
        var result = failing(failure)
        result.onFailure = .drop
        return result
    }
}
