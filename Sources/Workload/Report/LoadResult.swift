public import Core

/// What came of a run.
public struct LoadResult: Sendable {
    /// The latencies of some requests, in seconds.
    public struct Latencies: Sendable {
        /// How many were measured.
        public let count: Int
        /// Their mean.
        public let mean: Double
        /// The longest.
        public let longest: Double
        private let histogram: LatencyHistogram

        init(_ histogram: LatencyHistogram) {
            count = histogram.count
            mean = histogram.mean
            longest = histogram.longest
            self.histogram = histogram
        }

        /// What so many percent of them are at most.
        public func percentile(_ percent: Double) -> Double { histogram.percentile(percent) }
    }

    /// The requests of one name.
    public struct Requests: Sendable {
        /// Their name.
        public let name: String
        /// How long their answers took, from when they were to be sent.
        public let latencies: Latencies
        /// How many failed.
        public let failureCount: Int
        /// How many failed for which reason.
        public let failures: [(reason: String, count: Int)]
    }

    /// A threshold and whether it was reached.
    public struct Verdict: Sendable {
        /// What had to be reached.
        public let threshold: Threshold
        /// What was reached.
        public let value: Double
        /// Whether that is enough.
        public let isReached: Bool
    }

    /// What was run.
    public let scenario: Scenario
    /// When it began.
    public let startedAt: Timestamp
    /// How long the measured part took, with the wait for the last answers.
    public let seconds: Double
    /// All latencies, from when each request was to be sent.
    public let latencies: Latencies
    /// The same from when each was sent: what a closed loop would have reported. Where this is much less, requests had
    /// to wait before they could be sent (coordinated omission).
    public let serviceTimes: Latencies
    /// How late requests were sent though a connection was free: the fault of the load generator itself.
    public let lateness: Latencies
    /// The requests by their names.
    public let requests: [Requests]
    /// Each second.
    public let intervals: [IntervalFigures]
    /// How many requests failed, with those that were never sent.
    public let failureCount: Int
    /// How many requests there were, with those that were never sent.
    public let count: Int
    /// How many bytes of answers came.
    public let byteCount: Int
    /// How often a connection was lost or closed.
    public let reconnectCount: Int
    /// Which part of its threads' time the load generator worked; near 1 it may be what is slow.
    public let processorShare: Double

    init(
        _ scenario: Scenario, _ recorder: Recorder, _ intervals: [IntervalFigures], startedAt: Timestamp,
        seconds: Double, processorShare: Double
    ) {
        self.scenario = scenario
        self.startedAt = startedAt
        self.seconds = seconds
        self.intervals = intervals
        self.processorShare = processorShare
        latencies = Latencies(recorder.latency)
        serviceTimes = Latencies(recorder.serviceTime)
        lateness = Latencies(recorder.lateness)
        requests = zip(scenario.requestNames, recorder.requests).map { name, requests in
            Requests(
                name: name, latencies: Latencies(requests.latency), failureCount: requests.failureCount,
                failures: requests.failures.map { (reason: $0.key, count: $0.value) }.sorted {
                    ($1.count, $0.reason) < ($0.count, $1.reason)
                })
        }
        failureCount = requests.reduce(0) { $0 + $1.failureCount } + recorder.droppedCount
        count = recorder.latency.count + recorder.droppedCount
        byteCount = recorder.byteCount
        reconnectCount = recorder.reconnectCount
    }

    /// Right answers a second, over the planned length of the run or what it took, whichever is longer.
    public var rate: Double { Double(count - failureCount) / length }

    /// How long the run took; one that is as long as its time is that long, though its last answer came earlier.
    private var length: Double {
        let planned = scenario.load.iterations == nil ? scenario.load.duration / .seconds(1) : 0
        return max(seconds, planned, 1e-9)
    }

    /// The part of the requests that failed.
    public var failedShare: Double { count == 0 ? 0 : Double(failureCount) / Double(count) }

    /// Each threshold of the scenario, with what was reached.
    public var verdicts: [Verdict] {
        scenario.thresholds.map { threshold in
            let value = value(of: threshold)
            // Nothing was measured, so nothing was reached.
            let isReached = count > 0 && threshold.comparison.holds(value, threshold.bound)
            return Verdict(threshold: threshold, value: value, isReached: isReached)
        }
    }

    /// Whether every threshold was reached.
    public var isReached: Bool { verdicts.allSatisfy(\.isReached) }

    private func value(of threshold: Threshold) -> Double {
        let request = requests.first { $0.name == threshold.request }
        let latencies = request?.latencies ?? latencies
        switch threshold.figure {
        case .percentile(let percent): return latencies.percentile(percent)
        case .longest: return latencies.longest
        case .mean: return latencies.mean
        case .failed:
            guard let request else { return failedShare }
            let count = request.latencies.count
            return count == 0 ? 0 : Double(request.failureCount) / Double(count)
        case .rate:
            guard let request else { return rate }
            let right = request.latencies.count - request.failureCount
            return Double(right) / length
        }
    }
}
