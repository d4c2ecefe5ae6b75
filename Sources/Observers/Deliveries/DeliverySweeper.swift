import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Forgets what was done long ago and what belongs to observers and actions that there are no more, and says which
/// changes of the log are still needed.
final class DeliverySweeper: Service {
    /// The name under which the log keeps changes for observers.
    static let followerName = "observers"
    /// How often it looks.
    private static let interval = Duration.seconds(10)
    /// How many rows one transaction deletes.
    private static let batchLimit = 1_000

    private let log: ChangeLog
    private let partitions: Partitions
    private let retention: Int64
    private let swept: Counter
    private let metrics: ObserverMetrics
    private let logger: Logger

    init(
        _ log: ChangeLog, _ partitions: Partitions, settings: SettingsValues, registry: MetricsRegistry,
        metrics: ObserverMetrics, logger: Logger
    ) {
        self.log = log
        self.partitions = partitions
        self.metrics = metrics
        self.logger = logger
        retention = Int64(settings[ObserversSettings.retention]) * 3_600
        swept = registry.counter(
            "observer_deliveries_swept_total", "Deliveries that were done long ago and are forgotten."
        ).with()
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                do {
                    try await count()
                    if partitions.matches { try await pass() }
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("old deliveries were not swept", metadata: ["error": "\(error)"])
                }
                // A cancellation ends the loop at its head.
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Goes through all observers once.
    func pass() async throws {
        // The database says which there are: one that was just made is known to it, and need not be to a catalogue.
        let observers = try await log.database.read { try Observers.all(in: $0) }
        try await keepLog()
        try await dropRemoved(observers)
        try await sweep(before: log.time.now().advanced(bySeconds: -retention))
        try await sweepOrphans()
        try await sweepIndex()
    }

    /// Removes from the index what the log has forgotten.
    private func sweepIndex() async throws {
        let oldest = try await log.database.read { transaction in
            (try EventIndex.first(in: transaction), try ChangeLog.start(in: transaction))
        }
        guard let first = oldest.0, first <= oldest.1 else { return }
        repeat {
            try Task.checkCancellation()
        } while try await log.database.write(.readCommitted, { try EventIndex.forget(upTo: oldest.1, in: $0) })
    }

    /// Says from where on the log is needed: by those who have not matched it, and by what is not delivered.
    private func keepLog() async throws {
        let (needed, kept) = try await log.database.read { transaction -> (LogPosition?, LogPosition?) in
            let kept = try ChangeLog.followers(in: transaction).first { $0.name == Self.followerName }?.position
            let observers = try Observers.all(in: transaction)
            guard !observers.isEmpty else { return (nil, kept) }
            let channels = observers.flatMap { observer in
                observer.definition.actions.map { DeliveryChannelKey(observer: observer.number, action: $0.number) }
            }
            let shared = try ObserverProgress.position(in: transaction)
            let own = observers.compactMap(\.ownPosition)
            let replays = try ReplayTable.open(in: transaction).map(\.position)
            let first = try DeliveryStore.firstNeeded(by: channels, in: transaction).map { LogPosition($0.value - 1) }
            return (([shared] + own + replays + (first.map { [$0] } ?? [])).min(), kept)
        }
        // A server where nothing happens has nothing to write.
        guard needed != kept else { return }
        if let needed {
            try await log.keepChanges(after: needed, for: Self.followerName)
        } else {
            try await log.forgetFollower(Self.followerName)
        }
    }

    /// Forgets what was done before a moment, of whichever observer and action.
    private func sweep(before cutoff: Timestamp) async throws {
        // The states stand in the text, not in parameters, so that the engines use the index of just these rows.
        let count = try await change { transaction in
            try transaction.rows(
                """
                SELECT observer, action, position, replay FROM deliveries
                WHERE state IN (3, 5) AND updated_at < \(cutoff) ORDER BY updated_at LIMIT \(Self.batchLimit)
                """, Delivery.Key.init)
        } by: { key, transaction in
            try transaction.enqueue("DELETE FROM deliveries WHERE \(key.condition)")
        }
        swept.increment(by: count)
    }

    /// Gives up what was still to be delivered by actions that their observers do not have any more. No other action
    /// ever gets their numbers. A dead letter that was to be retried has nobody to deliver it either.
    private func dropRemoved(_ observers: [Observer]) async throws {
        let failure = DeliveryFailure(
            reason: "action_removed", message: "The observer does not have the action any more.")
        let now = log.time.now()
        for channel in observers.flatMap(\.removedChannels) {
            try await change { transaction in
                try DeliveryStore.open(channel, limit: Self.batchLimit, in: transaction)
            } by: { key, transaction in
                try transaction.enqueue(
                    """
                    UPDATE deliveries SET state = \(Delivery.State.dropped.rawValue), updated_at = \(now),
                        failure = \(failure.json)
                    WHERE \(key.condition) AND state IN (0, 1, 2)
                    """)
                try transaction.enqueue("DELETE FROM dead_letters WHERE \(key.condition) AND retried = 1")
            }
        }
    }

    /// Removes what belongs to observers that there are no more.
    private func sweepOrphans() async throws {
        let orphans = try await log.database.read { transaction in
            try transaction.rows(
                """
                SELECT DISTINCT observer FROM observer_versions v
                WHERE NOT EXISTS (SELECT 1 FROM observers o WHERE o.number = v.observer)
                """
            ) { $0.integer(0) }
        }
        for number in orphans {
            try await change { transaction in
                try transaction.rows(
                    """
                    SELECT observer, action, position, replay FROM deliveries WHERE observer = \(number)
                    LIMIT \(Self.batchLimit)
                    """, Delivery.Key.init)
            } by: { key, transaction in
                try transaction.enqueue("DELETE FROM deliveries WHERE \(key.condition)")
            }
            _ = try await log.database.write(.readCommitted) { transaction in
                try transaction.execute("DELETE FROM dead_letters WHERE observer = \(number)")
                try transaction.execute("UPDATE observer_replays SET done = 1 WHERE observer = \(number)")
                try transaction.execute("DELETE FROM observer_versions WHERE observer = \(number)")
            }
        }
    }

    /// Changes the deliveries that a query finds, one batch in a transaction, until it finds no more. Where there are
    /// none, nothing is written.
    ///
    /// - returns: how many there were.
    @discardableResult
    private func change(
        _ find: @escaping @Sendable (any ReadTransaction) throws -> [Delivery.Key],
        by statement: @escaping @Sendable (Delivery.Key, any WriteTransaction) throws -> Void
    ) async throws -> Int {
        var count = 0
        while true {
            try Task.checkCancellation()
            let keys = try await log.database.read(find)
            guard !keys.isEmpty else { return count }
            _ = try await log.database.write(.readCommitted) { transaction in
                for key in keys { try statement(key, transaction) }
            }
            count += keys.count
        }
    }

    /// Counts what waits and what failed for good.
    private func count() async throws {
        let summary = try await log.database.read { try ObserverSummary(in: $0) }
        metrics.deadLetters.set(Double(summary.deadLetters))
        metrics.pending.set(Double(summary.pendingDeliveries))
        metrics.paused.set(Double(summary.counts[.paused] ?? 0))
    }
}

extension Observer {
    /// The actions that it had once and has no more.
    fileprivate var removedChannels: [DeliveryChannelKey] {
        let numbers = Set(definition.actions.map(\.number))
        return (0..<definition.nextActionNumber).filter { !numbers.contains($0) }.map {
            DeliveryChannelKey(observer: number, action: $0)
        }
    }
}
