import Core
import Telemetry

/// What is counted of the requests to an endpoint.
struct EndpointMetrics: Sendable {
    private let requests: MetricsFamily<Counter>
    private let durations: Histogram
    private let failures: MetricsFamily<Counter>

    /// - parameter failures: what is counted of those whose request came to nothing.
    init(_ registry: MetricsRegistry, _ terms: EndpointTerms, failures help: String) {
        requests = registry.counter(
            "\(terms.code)_requests_total",
            "Requests to the endpoint of \(terms.settings).url, by the class of the status or the code of the failure.",
            labels: ["outcome"])
        durations = registry.histogram(
            "\(terms.code)_request_duration_seconds",
            "How long requests to the endpoint of \(terms.settings).url took, with those that failed."
        ).with()
        failures = registry.counter("\(terms.code)_failures_total", help, labels: ["code"])
    }

    /// A request is over.
    func observe(_ outcome: String, took time: Duration) {
        requests.with(outcome).increment()
        durations.observe(time)
    }

    /// Somebody did not get what they asked for.
    func count(_ failure: Failure) { failures.with(failure.code).increment() }
}
