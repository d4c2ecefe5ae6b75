import Synchronization
import Telemetry

/// How much memory the bodies of all requests take, and may take.
final class BodyBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int, _ metrics: MetricsRegistry) {
        self.limit = limit
        let gauge = metrics.gauge("http_request_body_bytes", "Memory that the bodies of requests take.").with()
        metrics.onCollect { [weak self] in
            if let self { gauge.set(Double(used.load(ordering: .relaxed))) }
        }
    }

    /// Takes a number of bytes, unless there are not as many.
    func take(_ count: Int) -> Bool {
        let (_, sum) = used.add(count, ordering: .relaxed)
        if sum <= limit { return true }
        used.subtract(count, ordering: .relaxed)
        return false
    }

    func giveBack(_ count: Int) {
        used.subtract(count, ordering: .relaxed)
    }
}
