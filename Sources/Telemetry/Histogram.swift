/// How often values fell into each of a few ranges, with their sum.
public final class Histogram: MetricSeries {
    /// Upper bounds in seconds from 50 µs to 10 s, finer where a fast server lives.
    public static let seconds = [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// Upper bounds for counts of things, in powers of two up to 4,096.
    public static let counts = [1.0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]

    /// The ascending upper bounds; values above the last fall into an unbounded range.
    public let buckets: [Double]
    private let counts: [Counter]
    private let total = Gauge()

    init(buckets: [Double]) {
        self.buckets = buckets
        counts = (0...buckets.count).map { _ in Counter() }
    }

    /// Counts a value.
    public func observe(_ value: Double) {
        let index = buckets.firstIndex { value <= $0 } ?? buckets.count
        counts[index].increment()
        total.add(value)
    }

    /// Counts a duration in seconds.
    public func observe(_ duration: Duration) {
        observe(duration / .seconds(1))
    }

    /// What was counted so far.
    public var distribution: Distribution {
        var sum = 0
        let cumulative = counts.map {
            sum += $0.value
            return sum
        }
        return Distribution(bounds: buckets, cumulativeCounts: cumulative, sum: total.value)
    }

    public var reading: MetricReading { .distribution(distribution) }
}
