import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Forgets idempotency keys that are older than they must be remembered.
struct IdempotencySweeper: Sendable {
    /// How many keys one transaction deletes, so that other writes come in between.
    static let batchLimit = 1_000

    private let log: ChangeLog
    private let retentionHours: Int
    private let swept: Counter
    private let lease: Lease

    init(log: ChangeLog, settings: SettingsValues, metrics: MetricsRegistry, logger: Logger) {
        self.log = log
        lease = Lease("idempotency_sweeper", of: log, settings: settings, metrics: metrics, logger: logger)
        retentionHours = settings[APISettings.idempotencyRetention]
        swept = metrics.counter("idempotency_keys_swept_total", "Idempotency keys that were forgotten by age.").with()
    }

    /// Sweeps each minute until it is cancelled, while this instance holds the lease.
    func run() async {
        await lease.hold(resting: .seconds(60)) { grant in
            try await sweep(under: grant)
            return .done
        }
    }

    /// Deletes every key that is too old, batch by batch. Returns how many.
    ///
    /// - parameter grant: refuses each batch once the lease is lost; nil where nobody else can do the same work.
    @discardableResult
    func sweep(under grant: LeaseGrant? = nil) async throws -> Int {
        let oldest = log.time.now().advanced(bySeconds: -3_600 * Int64(retentionHours))
        var sum = 0
        while true {
            try Task.checkCancellation()
            let deleted = try await log.database.write { transaction in
                try grant?.check(in: transaction)
                return try transaction.execute(
                    """
                    DELETE FROM idempotency_keys WHERE created_at < \(oldest) AND sequence IN
                        (SELECT sequence FROM idempotency_keys ORDER BY sequence LIMIT \(Self.batchLimit))
                    """)
            }
            swept.increment(by: deleted)
            sum += deleted
            if deleted < Self.batchLimit { return sum }
        }
    }
}
