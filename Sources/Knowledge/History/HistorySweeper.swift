import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Deletes what elements of graphs were before, once it was kept for long enough.
struct HistorySweeper: Service {
    /// How many versions go at once.
    private static let batchLimit = 1_000

    private let log: ChangeLog
    private let history: ElementHistory
    private let lease: Lease
    private let interval: Duration
    private let age: Int64
    private let deleted: Counter

    init(
        _ log: ChangeLog, _ history: ElementHistory, settings: SettingsValues, metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        self.history = history
        lease = Lease("graph_history", of: log, settings: settings, metrics: metrics, logger: logger)
        interval = .milliseconds(settings[KnowledgeSettings.sweepInterval])
        age = Int64(settings[KnowledgeSettings.historyAge])
        deleted = metrics.counter(
            "graph_versions_deleted_total", "Former versions of elements of graphs that were deleted by their age."
        ).with()
    }

    /// Sweeps until the server stops, while this instance holds the lease.
    func run() async throws {
        await lease.sweep(resting: interval, clock: ContinuousClock()) { try await sweep(under: $0) }
    }

    /// Deletes some versions of one tenant.
    ///
    /// - parameter grant: refuses the transaction once the lease is lost; nil where nobody else can do the same work.
    /// - returns: how many there were.
    @discardableResult
    func sweep(under grant: LeaseGrant? = nil) async throws -> Int {
        let moment = log.time.now().advanced(bySeconds: -3_600 * age)
        guard let tenant = try await log.read({ [history] in try history.tenantOfOld(before: moment, in: $0) }).value
        else { return 0 }
        let count = try await log.database.write(.readCommitted) { [history] transaction in
            try grant?.check(in: transaction)
            return try history.deleteOld(of: tenant, before: moment, limit: Self.batchLimit, in: transaction)
        }
        deleted.increment(by: count)
        return count
    }
}
