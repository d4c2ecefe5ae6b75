import Telemetry
import TestKit
import Testing

@Suite struct PrometheusExpositionTests {
    private func text(_ registry: MetricsRegistry) -> String {
        String(decoding: PrometheusExposition.text(of: registry), as: UTF8.self)
    }

    @Test func writesCountersAndGaugesWithHelpAndType() {
        let registry = MetricsRegistry()
        let requests = registry.counter("http_requests_total", "Requests answered.", labels: ["method", "status"])
        requests.with("GET", "200").increment(by: 41)
        requests.with("GET", "200").increment()
        requests.with("DELETE", "404").increment()
        registry.gauge("queue_length", "Writes that wait.").with().set(2.5)
        #expect(
            text(registry) == """
                # HELP http_requests_total Requests answered.
                # TYPE http_requests_total counter
                http_requests_total{method="DELETE",status="404"} 1
                http_requests_total{method="GET",status="200"} 42
                # HELP queue_length Writes that wait.
                # TYPE queue_length gauge
                queue_length 2.5

                """)
    }

    @Test func writesHistogramsWithCumulativeBucketsSumAndCount() {
        let registry = MetricsRegistry()
        let sizes = registry.histogram("batch_size", "Writes in a commit.", labels: ["kind"], buckets: [1, 2.5, 8])
        for value in [1.0, 2, 2.5, 3, 9] { sizes.with("write").observe(value) }
        #expect(
            text(registry) == """
                # HELP batch_size Writes in a commit.
                # TYPE batch_size histogram
                batch_size_bucket{kind="write",le="1"} 1
                batch_size_bucket{kind="write",le="2.5"} 3
                batch_size_bucket{kind="write",le="8"} 4
                batch_size_bucket{kind="write",le="+Inf"} 5
                batch_size_sum{kind="write"} 17.5
                batch_size_count{kind="write"} 5

                """)
    }

    @Test func escapesHelpAndLabelValues() {
        let registry = MetricsRegistry()
        registry.gauge("odd", "A \"quoted\" \\ and\na break.", labels: ["value"]).with("a\"b\\c\nd é").set(1)
        #expect(
            text(registry) == #"""
                # HELP odd A "quoted" \\ and\na break.
                # TYPE odd gauge
                odd{value="a\"b\\c\nd é"} 1

                """#)
    }

    @Test(arguments: [
        (Double.infinity, "+Inf"), (-Double.infinity, "-Inf"), (.nan, "NaN"), (0, "0"), (-3, "-3"), (0.1, "0.1"),
        (1e300, "1e+300"), (9_007_199_254_740_992, "9007199254740992"), (5e-05, "5e-05"),
    ])
    func writesNumbersAsTheFormatReadsThem(value: Double, expected: String) {
        let registry = MetricsRegistry()
        registry.gauge("number", "A number.").with().set(value)
        #expect(text(registry).hasSuffix("\nnumber \(expected)\n"))
    }

    @Test func leavesOutFamiliesWithoutSeries() {
        let registry = MetricsRegistry()
        _ = registry.counter("unused_total", "Nothing yet.", labels: ["kind"])
        #expect(text(registry).isEmpty)
    }

    @Test func promtoolFindsNothingToSay() throws {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry, version: "1.2.3")
        registry.counter("http_requests_total", "Requests.", labels: ["route"]).with("/a\"\\\n{id}").increment()
        registry.histogram("http_request_duration_seconds", "Times.", labels: ["route"]).with("/").observe(0.0031)
        registry.gauge("extremes", "Odd numbers.", labels: ["kind"]).with("infinity").set(.infinity)
        registry.gauge("extremes", "Odd numbers.", labels: ["kind"]).with("small").set(1e-300)
        let verdict = try Promtool().check(PrometheusExposition.text(of: registry))
        #expect(verdict.status == 0 && verdict.output.isEmpty, "\(verdict.output)")
    }

    @Test func promtoolWouldFindFault() throws {
        let registry = MetricsRegistry()
        registry.counter("http_requests", "A counter whose name does not end as it should.").with().increment()
        let verdict = try Promtool().check(PrometheusExposition.text(of: registry))
        #expect(verdict.status != 0)
        #expect(verdict.output.contains("_total"))
    }
}
