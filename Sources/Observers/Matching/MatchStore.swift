import ChangeLog
import Core
import Storage

/// Stores what comes of a batch of changes, with how far the log is matched then: all of it, or nothing.
struct MatchStore: Sendable {
    /// What the batch was made for.
    struct Expectation: Sendable {
        /// Which observers it knows.
        let generation: Int64
        /// Where those observers stood.
        let position: LogPosition
        /// Who goes through the log.
        var reader = MatchReader.together
    }

    /// A statement that failed, or an event that an observer could not be asked about.
    struct Failed: Sendable {
        let delivery: Delivery
        let observer: CompiledObserver
        let action: ActionDefinition
        let decision: DeliveryDecision
        /// How long the statement took; nil where none was run.
        let duration: Duration?
    }

    /// What was stored.
    struct Stored: Sendable {
        /// The statements and refusals that failed.
        var failures: [Failed] = []
        /// How long each of the statements took that ran.
        var statementTimes: [Duration] = []
        /// How long each of the events took that went into the index.
        var indexTimes: [Duration] = []
        /// The actions that have something to deliver.
        var channels: Set<DeliveryChannelKey> = []
    }

    let partitions: Partitions
    let statements: NamedStatements

    /// Stores a batch.
    ///
    /// - parameters:
    ///   - end: how far the log is matched then.
    ///   - defersStatements: whether its statements become deliveries instead of being run at once.
    /// - returns: nil when observers have changed since the batch was made, so that it must be made again.
    func store(
        _ batch: MatchedBatch, _ expected: Expectation, upTo end: LogPosition, defersStatements: Bool = false,
        at now: Timestamp, in transaction: any WriteTransaction
    ) throws -> Stored? {
        let progress = try ObserverProgress.locked(in: transaction)
        guard progress.generation == expected.generation else { return nil }
        try partitions.check([PartitionHolding.matching], in: transaction)
        var stored = Stored()
        try index(batch.entries, &stored, in: transaction)
        try insertRows(batch.rows, in: transaction)
        stored.channels = Set(batch.counts.keys)
        if defersStatements {
            for statement in batch.statements {
                try insertWaiting(statement.delivery, at: now, in: transaction)
                stored.channels.insert(statement.delivery.key.channel)
            }
        } else {
            try run(batch.statements, at: now, &stored, in: transaction)
        }
        for refusal in batch.refusals {
            try record(refusal.failure, refusal.delivery, refusal.observer, nil, at: now, &stored, in: transaction)
        }
        try move(expected, to: end, progress, in: transaction)
        return stored
    }

    /// Puts events into the server's own index.
    private func index(
        _ entries: [EventIndex.Entry], _ stored: inout Stored, in transaction: any WriteTransaction
    ) throws {
        guard !entries.isEmpty else { return }
        let start = ContinuousClock.now
        try EventIndex.store(entries, in: transaction)
        // What is only sent has not taken its time yet.
        if transaction.isRemote { try transaction.settle() }
        stored.indexTimes = Self.parts(of: .now - start, entries.count)
    }

    /// How long each of several took that went together.
    private static func parts(of duration: Duration, _ count: Int) -> [Duration] {
        Array(repeating: duration / count, count: count)
    }

    private func insertRows(_ rows: [SQLValue], in transaction: any WriteTransaction) throws {
        for statement in DeliveryStore.insertion.statements(rows) { try transaction.enqueue(statement) }
    }

    /// Moves the observers that the batch was for, and lets one that has caught up join the others.
    private func move(
        _ expected: Expectation, to end: LogPosition, _ progress: ObserverProgress.State,
        in transaction: any WriteTransaction
    ) throws {
        switch expected.reader {
        case .together:
            guard progress.position == expected.position else { throw Failure.partitionLost }
            try ObserverProgress.advance(to: end, in: transaction)
        case .observer(let observer):
            let own: LogPosition? = end >= progress.position ? nil : end
            let moved = try transaction.execute(
                """
                UPDATE observers SET own_position = \(own)
                WHERE number = \(observer.number) AND own_position = \(expected.position)
                """)
            guard moved == 1 else { throw Failure.partitionLost }
            // It is with the others from now on, which the next batch must know.
            if own == nil { try ObserverProgress.noteChange(in: transaction) }
        case .replay(let replay, _):
            guard try ReplayTable.advance(replay, to: end, in: transaction) else { throw Failure.partitionLost }
        }
    }

