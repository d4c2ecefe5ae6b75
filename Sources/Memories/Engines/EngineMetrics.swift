import Core
import Telemetry

/// What is told of an engine beside this server.
struct EngineMetrics: Sendable {
    /// What it is asked.
    enum Operation: String, CaseIterable {
        case search
        case write
        case check
    }

    private let operations: OperationMetrics
    /// How often the vectors of a collection were of another log.
    let resets: Counter

    init(_ registry: MetricsRegistry) {
        operations = OperationMetrics(
            "vector_engine", of: "the vector engine", operations: Operation.allCases.map(\.rawValue), in: registry)
        resets = registry.counter(
            "vector_engine_resets_total",
            "How often the vector engine had the vectors of a collection of another log, and they were filled again."
        ).with()
    }

    func measure<T>(_ operation: Operation, _ body: () throws -> T) throws -> T {
        try operations.measure(operation.rawValue, body)
    }

    func measure<T>(_ operation: Operation, _ body: () async throws -> T) async throws -> T {
        try await operations.measure(operation.rawValue, body)
    }
}
