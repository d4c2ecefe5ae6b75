import Telemetry
import Testing

@testable import Caching

/// What is made of a content alone is kept by its digest.
@Suite struct ContentCacheTests {
    @Test func aKeyTellsTheTextsAndTheirBounds() {
        #expect(ContentKey("a", "bc") == ContentKey("a", "bc"))
        #expect(ContentKey("a", "bc") != ContentKey("ab", "c"))
        #expect(ContentKey("a", "bc") != ContentKey("abc"))
        #expect(ContentKey("a", "b") != ContentKey("b", "a"))
        #expect(ContentKey("") != ContentKey())
    }

    @Test func itKeepsWhatFitsAndCounts() {
        let metrics = MetricsRegistry()
        let cache = ContentCache<Int>("test", capacity: 100_000, metrics: metrics)
        #expect(cache.find(ContentKey("a")) == nil)
        cache.insert(1, for: ContentKey("a"), cost: 9_000)
        cache.insert(2, for: ContentKey("large"), cost: 10_000)
        #expect(cache.find(ContentKey("a")) == 1)
        #expect(cache.find(ContentKey("large")) == nil, "more than a tenth of all")
        for number in 0..<100 { cache.insert(number, for: ContentKey("\(number)"), cost: 2_000) }
        #expect(cache.find(ContentKey("99")) == 99)
        let text = String(decoding: PrometheusExposition.text(of: metrics), as: UTF8.self)
        #expect(text.contains(#"cache_hits_total{cache="test"} 2"#), "\(text)")
        #expect(text.contains(#"cache_misses_total{cache="test"} 2"#))
        let line = text.split(separator: "\n").first { $0.hasPrefix(#"cache_bytes{cache="test"}"#) }
        let bytes = line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
        #expect((50_000...100_000).contains(bytes), "\(text)")
    }
}
