import Core
import Telemetry

/// The entries of a cache in Redis. What fails there is counted by the client and costs nothing but the entry.
struct RedisStore: Sendable {
    private let client: RedisClient
    private let prefix: String
    private let expiry: Duration
    private let hits: Counter
    private let misses: Counter

    /// - parameter namespace: tells this database from others that use the same Redis.
    init(_ client: RedisClient, namespace: String, settings: SettingsValues, _ metrics: MetricsRegistry) {
        self.client = client
        prefix = "millrace:\(namespace):"
        expiry = .seconds(Int64(settings[CachingSettings.redisExpiry]))
        (hits, misses) = CacheMetrics.lookups("redis", metrics)
    }

    /// The entry of a key, if there is one that is still good.
    func find(_ key: CacheKey, where isValid: (_ readAt: LogPosition) -> Bool) async -> CacheEntry? {
        guard let bytes = try? await client.get(prefix + key.text), let entry = CacheEntry(bytes),
            isValid(entry.readAt)
        else {
            misses.increment()
            return nil
        }
        hits.increment()
        return entry
    }

    /// Keeps an entry, without keeping anybody waiting.
    func keep(_ entry: CacheEntry, for key: CacheKey) {
        // The connection bounds how many wait, and the client for how long.
        Task { try? await client.set(prefix + key.text, entry.bytes, expiresAfter: expiry) }
    }

    /// Takes out what may be there, without keeping anybody waiting.
    func remove(_ key: CacheKey) {
        Task { try? await client.unlink(prefix + key.text) }
    }
}
