import Telemetry
import Testing

@Suite struct MetricsTests {
    @Test func countersAndHistogramsLoseNothingUnderConcurrency() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("events_total", "Events.", labels: ["kind"])
        let histogram = registry.histogram("sizes", "Sizes.", buckets: [10, 20]).with()
        let gauge = registry.gauge("level", "Level.").with()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<2_000 {
                        counter.with(task.isMultiple(of: 2) ? "even" : "odd").increment()
                        histogram.observe(Double(step % 3) * 10 + 5)
                        gauge.add(0.5)
                    }
                }
            }
        }
        #expect(counter.with("even").value == 8_000)
        #expect(counter.with("odd").value == 8_000)
        #expect(gauge.value == 8_000)
        // Of 2,000 steps 667 observe 5, 667 observe 15 and 666 observe 25.
        #expect(histogram.distribution.cumulativeCounts == [5_336, 10_672, 16_000])
        #expect(histogram.distribution.sum == 239_920)
    }

    @Test func aBoundBelongsToItsRange() {
        let histogram = MetricsRegistry().histogram("h", "H.", buckets: [1, 2]).with()
        histogram.observe(1)
        histogram.observe(1.0000001)
        histogram.observe(.milliseconds(2_000))
        histogram.observe(.microseconds(2_000_001))
        #expect(histogram.distribution.cumulativeCounts == [1, 3, 4])
    }

    @Test func quantilesAreInterpolatedWithinTheirRange() {
        let histogram = MetricsRegistry().histogram("h", "H.", buckets: [10, 20, 40]).with()
        #expect(histogram.distribution.quantile(0.5) == nil)
        for _ in 0..<50 { histogram.observe(5) }
        for _ in 0..<50 { histogram.observe(30) }
        #expect(histogram.distribution.quantile(0.5) == 10)
        #expect(histogram.distribution.quantile(0.25) == 5)
        #expect(histogram.distribution.quantile(0.75) == 30)
        #expect(histogram.distribution.quantile(1) == 40)
        for _ in 0..<100 { histogram.observe(1_000) }
        #expect(histogram.distribution.quantile(0.99) == 40)
    }

    @Test func seriesBeyondTheLimitAreCountedTogether() {
        let family = MetricsRegistry().counter("c_total", "C.", labels: ["user", "kind"])
        for index in 0..<MetricsRegistry.seriesLimit { family.with("\(index)", "x").increment() }
        family.with("one too many", "x").increment()
        family.with("two too many", "y").increment()
        #expect(family.with("other", "other").value == 2)
        #expect(family.with("1999", "x").value == 1)
    }

    @Test func anObservedCounterNeverGoesDown() {
        let counter = MetricsRegistry().observedCounter("seconds_total", "Seconds.").with()
        counter.advance(to: 2.5)
        counter.advance(to: 1)
        counter.advance(to: -7)
        counter.advance(to: .nan)
        #expect(counter.value == 2.5)
        counter.advance(to: 3)
        #expect(counter.value == 3)
    }

    @Test func aFamilyIsMadeOnceAndCollectorsRunBeforeEachExposition() {
        let registry = MetricsRegistry()
        registry.counter("c_total", "C.").with().increment()
        registry.counter("c_total", "C.").with().increment()
        let calls = registry.gauge("calls", "Calls.").with()
        registry.onCollect { calls.add(1) }
        _ = PrometheusExposition.text(of: registry)
        _ = MetricsJSON.bytes(of: registry)
        #expect(calls.value == 2)
        #expect(registry.counter("c_total", "C.").with().value == 2)
    }
}
