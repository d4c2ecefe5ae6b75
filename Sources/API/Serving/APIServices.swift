import Caching
import ChangeLog
import Core
import Logging
import Telemetry

/// What answering a request needs.
struct APIServices: Sendable {
    let log: ChangeLog
    let cache: Cache
    let credentials: Credentials
    let idempotency: IdempotencyMemory
    /// Nil where there is no limit.
    var rates: TenantRates?
    let identifiers = IdentifierGenerator()
    let metrics: MetricsRegistry
    let positionWait: Duration
    let logger: Logger
}
