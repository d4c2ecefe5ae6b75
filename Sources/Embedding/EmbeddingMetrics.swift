import Core
import Telemetry

/// What is counted of turning texts into vectors.
struct EmbeddingMetrics: Sendable {
    private let requests: MetricsFamily<Counter>
    private let durations: Histogram
    private let failures: MetricsFamily<Counter>
    /// The texts that were sent.
    let texts: Counter
    /// The texts that wait.
    let waiting: Gauge

    init(_ registry: MetricsRegistry) {
        requests = registry.counter(
            "embedding_requests_total",
            "Requests to the endpoint of embedding.url, by the class of the status or the code of the failure.",
            labels: ["outcome"])
        durations = registry.histogram(
            "embedding_request_duration_seconds",
            "How long requests to the endpoint of embedding.url took, with those that failed."
        ).with()
        texts = registry.counter(
            "embedding_texts_total", "Texts that were sent to the endpoint of embedding.url, each attempt."
        ).with()
        waiting = registry.gauge(
            "embedding_texts_waiting", "Texts that wait for a request to the endpoint of embedding.url."
        ).with()
        failures = registry.counter(
            "embedding_failures_total", "Requests whose texts could not be turned into vectors, by what was wrong.",
            labels: ["code"])
    }

    /// A request with so many texts is over.
    func observe(_ outcome: String, texts count: Int, took time: Duration) {
        requests.with(outcome).increment()
        texts.increment(by: count)
        durations.observe(time)
    }

    /// Somebody's texts were not turned into vectors.
    func count(_ failure: Failure) { failures.with(failure.code).increment() }
}
