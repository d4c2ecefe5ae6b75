import Synchronization

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
