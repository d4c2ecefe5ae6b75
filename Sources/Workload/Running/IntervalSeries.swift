import Synchronization

/// What ended in each second of a run, put together from all generators.
final class IntervalSeries: Sendable {
    private struct State {
        /// Seconds that some generator has still to tell of.
        var open: [Int: (interval: Recorder.Interval, told: Int)] = [:]
        var figures: [IntervalFigures] = []
    }

    private let generatorCount: Int
    private let onSecond: @Sendable (IntervalFigures) -> Void
    private let state = Mutex(State())

    /// - parameter onSecond: is told of each second once it is over.
    init(generatorCount: Int, onSecond: @escaping @Sendable (IntervalFigures) -> Void) {
        self.generatorCount = generatorCount
        self.onSecond = onSecond
    }

    /// Takes what ended with one of the generators.
    func take(_ interval: Recorder.Interval) {
        let figures = state.withLock { state -> IntervalFigures? in
            var (sum, told) = state.open.removeValue(forKey: interval.second) ?? (interval, 0)
            if told > 0 {
                sum.latency.add(interval.latency)
                sum.failureCount += interval.failureCount
                sum.arrivalCount += interval.arrivalCount
            }
            guard told + 1 == generatorCount else {
                state.open[interval.second] = (sum, told + 1)
                return nil
            }
            let figures = IntervalFigures(sum)
            state.figures.append(figures)
            return figures
        }
        if let figures { onSecond(figures) }
    }

    /// Everything, in the order of time; called when all generators have ended.
    func finish() -> [IntervalFigures] {
        state.withLock { state in
            let rest = state.open.values.map { IntervalFigures($0.interval) }
            state.open = [:]
            return (state.figures + rest).sorted { $0.second < $1.second }
        }
    }
}

/// What ended in one second of a run.
public struct IntervalFigures: Sendable, Equatable {
    /// The second, from 0.
    public let second: Int
    /// How many requests were to be sent.
    public let arrivals: Int
    /// How many ended.
    public let count: Int
    /// How many of these failed.
    public let failures: Int
    /// Half of the latencies were at most this, in seconds.
    public let median: Double
    /// 99 of 100 were at most this, in seconds.
    public let p99: Double
    /// The longest, in seconds.
    public let longest: Double

    init(_ interval: Recorder.Interval) {
        second = interval.second
        arrivals = interval.arrivalCount
        count = interval.latency.count
        failures = interval.failureCount
        median = interval.latency.percentile(50)
        p99 = interval.latency.percentile(99)
        longest = interval.latency.longest
    }
}
