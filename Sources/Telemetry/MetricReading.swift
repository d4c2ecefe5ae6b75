/// A counter, a gauge or a histogram.
public protocol MetricSeries: Sendable {
    /// What it shows at present.
    var reading: MetricReading { get }
}

/// What one series shows.
public enum MetricReading: Sendable, Equatable {
    /// A whole number that only grows.
    case count(Int)
    /// A number.
    case number(Double)
    /// How often values fell into each of a few ranges.
    case distribution(Distribution)
}

/// How values are spread over ranges.
public struct Distribution: Sendable, Equatable {
    /// The ascending upper bounds of the ranges but for the last, which has none.
    public let bounds: [Double]
    /// How many values lie at or below each bound; the last entry is all of them.
    public let cumulativeCounts: [Int]
    /// The sum of the values.
    public let sum: Double

    /// A distribution with one count more than it has bounds.
    init(bounds: [Double], cumulativeCounts: [Int], sum: Double) {
        self.bounds = bounds
        self.cumulativeCounts = cumulativeCounts
        self.sum = sum
    }

    /// How many values there are.
    public var count: Int { cumulativeCounts.last ?? 0 }

    /// The value that a share of all values does not exceed, or nil when there are none.
    ///
    /// Values are taken to be spread evenly over their range, whose lower end is the bound before it, or zero. A value
    /// above the last bound is known to be no less than that bound, which is then the answer.
    public func quantile(_ share: Double) -> Double? {
        guard count > 0, let last = bounds.last else { return nil }
        let rank = min(max(share, 0), 1) * Double(count)
        for (index, bound) in bounds.enumerated() where Double(cumulativeCounts[index]) >= rank {
            let below = index == 0 ? 0 : cumulativeCounts[index - 1]
            let within = cumulativeCounts[index] - below
            let lower = index == 0 ? min(0, bound) : bounds[index - 1]
            guard within > 0 else { return lower }
            return lower + (bound - lower) * (rank - Double(below)) / Double(within)
        }
        return last
    }
}
