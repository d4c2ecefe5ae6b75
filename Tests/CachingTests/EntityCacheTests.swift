import Core
import Telemetry
import Testing

@testable import Caching

/// An image is valid until its entity changes.
@Suite struct EntityCacheTests {
    private let cache = EntityCache(metrics: MetricsRegistry())
    private let key = EntityCache.Key(.first, "order", Identifier(high: 1, low: 2))

    private func image(_ version: Int64) -> EntityCache.Image { .init(json: Array("{}".utf8), version: version) }

    @Test func aChangeTakesTheImageOut() {
        cache.keep(image(1), for: key, readAt: LogPosition(5))
        #expect(cache.find(key)?.version == 1)
        cache.remove([key], changedAt: LogPosition(6))
        #expect(cache.find(key) == nil)
        cache.keep(image(2), for: key, readAt: LogPosition(6))
        #expect(cache.find(key)?.version == 2)
    }

    /// A read that began before the change must not bring the old image back.
    @Test func whatWasReadBeforeTheChangeIsNotTakenIn() {
        cache.remove([key], changedAt: LogPosition(6))
        cache.keep(image(1), for: key, readAt: LogPosition(5))
        #expect(cache.find(key) == nil)
    }

    @Test(arguments: ["0", "1"]) func theSettingSaysHowMuchIsKept(mebibytes: String) throws {
        let metrics = MetricsRegistry()
        let settings = try SettingsRegistry(CachingSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["cache.memory": mebibytes])
        ])
        let cache = EntityCache(settings: settings, metrics: metrics)
        let image = EntityCache.Image(json: Array(repeating: 0, count: 2_000), version: 1)
        for low in 0..<10_000 {
            cache.keep(image, for: .init(.first, "order", Identifier(high: 1, low: UInt64(low))), readAt: .start)
        }
        _ = PrometheusExposition.text(of: metrics)
        let bytes = metrics.gauge("cache_bytes", "", labels: ["cache"]).with("entities").value
        let most = (Double(mebibytes) ?? 0) * 1_048_576
        #expect(bytes <= most && bytes >= most * 0.9)
    }

    @Test func tenantsAndTypesAreKeptApart() {
        cache.keep(image(1), for: key, readAt: .start)
        #expect(cache.find(EntityCache.Key(Tenant(2), "order", Identifier(high: 1, low: 2))) == nil)
        #expect(cache.find(EntityCache.Key(.first, "product", Identifier(high: 1, low: 2))) == nil)
    }
}
