import Core
import Telemetry
import Testing

@Suite struct MetricsJSONTests {
    @Test func writesEveryKindWithItsLabels() throws {
        let registry = MetricsRegistry()
        registry.counter("hits_total", "Hits.", labels: ["cache", "kind"]).with("a\"b", "x").increment(by: 3)
        registry.gauge("level", "Level.").with().set(0.5)
        let sizes = registry.histogram("sizes", "Sizes.", buckets: [1, 2]).with()
        for value in [0.5, 0.5, 1.5, 5] { sizes.observe(value) }
        let text = String(decoding: MetricsJSON.bytes(of: registry), as: UTF8.self)
        #expect(
            text == #"{"counters":[{"name":"hits_total","labels":{"cache":"a\"b","kind":"x"},"value":3}],"#
                + #""gauges":[{"name":"level","labels":{},"value":0.5}],"#
                + #""histograms":[{"name":"sizes","labels":{},"count":4,"sum":7.5,"buckets":[{"le":1.0,"count":2},"#
                + #"{"le":2.0,"count":3},{"le":null,"count":4}],"p50":1.0,"p95":2.0,"p99":2.0}]}"#)
        _ = try JSONParser.parse(Array(text.utf8))
    }

    @Test func anEmptyRegistryIsThreeEmptyLists() {
        let text = String(decoding: MetricsJSON.bytes(of: MetricsRegistry()), as: UTF8.self)
        #expect(text == #"{"counters":[],"gauges":[],"histograms":[]}"#)
    }
}
