import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Forgets what was done long ago, what belongs to observers that there are no more, and says which changes of the log
/// are still needed.
final class DeliverySweeper: Service {
    /// The name under which the log keeps changes for observers.
    static let followerName = "observers"
    /// How often it looks.
    private static let interval = Duration.seconds(10)
    /// How many rows one transaction deletes.
    private static let batchLimit = 1_000

    private let log: ChangeLog
    private let catalog: ObserverCatalog
    private let partitions: Partitions
    private let retention: Int64
    private let swept: Counter
    private let metrics: ObserverMetrics
    private let logger: Logger

    init(
        _ log: ChangeLog, _ catalog: ObserverCatalog, _ partitions: Partitions, settings: SettingsValues,
        registry: MetricsRegistry, metrics: ObserverMetrics, logger: Logger
    ) {
        self.log = log
        self.catalog = catalog
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
        let observers = try await catalog.refresh().observers
        try await keepLog()
        let cutoff = log.time.now().advanced(bySeconds: -retention)
        for observer in observers {
            for action in 0..<max(observer.definition.nextActionNumber, 1) {
                try await sweep(DeliveryChannelKey(observer: observer.number, action: action), before: cutoff)
            }
        }
        try await sweepOrphans()
    }

    /// Says from where on the log is needed: by those who have not matched it, and by what is not delivered.
    private func keepLog() async throws {
        let needed = try await log.database.read { transaction -> LogPosition? in
            let observers = try Observers.all(in: transaction)
            guard !observers.isEmpty else { return nil }
            let channels = observers.flatMap { observer in
                observer.definition.actions.map { DeliveryChannelKey(observer: observer.number, action: $0.number) }
            }
            let shared = try ObserverProgress.position(in: transaction)
            let own = observers.compactMap(\.ownPosition)
            let replays = try ReplayTable.open(in: transaction).map(\.position)
            let first = try DeliveryStore.firstNeeded(by: channels, in: transaction).map { LogPosition($0.value - 1) }
            return ([shared] + own + replays + (first.map { [$0] } ?? [])).min()
        }
        if let needed {
            try await log.keepChanges(after: needed, for: Self.followerName)
        } else {
            try await log.forgetFollower(Self.followerName)
        }
    }

    private func sweep(_ channel: DeliveryChannelKey, before cutoff: Timestamp) async throws {
        var count = Self.batchLimit
        while count == Self.batchLimit {
            count = try await log.database.write(.readCommitted) { transaction in
                let keys = try transaction.rows(
                    """
                    SELECT position, replay FROM deliveries WHERE observer = \(channel.observer)
                        AND action = \(channel.action) AND state IN (3, 5) AND updated_at < \(cutoff)
                    ORDER BY position LIMIT \(Self.batchLimit)
                    """
                ) { Delivery.Key(channel: channel, position: $0.position(0), replay: $0.integer(1)) }
                for key in keys { try transaction.enqueue("DELETE FROM deliveries WHERE \(key.condition)") }
                return keys.count
            }
            swept.increment(by: count)
        }
    }

    /// Removes what belongs to observers that there are no more. The database says which: one that was just made is
    /// known to it, and need not be to the catalogue.
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
            var count = Self.batchLimit
            while count == Self.batchLimit {
                count = try await log.database.write(.readCommitted) { transaction in
                    let keys = try transaction.rows(
                        """
                        SELECT action, position, replay FROM deliveries WHERE observer = \(number)
                        LIMIT \(Self.batchLimit)
                        """
                    ) { row in
                        Delivery.Key(
                            channel: DeliveryChannelKey(observer: number, action: row.int(0)),
                            position: row.position(1), replay: row.integer(2))
                    }
                    for key in keys { try transaction.enqueue("DELETE FROM deliveries WHERE \(key.condition)") }
                    return keys.count
                }
            }
            _ = try await log.database.write(.readCommitted) { transaction in
                try transaction.execute("DELETE FROM dead_letters WHERE observer = \(number)")
                try transaction.execute("UPDATE observer_replays SET done = 1 WHERE observer = \(number)")
                try transaction.execute("DELETE FROM observer_versions WHERE observer = \(number)")
            }
        }
    }

    /// Counts what waits and what failed for good.
    private func count() async throws {
        let (dead, pending, paused) = try await log.database.read { transaction in
            let dead = try transaction.first("SELECT COUNT(*) FROM dead_letters WHERE retried = 0") { $0.int(0) }
            let waiting = try transaction.first("SELECT COUNT(*) FROM deliveries WHERE state = 0") { $0.int(0) }
            let others = try transaction.first("SELECT COUNT(*) FROM deliveries WHERE state IN (1, 2)") { $0.int(0) }
            let paused = try transaction.first("SELECT COUNT(*) FROM observers WHERE enabled = 1 AND paused = 1") {
                $0.int(0)
            }
            return (dead ?? 0, (waiting ?? 0) + (others ?? 0), paused ?? 0)
        }
        metrics.deadLetters.set(Double(dead))
        metrics.pending.set(Double(pending))
        metrics.paused.set(Double(paused))
    }
}
