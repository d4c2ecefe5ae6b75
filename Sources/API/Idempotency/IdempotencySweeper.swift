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
    private let logger: Logger

    init(log: ChangeLog, settings: SettingsValues, metrics: MetricsRegistry, logger: Logger) {
        self.log = log
        self.logger = logger
        retentionHours = settings[APISettings.idempotencyRetention]
        swept = metrics.counter("idempotency_keys_swept_total", "Idempotency keys that were forgotten by age.").with()
    }

    /// Sweeps each minute until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await sweep()
            } catch {
                logger.error("Idempotency keys could not be swept; it is tried again.", metadata: ["error": "\(error)"])
            }
            // Cancellation ends the wait, and then the loop.
            try? await Task.sleep(for: .seconds(60))
        }
    }

    /// Deletes every key that is too old, batch by batch. Returns how many.
    @discardableResult
    func sweep() async throws -> Int {
        let oldest = log.time.now().advanced(bySeconds: -3_600 * Int64(retentionHours))
        var sum = 0
        while true {
            let deleted = try await log.database.write { transaction in
                try transaction.execute(
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
