import Synchronization

/// All metrics of a process, by name.
///
/// A family (`http_requests_total`) has one series for each combination of label values. Look a series up once and keep
/// it: counting on it is one atomic addition.
public final class MetricsRegistry: Sendable {
    private let families = Mutex<[String: any MetricFamily]>([:])
    private let collectors = Mutex<[@Sendable () -> Void]>([])

    /// How many series one family may have; further label values are counted in a series whose labels say `other`.
    public static let seriesLimit = 2_000

    /// An empty registry.
    public init() {}

    /// A family of counters, made at its first use.
    public func counter(_ name: String, _ help: String, labels: [String] = []) -> MetricsFamily<Counter> {
        family(name, help, labels, type: .counter) { Counter() }
    }

    /// A family of counters whose numbers are counted elsewhere, made at its first use.
    public func observedCounter(
        _ name: String, _ help: String, labels: [String] = []
    ) -> MetricsFamily<ObservedCounter> {
        family(name, help, labels, type: .counter) { ObservedCounter() }
    }

    /// A family of gauges, made at its first use.
    public func gauge(_ name: String, _ help: String, labels: [String] = []) -> MetricsFamily<Gauge> {
        family(name, help, labels, type: .gauge) { Gauge() }
    }

    /// A family of histograms, made at its first use.
    ///
    /// - parameter buckets: the ascending upper bounds, in the unit that the name ends with.
    public func histogram(
        _ name: String, _ help: String, labels: [String] = [], buckets: [Double] = Histogram.seconds
    ) -> MetricsFamily<Histogram> {
        family(name, help, labels, type: .histogram) { Histogram(buckets: buckets) }
    }

    /// Calls a closure before each exposition, to set gauges whose value is somewhere else.
    public func onCollect(_ collect: @escaping @Sendable () -> Void) {
        collectors.withLock { $0.append(collect) }
    }

    /// Every family by ascending name, with gauges brought up to date.
    func collect() -> [any MetricFamily] {
        for collect in collectors.withLock({ $0 }) { collect() }
        return families.withLock { $0.values.sorted { $0.name < $1.name } }
    }

    private func family<Series>(
        _ name: String, _ help: String, _ labels: [String], type: MetricType, make: @escaping @Sendable () -> Series
    ) -> MetricsFamily<Series> {
        families.withLock { families in
            if let family = families[name] as? MetricsFamily<Series> { return family }
            let family = MetricsFamily(name: name, help: help, labels: labels, type: type, make: make)
            families[name] = family
            return family
        }
    }
}
