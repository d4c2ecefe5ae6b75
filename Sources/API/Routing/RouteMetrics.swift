import HTTPTypes
import Synchronization
import Telemetry

/// What is counted of one route. Its series are looked up once.
final class RouteMetrics: Sendable {
    private let method: String
    private let path: String
    private let requests: MetricsFamily<Counter>
    private let duration: Histogram
    private let byStatus = Mutex<[Int: Counter]>([:])

    init(method: String, path: String, _ registry: MetricsRegistry) {
        self.method = method
        self.path = path
        requests = registry.counter(
            "http_requests_total", "Requests by method, route and status.", labels: ["method", "route", "status"])
        duration = registry.histogram(
            "http_request_duration_seconds", "How long requests took, from their last byte to their answer.",
            labels: ["method", "route"]
        ).with(method, path)
    }

    /// Counts a request that was answered.
    func count(_ status: HTTPResponse.Status, took time: Duration) {
        let counter = byStatus.withLock { counters in
            if let counter = counters[status.code] { return counter }
            let counter = requests.with(method, path, String(status.code))
            counters[status.code] = counter
            return counter
        }
        counter.increment()
        duration.observe(time)
    }
}
