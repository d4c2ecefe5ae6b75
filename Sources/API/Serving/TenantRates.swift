import Core
import HTTPTypes
import Synchronization
import Telemetry

/// How many requests each tenant may send, over all of the API: so many a second, and as many at once after a rest.
///
/// Each instance counts those that it is sent.
final class TenantRates: Sendable {
    private let limit: Int
    private let start = ContinuousClock.now
    /// There is one for each tenant that has sent anything, and operators make tenants.
    private let buckets = Mutex<[Tenant: TokenBucket]>([:])
    private let refusals: Counter

    /// - returns: nil where there is no limit.
    init?(_ settings: SettingsValues, _ metrics: MetricsRegistry) {
        refusals = metrics.counter(
            "rate_limited_requests_total", "Requests that were refused because their tenant sends too many."
        ).with()
        limit = settings[APISettings.tenantRequestRate]
        if limit == 0 { return nil }
    }

    /// Takes the turn of a request.
    ///
    /// - throws: ``Failure`` `too_many_requests`.
    func take(_ tenant: Tenant) throws {
        let now = ContinuousClock.now - start
        let next = buckets.withLock { buckets in
            buckets[tenant, default: TokenBucket(rate: Double(limit), burst: limit)].take(at: now)
        }
        guard let next else { return }
        refusals.increment()
        throw Self.failure(limit: limit, wait: next - now)
    }

    /// Gives back the turn of a request that comes again at once.
    func giveBack(_ tenant: Tenant) { buckets.withLock { $0[tenant]?.giveBack() } }

    private static let code = "too_many_requests"

    private static func failure(limit: Int, wait: Duration) -> Failure {
        Failure(
            .tooManyRequests, code: code,
            "This tenant may send \(limit) requests a second. Wait as long as Retry-After says and send fewer at "
                + "once, or have \(APISettings.tenantRequestRate.name) raised.",
            details: [.init("limit", .integer(limit))],
            retryAfter: max(1, Int((wait / .seconds(1)).rounded(.up))))
    }

    /// The fields that tell the client of such a failure what the limit is (draft-ietf-httpapi-ratelimit-headers).
    static func fields(of failure: Failure) -> HTTPFields {
        guard failure.code == code, let seconds = failure.retryAfter,
            case .number(let limit)? = failure.details.first(where: { $0.name == "limit" })?.value
        else { return [:] }
        return [.rateLimitPolicy: "\"tenant\";q=\(limit);w=1", .rateLimit: "\"tenant\";r=0;t=\(seconds)"]
    }
}
