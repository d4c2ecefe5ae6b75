import Histogram

/// Latencies, counted in microseconds with three digits (HdrHistogram, Gil Tene).
struct LatencyHistogram: Sendable {
    private var histogram: Histogram<UInt32>
    private(set) var sum: Double = 0

    /// The longest that is told from others, an hour; longer ones count as this.
    private static let longest: UInt64 = 3_600_000_000

    /// - parameter isCoarse: two digits take an eighth of the memory.
    init(isCoarse: Bool = false) {
        histogram = Histogram(
            lowestDiscernibleValue: 1, highestTrackableValue: Self.longest,
            numberOfSignificantValueDigits: isCoarse ? .two : .three)
    }

    var count: Int { Int(histogram.totalCount) }

    mutating func record(nanoseconds: Int64) {
        let microseconds = min(Self.longest, UInt64(max(0, nanoseconds)) / 1_000)
        histogram.record(microseconds)
        sum += Double(microseconds) / 1e6
    }

    mutating func add(_ other: LatencyHistogram) {
        histogram.add(other.histogram)
        sum += other.sum
    }

    mutating func reset() {
        histogram.reset()
        sum = 0
    }

    /// The latency in seconds that so many percent have at most; 0 of nothing.
    func percentile(_ percent: Double) -> Double {
        count == 0 ? 0 : min(Double(histogram.valueAtPercentile(percent)) / 1e6, longest)
    }

    /// The longest in seconds.
    var longest: Double { count == 0 ? 0 : Double(histogram.maxRecorded) / 1e6 }
    /// The mean in seconds.
    var mean: Double { count == 0 ? 0 : sum / Double(count) }
}
