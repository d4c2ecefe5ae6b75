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

    private let durations: MetricsFamily<Histogram>
    private let failures: MetricsFamily<Counter>
    /// How often the vectors of a collection were of another log.
    let resets: Counter

    init(_ registry: MetricsRegistry) {
        durations = registry.histogram(
            "vector_engine_seconds", "How long the vector engine took for an answer.", labels: ["operation"])
        failures = registry.counter(
            "vector_engine_failures_total", "How often the vector engine did not do what it was asked.",
            labels: ["operation"])
        resets = registry.counter(
            "vector_engine_resets_total",
            "How often the vector engine had the vectors of a collection of another log, and they were filled again."
        ).with()
        for operation in Operation.allCases { failures.with(operation.rawValue).increment(by: 0) }
    }

    func measure<T>(_ operation: Operation, _ body: () throws -> T) throws -> T {
        let start = ContinuousClock.now
        defer { durations.with(operation.rawValue).observe(ContinuousClock.now - start) }
        do { return try body() } catch {
            failures.with(operation.rawValue).increment()
            throw error
        }
    }

    func measure<T>(_ operation: Operation, _ body: () async throws -> T) async throws -> T {
        let start = ContinuousClock.now
        defer { durations.with(operation.rawValue).observe(ContinuousClock.now - start) }
        do { return try await body() } catch {
            failures.with(operation.rawValue).increment()
            throw error
        }
    }
}
