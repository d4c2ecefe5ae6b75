import Telemetry

/// What is told of searches of graphs, whoever has them.
struct GraphSearchMetrics: Sendable {
    private let searches: MetricsFamily<Counter>
    private let durations: MetricsFamily<Histogram>

    init(_ registry: MetricsRegistry) {
        searches = registry.counter(
            "graph_searches_total", "Searches of graphs by what they look for and by what: one for each method.",
            labels: ["kind", "method"])
        durations = registry.histogram(
            "graph_search_duration_seconds",
            "How long a search of a graph for elements of one kind took, by all methods that it names.",
            labels: ["kind", "methods"])
    }

    /// Performs a search, and counts it whether it fails or not.
    func measure<T>(_ kind: ElementKind, _ section: SectionSearch, _ body: () throws -> T) rethrows -> T {
        let methods = SearchMethod.allCases.filter(section.methods.contains).map(\.rawValue)
        for method in methods { searches.with(kind.rawValue, method).increment() }
        let start = ContinuousClock.now
        defer { durations.with(kind.rawValue, methods.joined(separator: "+")).observe(ContinuousClock.now - start) }
        return try body()
    }
}