    /// Runs the statements of database actions: in this very transaction, so each takes effect once. Where an earlier
    /// event of the action waits to be tried again, the later ones wait with it.
    private func run(
        _ batch: [MatchedBatch.Statement], at now: Timestamp, _ stored: inout Stored,
        in transaction: any WriteTransaction
    ) throws {
        var hasBacklog: [DeliveryChannelKey: Bool] = [:]
        let end = ContinuousClock.now + statements.timeout
        for start in stride(from: 0, to: batch.count, by: Self.togetherLimit) {
            let part = batch[start..<min(start + Self.togetherLimit, batch.count)]
            if ContinuousClock.now < end, try runTogether(part, &hasBacklog, &stored, in: transaction) { continue }
            try runOneByOne(part, until: end, at: now, &hasBacklog, &stored, in: transaction)
        }
    }

    /// How many statements are sent together to a database on another machine.
    private static let togetherLimit = 100

    /// Runs statements together, where each answer would take a round trip and none of them has to wait. Returns false
    /// when that is not so, or one of them failed, so that none took effect.
    private func runTogether(
        _ part: ArraySlice<MatchedBatch.Statement>, _ hasBacklog: inout [DeliveryChannelKey: Bool],
        _ stored: inout Stored, in transaction: any WriteTransaction
    ) throws -> Bool {
        guard transaction.isRemote else { return false }
        for channel in Set(part.map(\.delivery.key.channel)) where hasBacklog[channel] == nil {
            hasBacklog[channel] = try DeliveryStore.hasBacklog(channel, in: transaction)
        }
        guard part.allSatisfy({ hasBacklog[$0.delivery.key.channel] == false }) else { return false }
        let start = ContinuousClock.now
        do {
            try statements.runAll(part.map { ($0.name, $0.parameters) }, in: transaction)
            stored.statementTimes += Self.parts(of: .now - start, part.count)
            return true
        } catch is DeliveryFailure {
            return false
        } catch is ConstraintViolation {
            return false
        } catch is Failure {
            // One by one they show whose it is; a database that is away fails once more.
            return false
        }
    }

    /// Runs statements as long as there is time: others wait for the transaction. The rest become deliveries.
    private func runOneByOne(
        _ part: ArraySlice<MatchedBatch.Statement>, until end: ContinuousClock.Instant, at now: Timestamp,
        _ hasBacklog: inout [DeliveryChannelKey: Bool], _ stored: inout Stored, in transaction: any WriteTransaction
    ) throws {
        for statement in part {
            let channel = statement.delivery.key.channel
            let start = ContinuousClock.now
            let waits =
                try start >= end
                || hasBacklog[channel] ?? DeliveryStore.hasBacklog(channel, in: transaction)
            hasBacklog[channel] = waits
            if waits {
                try insertWaiting(statement.delivery, at: now, in: transaction)
                stored.channels.insert(channel)
                continue
            }
            do {
                try statements.run(statement.name, statement.parameters, in: transaction)
                stored.statementTimes.append(.now - start)
            } catch let failure as DeliveryFailure {
                try record(
                    failure, statement.delivery, statement.observer, .now - start, at: now, &stored, in: transaction)
                hasBacklog[channel] = stored.channels.contains(channel)
            }
        }
    }

    private func record(
        _ failure: DeliveryFailure, _ delivery: Delivery, _ observer: CompiledObserver, _ duration: Duration?,
        at now: Timestamp, _ stored: inout Stored, in transaction: any WriteTransaction
    ) throws {
        let definition = observer.definition
        let decision = DeliveryDecision(
            failure, attempts: 1, retry: definition.retry, onFailure: definition.onFailure, at: now, share: 0.5)
        try insertWaiting(delivery, at: now, in: transaction)
        let result = OutcomeRecorder.Result(
            delivery: delivery, outcome: .failed(failure), retry: definition.retry, onFailure: definition.onFailure,
            at: now)
        try DeliveryOutcomes.store(decision, of: result, in: transaction)
        if let action = definition.actions.first(where: { $0.number == delivery.key.channel.action }) {
            stored.failures.append(
                Failed(
                    delivery: delivery, observer: observer, action: action, decision: decision, duration: duration))
        }
        if decision.state == .retrying { stored.channels.insert(delivery.key.channel) }
    }

    private func insertWaiting(_ delivery: Delivery, at now: Timestamp, in transaction: any WriteTransaction) throws {
        try transaction.enqueue(DeliveryStore.insertion.statement(DeliveryStore.values(of: delivery, at: now)))
    }
}
