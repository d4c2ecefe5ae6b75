public import ChangeLog
import Core
import Logging
import Search
public import ServiceLifecycle
import Storage
import Telemetry

/// Deletes points whose time has come, what points were long ago, and what is left of collections that were deleted.
///
/// Points that have ended are not found before that either: it makes room, and tells the log.
public struct PointSweeper: Service {
    /// Who the change log says did it.
    public static let actor = "point-sweeper"

    private let log: ChangeLog
    private let collections: Collections
    private let points: Points
    private let lease: Lease
    private let interval: Duration
    private let batchLimit: Int
    private let clock: any Clock<Duration>
    private let historyAge: Int64
    private let expired: Counter
    private let versionsDeleted: Counter

    /// A sweeper of all tenants' points.
    init(
        _ log: ChangeLog, _ collections: Collections, _ points: Points, settings: SettingsValues,
        metrics: MetricsRegistry, clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.log = log
        self.collections = collections
        self.points = points
        self.clock = clock
        lease = Lease("point_sweeper", of: log, settings: settings, metrics: metrics, logger: logger)
        interval = .milliseconds(settings[MemoriesSettings.sweepInterval])
        batchLimit = settings[MemoriesSettings.sweepBatch]
        historyAge = Int64(settings[MemoriesSettings.historyAge])
        versionsDeleted = metrics.counter(
            "point_versions_deleted_total", "Former versions of points that were deleted by their age."
        ).with()
        expired = metrics.counter("points_expired_total", "Points that were deleted when their time had come.").with()
    }

    /// Sweeps until the server stops, while this instance holds the lease.
    public func run() async throws {
        await lease.sweep(resting: interval, clock: clock) { try await sweep(under: $0) }
    }

    /// Deletes one batch of points whose time has come, of old versions, and of points whose collection is gone.
    /// Returns how many.
    ///
    /// - parameter grant: refuses each transaction once the lease is lost; nil where nobody else can do the same work.
    @discardableResult
    public func sweep(under grant: LeaseGrant? = nil) async throws -> Int {
        try await deleteEnded(under: grant) + deleteOldVersions(under: grant) + deleteLeftovers(under: grant)
    }

    private func deleteOldVersions(under grant: LeaseGrant?) async throws -> Int {
        let moment = log.time.now().advanced(bySeconds: -3_600 * historyAge)
        let isThere = try await log.read { transaction in
            try transaction.first("SELECT 1 FROM point_versions WHERE ended_at < \(moment) LIMIT 1") { _ in true }
        }.value
        guard isThere != nil else { return try await forgetOldPasts(under: grant) }
        let count = try await log.database.write(.readCommitted) { [points, batchLimit] transaction in
            try grant?.check(in: transaction)
            return try points.history.deleteOld(before: moment, limit: batchLimit, in: transaction)
        }
        versionsDeleted.increment(by: count)
        return count
    }

    private func forgetOldPasts(under grant: LeaseGrant?) async throws -> Int {
        let pasts = CollectionPasts()
        guard try await log.read({ try pasts.hasOld(in: $0) }).value else { return 0 }
        return try await log.database.write(.readCommitted) { [batchLimit] transaction in
            try grant?.check(in: transaction)
            return try pasts.forgetOld(limit: batchLimit, in: transaction)
        }
    }

    private func deleteEnded(under grant: LeaseGrant?) async throws -> Int {
        let now = log.time.now()
        // What no collection has is restored still, or left over: it must not keep others from their end.
        let ended = try await log.read { [batchLimit] transaction in
            try transaction.rows(
                """
                SELECT p.tenant, p.collection, p.place FROM points p
                WHERE p.expires_at IS NOT NULL AND p.expires_at <= \(now)
                    AND EXISTS (SELECT 1 FROM collections c WHERE c.number = p.collection)
                ORDER BY p.expires_at LIMIT \(batchLimit)
                """
            ) { (Place(tenant: Tenant($0.integer(0)), number: $0.integer(1)), PointPlace.key($0, 2)) }
        }.value
        var count = 0
        for (place, rows) in Dictionary(grouping: ended, by: \.0) {
            let keys = rows.compactMap(\.1)
            let context = ChangeContext(tenant: place.tenant, actor: Self.actor)
            count += try await log.write(context) { [points, collections] unit in
                try grant?.check(in: unit.transaction)
                let found = try collections.list(of: place.tenant, in: unit.transaction)
                guard let collection = found.first(where: { $0.number == place.number }) else { return 0 }
                // Whoever gives a memory an end wants nothing of it to stay.
                return try points.delete(keys, of: collection, history: .forget, in: unit) { !$0.isThere(at: now) }
            }.value
        }
        expired.increment(by: count)
        return count
    }

    private func deleteLeftovers(under grant: LeaseGrant?) async throws -> Int {
        try await abandonStaleRestores(under: grant)
        let leftover = try await log.read { transaction in
            try transaction.first("SELECT tenant, number FROM deleted_collections ORDER BY tenant, number") {
                Place(tenant: Tenant($0.integer(0)), number: $0.integer(1))
            }
        }.value
        guard let leftover else { return 0 }
        return try await log.database.write(.readCommitted) { [points, batchLimit] transaction in
            try grant?.check(in: transaction)
            return try points.deleteLeftovers(
                of: leftover.number, leftover.tenant, limit: batchLimit, in: transaction)
        }
    }

    private func abandonStaleRestores(under grant: LeaseGrant?) async throws {
        let isRestoring = try await log.read { try $0.exists("SELECT 1 FROM restoring_collections") }.value
        guard isRestoring else { return }
        let now = log.time.now()
        try await log.database.write(.readCommitted) { transaction in
            try grant?.check(in: transaction)
            try CollectionRestore.abandonStale(at: now, in: transaction)
        }
    }

    private struct Place: Hashable {
        let tenant: Tenant
        let number: Int64
    }
}

extension Points {
    /// Deletes some points of a collection that is gone, then some of what they were, and last what is known of it.
    ///
    /// - returns: how many rows were deleted.
    fileprivate func deleteLeftovers(
        of number: Int64, _ tenant: Tenant, limit: Int, in transaction: any WriteTransaction
    ) throws -> Int {
        let places = try transaction.rows(
            "SELECT p.place FROM points p WHERE " + PointPlace.isIn(number) + " ORDER BY p.place LIMIT \(limit)"
        ) { SQLValue.bytes($0.bytes(0)) }
        if !places.isEmpty {
            return try transaction.execute("DELETE FROM points WHERE place IN (\(list: places))")
        }
        let versions = try history.deleteLeftovers(of: number, limit: limit, in: transaction)
        if versions > 0 { return versions }
        return try transaction.execute(
            "DELETE FROM deleted_collections WHERE tenant = \(tenant) AND number = \(number)")
    }
}
