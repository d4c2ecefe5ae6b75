import Telemetry

extension EngineMetrics {
    /// What is told of the engine that finds vectors.
    init(_ registry: MetricsRegistry) {
        self.init(
            "vector_engine", of: "the vector engine",
            resetWhenIt: "had the vectors of a collection of another log", in: registry)
    }
}
