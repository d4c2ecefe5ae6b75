public import ChangeLog
public import Core
public import Logging
public import ServiceLifecycle
import Storage
public import Telemetry

/// Ends the reservations whose time has run out, so that their units can be sold again.
///
/// It works in batches, each a unit of work of its own, and takes the next at once while there is one.
public struct ReservationSweeper: Service {
    /// Who the change log says did it.
    public static let actor = "reservation-sweeper"

    private let inventory: Inventory
    private let log: ChangeLog
    private let lease: Lease
    private let batchLimit: Int
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let expired: Counter
    private let batchSize: Histogram
    private let delay: Histogram

    /// A sweeper of all tenants' reservations.
    ///
    /// - parameter clock: by what it rests between two sweeps. What is overdue is for the change log's time to say.
    public init(
        _ inventory: Inventory, log: ChangeLog, settings: SettingsValues = .defaults, metrics: MetricsRegistry,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.inventory = inventory
        self.log = log
        self.clock = clock
        lease = Lease("reservation_sweeper", of: log, settings: settings, metrics: metrics, logger: logger)
        batchLimit = settings[InventorySettings.sweepBatch]
        interval = .milliseconds(settings[InventorySettings.sweepInterval])
        expired = metrics.counter("reservations_expired_total", "Reservations that ran out of time.").with()
        batchSize = metrics.histogram(
            "reservation_sweep_batch_size", "How many overdue reservations one transaction ended.",
            buckets: Histogram.counts
        ).with()
        delay = metrics.histogram(
            "reservation_expiry_delay_seconds", "How long after its time a reservation was ended.",
            buckets: [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600]
        ).with()
    }

    /// Sweeps until the server stops, while this instance holds the lease.
    public func run() async throws {
        await lease.sweep(resting: interval, clock: clock) { try await sweep(under: $0) }
    }

    /// Ends one batch of overdue reservations, the longest overdue first. Returns how many it ended.
    ///
    /// - parameter grant: refuses each transaction once the lease is lost; nil where nobody else can do the same work.
    /// - throws: ``Failure`` `lease_lost`, or one of the storage.
    @discardableResult
    public func sweep(under grant: LeaseGrant? = nil) async throws -> Int {
        let now = log.time.now()
        let overdue = try await log.read { try inventory.overdue(at: now, limit: batchLimit, in: $0) }.value
        var ended = 0
        var failure: (any Error)?
        for (tenant, ids) in overdue {
            let context = ChangeContext(tenant: tenant, actor: Self.actor)
            do {
                let expired = try await log.write(context) { [inventory] unit in
                    try grant?.check(in: unit.transaction)
                    return try ids.compactMap { try inventory.expire($0, in: unit) }
                }.value
                note(expired, at: now)
                ended += expired.count
            } catch {
                // One tenant's trouble must not keep the others' units from them.
                failure = error
            }
        }
        if let failure { throw failure }
        return ended
    }

    private func note(_ reservations: [Reservation], at now: Timestamp) {
        guard !reservations.isEmpty else { return }
        expired.increment(by: reservations.count)
        batchSize.observe(Double(reservations.count))
        for due in reservations.compactMap(\.expiresAt) {
            delay.observe(.microseconds(now.microseconds - due.microseconds))
        }
    }
}

extension Inventory {
    /// The held reservations of every tenant whose time has run out, the longest overdue first.
    fileprivate func overdue(
        at now: Timestamp, limit: Int, in transaction: any ReadTransaction
    ) throws -> [(Tenant, [Identifier])] {
        // The state stands in the text, not in a parameter, so that the engine can use the index of just these rows.
        let rows = try transaction.rows(
            """
            SELECT tenant, id FROM reservations
            WHERE state = 'held' AND expires_at IS NOT NULL AND expires_at <= \(now)
            ORDER BY expires_at LIMIT \(limit)
            """
        ) { (Tenant($0.integer(0)), try $0.identifier(1)) }
        return Dictionary(grouping: rows, by: \.0).map { ($0.key, $0.value.map(\.1)) }
    }
}
