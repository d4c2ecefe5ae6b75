public import Core
public import Logging
public import ServiceLifecycle
import Storage
public import Telemetry

/// Deletes changes that are too old or too many, and never one that a follower still needs.
public final class Retention: Service {
    /// How often it looks.
    public static let interval = Duration.seconds(60)
    /// How many changes it deletes in one transaction: other writers get their turn in between.
    public static let batchLimit = 500
    /// How many rows at each end of the log it weighs to estimate the size of the whole.
    static let sampleSize = 100

    private let log: ChangeLog
    private let lease: Lease
    private let maximumAge: Int64
    private let maximumBytes: Int64
    private let deleted: Counter
    private let size: Gauge
    private let logger: Logger

    /// The retention of a log. It does nothing until it runs.
    public init(
        _ log: ChangeLog, settings: SettingsValues = .defaults, metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        lease = Lease("retention", of: log, settings: settings, metrics: metrics, logger: logger)
        self.logger = logger
        maximumAge = Int64(settings[ChangeLogSettings.retentionAge]) * 3600
        maximumBytes = Int64(settings[ChangeLogSettings.retentionSize]) << 20
        deleted = metrics.counter("change_log_deleted_total", "Changes that retention has deleted.").with()
        size = metrics.gauge("change_log_size_bytes", "The size of the log, estimated from a sample.").with()
    }

    /// Passes over the log once in a while until the service stops, while this instance holds the lease.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await lease.hold(resting: Self.interval) { [self] grant in
                let count = try await pass(under: grant)
                if count > 0 { logger.info("deleted old changes", metadata: ["count": "\(count)"]) }
                return .done
            }
        }
    }

    /// Deletes what may go now, batch by batch, and returns how many changes that was.
    ///
    /// - parameter grant: refuses each batch once the lease is lost; nil where nobody else can do the same work.
    /// - throws: ``Failure`` `lease_lost`, or one of the storage.
    @discardableResult
    public func pass(under grant: LeaseGrant? = nil) async throws -> Int {
        var total = try await turnPartitions(grant)
        deleted.increment(by: total)
        var excess = try await measure()
        while !Task.isCancelled {
            let limit = excess
            let count = try await log.database.write { [self] transaction in
                try grant?.check(in: transaction)
                return try deleteBatch(excess: limit, in: transaction)
            }
            deleted.increment(by: count)
            total += count
            excess = max(0, excess - count)
            if count < Self.batchLimit { break }
        }
        if total > 0 { _ = try await measure() }
        return total
    }

    /// Makes the partitions of the days to come, and drops those of days that nobody needs any more. Returns how many
    /// changes went.
    private func turnPartitions(_ grant: LeaseGrant?) async throws -> Int {
        guard log.isShared else { return 0 }
        let (now, cutoff) = (log.time.now(), cutoff)
        return try await log.database.write(.readCommitted) { [log] transaction in
            try grant?.check(in: transaction)
            try LogPartitions.prepare(at: now, in: transaction)
            guard let cutoff else { return 0 }
            let slowest = try log.neededFollowers(in: transaction).map(\.position).min()
            return try LogPartitions.drop(
                before: cutoff, upTo: min(slowest ?? log.head, log.head), in: transaction)
        }
    }

    /// Changes before this moment are too old; nil when age does not matter.
    private var cutoff: Timestamp? {
        maximumAge > 0 ? log.time.now().advanced(bySeconds: -maximumAge) : nil
    }

    private func deleteBatch(excess: Int, in transaction: any WriteTransaction) throws -> Int {
        let oldest = try transaction.rows(
            "SELECT position, changed_at FROM changes ORDER BY position LIMIT \(Self.batchLimit)"
        ) { RetentionPlan.Row(position: $0.position(0), time: $0.timestamp(1)) }
        let plan = RetentionPlan(
            cutoff: cutoff, excess: excess,
            last: try ChangeLog.last(in: transaction),
            slowestFollower: try log.neededFollowers(in: transaction).map(\.position).min())
        guard let position = plan.deletable(of: oldest) else { return 0 }
        try transaction.execute("UPDATE change_log_start SET position = \(position)")
        return try transaction.execute("DELETE FROM changes WHERE position <= \(position)")
    }

    /// Estimates the size of the log, and how many of its oldest changes are beyond the size that it may have.
    private func measure() async throws -> Int {
        let (rows, bytes) = try await log.database.read { [self] transaction in
            let start = try ChangeLog.start(in: transaction)
            let last = try ChangeLog.last(in: transaction)
            guard last > start else { return (Int64(0), Int64(0)) }
            let weights =
                try weights(in: transaction, "SELECT position FROM changes ORDER BY position")
                + weights(in: transaction, "SELECT position FROM changes ORDER BY position DESC")
            let rows = last.value - start.value
            return (rows, rows * (weights.reduce(0, +) / Int64(max(1, weights.count))))
        }
        size.set(Double(bytes))
        guard maximumBytes > 0, bytes > maximumBytes, rows > 0 else { return 0 }
        return Int((bytes - maximumBytes) / max(1, bytes / rows)) + 1
    }

    /// What each change of a sample weighs, with an allowance for its fixed columns.
    private func weights(in transaction: any ReadTransaction, _ positions: SQL) throws -> [Int64] {
        try transaction.rows(
            """
            SELECT COALESCE(LENGTH(after_image), 0) + COALESCE(LENGTH(before_image), 0) + LENGTH(changed_fields) + 120
            FROM changes WHERE position IN (\(positions) LIMIT \(Self.sampleSize))
            """
        ) { $0.integer(0) }
    }
}
