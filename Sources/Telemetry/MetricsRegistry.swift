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

/// What a metric is, in the words of the exposition format.
enum MetricType: String, Sendable {
    case counter, gauge, histogram
}

/// A family without the type of its series.
protocol MetricFamily: Sendable {
    var name: String { get }
    var help: String { get }
    var labels: [String] { get }
    var type: MetricType { get }
    /// Every series with its label values, in a stable order.
    var samples: [(values: [String], series: any MetricSeries)] { get }
}

/// A counter, a gauge or a histogram.
public protocol MetricSeries: Sendable {}

/// The series of one metric, by the values of its labels.
public final class MetricsFamily<Series: MetricSeries>: MetricFamily {
    let name: String
    let help: String
    let labels: [String]
    let type: MetricType
    private let make: @Sendable () -> Series
    private let series = Mutex<[[String]: Series]>([:])

    init(name: String, help: String, labels: [String], type: MetricType, make: @escaping @Sendable () -> Series) {
        self.name = name
        self.help = help
        self.labels = labels
        self.type = type
        self.make = make
    }

    /// The series of the given label values, one for each label in their order.
    public func with(_ values: String...) -> Series { with(values) }

    /// The series of the given label values, one for each label in their order.
    public func with(_ values: [String]) -> Series {
        series.withLock { series in
            if let found = series[values] { return found }
            let isFull = series.count >= MetricsRegistry.seriesLimit
            let key = isFull ? labels.map { _ in "other" } : values
            if let found = series[key] { return found }
            let made = make()
            series[key] = made
            return made
        }
    }

    var samples: [(values: [String], series: any MetricSeries)] {
        series.withLock { series in
            series.map { ($0.key, $0.value) }
        }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
    }
}
