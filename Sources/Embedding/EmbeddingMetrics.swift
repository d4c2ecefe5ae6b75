import Core
import Telemetry

/// What is counted of turning texts into vectors.
struct EmbeddingMetrics: Sendable {
    /// The requests.
    let endpoint: EndpointMetrics
    /// The texts that were sent.
    let texts: Counter
    /// The texts that wait.
    let waiting: Gauge

    init(_ registry: MetricsRegistry) {
        endpoint = EndpointMetrics(
            registry, .embedding, failures: "Requests whose texts could not be turned into vectors, by what was wrong.")
        texts = registry.counter(
            "embedding_texts_total", "Texts that were sent to the endpoint of embedding.url, each attempt."
        ).with()
        waiting = registry.gauge(
            "embedding_texts_waiting", "Texts that wait for a request to the endpoint of embedding.url."
        ).with()
    }
}
