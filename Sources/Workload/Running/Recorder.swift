/// What one generator has seen. It lives on one event loop and is handed over at the end.
struct Recorder: Sendable {
    /// How a request ended.
    enum Outcome: Sendable, Equatable {
        case right
        /// It failed, for a reason that reports count.
        case failed(String)
    }

    /// What is known of the requests of one name.
    struct Requests: Sendable {
        var latency = LatencyHistogram()
        var failures: [String: Int] = [:]
        var failureCount = 0
    }

    private(set) var requests: [Requests]
    /// From when each was to be sent.
    private(set) var latency = LatencyHistogram()
    /// From when each was sent: all that a closed loop would have seen.
    private(set) var serviceTime = LatencyHistogram()
    /// How late requests were sent though a connection was free.
    private(set) var lateness = LatencyHistogram()
    private(set) var byteCount = 0
    /// Arrivals that were given up since too many waited for a connection.
    private(set) var droppedCount = 0
    private(set) var reconnectCount = 0
    /// When the last request ended, in nanoseconds of the system's clock.
    private(set) var lastEnd: Int64 = 0
    /// What ended in the second that runs.
    private(set) var interval = Interval()

    /// What ended in one second.
    struct Interval: Sendable {
        var second = 0
        var latency = LatencyHistogram(isCoarse: true)
        var failureCount = 0
        var arrivalCount = 0
    }

    /// How many reasons of failure are told apart; others are counted together.
    static let reasonLimit = 20

    init(requestCount: Int) {
        requests = (0..<requestCount).map { _ in Requests() }
    }

    /// A request ended.
    ///
    /// - parameters:
    ///   - latency: nanoseconds since it was to be sent.
    ///   - serviceTime: nanoseconds since it was sent; nil when it never was.
    ///   - now: when it ended.
    mutating func record(
        _ request: Int, _ outcome: Outcome, latency: Int64, serviceTime: Int64?, now: Int64, bytes: Int
    ) {
        lastEnd = max(lastEnd, now)
        self.latency.record(nanoseconds: latency)
        if let serviceTime { self.serviceTime.record(nanoseconds: serviceTime) }
        requests[request].latency.record(nanoseconds: latency)
        interval.latency.record(nanoseconds: latency)
        byteCount += bytes
        if case .failed(let reason) = outcome {
            interval.failureCount += 1
            requests[request].failureCount += 1
            let isKnown = requests[request].failures[reason] != nil
            let name = isKnown || requests[request].failures.count < Self.reasonLimit ? reason : "other reasons"
            requests[request].failures[name, default: 0] += 1
        }
    }

    mutating func recordArrival() { interval.arrivalCount += 1 }
    mutating func recordLateness(_ nanoseconds: Int64) { lateness.record(nanoseconds: nanoseconds) }
    mutating func recordReconnect() { reconnectCount += 1 }
    mutating func recordDrop() { droppedCount += 1 }

    /// Ends the second that runs. Returns what ended in it.
    mutating func endInterval(beginning second: Int) -> Interval {
        let ended = interval
        interval.latency.reset()
        interval.failureCount = 0
        interval.arrivalCount = 0
        interval.second = second
        return ended
    }

    /// Adds what another generator has seen of the same run.
    mutating func add(_ other: Recorder) {
        latency.add(other.latency)
        serviceTime.add(other.serviceTime)
        lateness.add(other.lateness)
        byteCount += other.byteCount
        droppedCount += other.droppedCount
        reconnectCount += other.reconnectCount
        lastEnd = max(lastEnd, other.lastEnd)
        for (index, theirs) in other.requests.enumerated() {
            requests[index].latency.add(theirs.latency)
            requests[index].failureCount += theirs.failureCount
            requests[index].failures.merge(theirs.failures, uniquingKeysWith: +)
        }
    }
}
