import ChangeLog
import Core
import Logging
import Telemetry
import TestKit
import Testing

@testable import Observers

extension MetricsRegistry {
    /// The number of a series as an operator sees it, for example `observer_alerts_total{observer="a"}`; nil when there
    /// is no such series.
    func value(of series: String) -> Double? {
        let text = String(decoding: PrometheusExposition.text(of: self), as: UTF8.self)
        return text.split(separator: "\n").first { $0.hasPrefix("\(series) ") }
            .flatMap { Double($0.dropFirst(series.utf8.count + 1)) }
    }
}

extension RoleFixture {
    /// The number of a series of the role.
    func metric(_ series: String) -> Double? { store.metrics.value(of: series) }

    /// The same once it is at least so much, or after a while as it is.
    func metric(_ series: String, reaches least: Double) async throws -> Double? {
        try await eventually {
            metric(series)
        } until: {
            ($0 ?? -1) >= least
        }
    }

    /// Returns once so many changes are matched.
    func isMatched(_ count: Double) async throws {
        #expect(try await metric("observer_events_processed_total", reaches: count) == count)
    }

    /// How many values of a histogram are greater than one of its bounds.
    func count(of histogram: String, above bound: Double) -> Int {
        let counted = store.metrics.histogram(histogram, "", buckets: Histogram.counts).with().distribution
        let place = counted.bounds.firstIndex(of: bound)
        return place.map { counted.count - counted.cumulativeCounts[$0] } ?? 0
    }

    /// A sweeper of the same tables, which counts in a registry of its own.
    func sweeper(_ metrics: MetricsRegistry, settings texts: [String: String] = [:]) throws -> DeliverySweeper {
        let logger = Logger(label: "test")
        return DeliverySweeper(
            store.log, Partitions(of: store.log, signal: Signal(), logger: logger),
            settings: try Self.settings(texts), registry: metrics, metrics: ObserverMetrics(metrics), logger: logger)
    }
}
