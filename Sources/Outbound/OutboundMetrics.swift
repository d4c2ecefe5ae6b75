import Core
import NIOCore
import Telemetry

/// What is counted of what is sent to the outside world.
struct OutboundMetrics: Sendable {
    private let requests: MetricsFamily<Counter>
    private let durations: Histogram
    private let connectionCounts: MetricsFamily<Gauge>
    private let successes: Counter

    init(_ registry: MetricsRegistry) {
        requests = registry.counter(
            "outbound_requests_total",
            "HTTP requests to the outside world, by the class of the status or the code of the failure.",
            labels: ["outcome"])
        durations = registry.histogram(
            "outbound_request_duration_seconds",
            "How long HTTP requests to the outside world took, with those that failed."
        ).with()
        connectionCounts = registry.gauge(
            "outbound_connections", "Connections to the outside world, with those that are being made.",
            labels: ["protocol"])
        successes = requests.with("2xx")
    }

    /// A request is over.
    func observe(_ result: Result<HTTPAnswer, Failure>, since start: NIODeadline) {
        switch result {
        case .success(let answer) where answer.isSuccess: successes.increment()
        case .success(let answer): requests.with("\(answer.status / 100)xx").increment()
        case .failure(let failure): requests.with(failure.code).increment()
        }
        durations.observe(Double((NIODeadline.now() - start).nanoseconds) / 1e9)
    }

    /// How many connections of a protocol there are.
    func connections(_ name: String) -> Gauge { connectionCounts.with(name) }
}
