import Telemetry

/// What is counted of each cache.
enum CacheMetrics {
    /// The counters of look-ups that a cache answered, and of those that it did not.
    static func lookups(_ cache: String, _ metrics: MetricsRegistry) -> (hits: Counter, misses: Counter) {
        let hits = metrics.counter("cache_hits_total", "Look-ups that a cache answered.", labels: ["cache"])
        let misses = metrics.counter("cache_misses_total", "Look-ups that a cache did not answer.", labels: ["cache"])
        return (hits.with(cache), misses.with(cache))
    }

    /// Tells how large a cache is whenever the metrics are asked for.
    static func onCollect(
        _ cache: String, _ metrics: MetricsRegistry,
        _ measure: @escaping @Sendable () -> (bytes: Int, evictions: Int)
    ) {
        let bytes = metrics.gauge("cache_bytes", "How many bytes a cache takes.", labels: ["cache"]).with(cache)
        let evictions = metrics.observedCounter(
            "cache_evictions_total", "Entries that a cache pushed out to make room.", labels: ["cache"]
        ).with(cache)
        metrics.onCollect {
            let now = measure()
            bytes.set(Double(now.bytes))
            evictions.advance(to: Double(now.evictions))
        }
    }
}
