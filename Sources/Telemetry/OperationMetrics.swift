/// How long the operations of another program take, and how often they fail, by their names.
public struct OperationMetrics: Sendable {
    private let durations: MetricsFamily<Histogram>
    private let failures: MetricsFamily<Counter>

    /// Figures of some operations.
    ///
    /// - parameters:
    ///   - name: what the names of the figures begin with: `name_seconds` and `name_failures_total`.
    ///   - title: what the program is called in their descriptions: "the vector engine".
    public init(_ name: String, of title: String, operations: [String], in registry: MetricsRegistry) {
        durations = registry.histogram(
            "\(name)_seconds", "How long \(title) took for an answer.", labels: ["operation"])
        failures = registry.counter(
            "\(name)_failures_total", "How often \(title) did not do what it was asked.", labels: ["operation"])
        for operation in operations { failures.with(operation).increment(by: 0) }
    }

    /// Performs an operation while the calling thread waits.
    public func measure<T>(_ operation: String, _ body: () throws -> T) throws -> T {
        let start = ContinuousClock.now
        defer { durations.with(operation).observe(ContinuousClock.now - start) }
        do { return try body() } catch {
            failures.with(operation).increment()
            throw error
        }
    }

    /// Performs an operation.
    public func measure<T>(_ operation: String, _ body: () async throws -> T) async throws -> T {
        let start = ContinuousClock.now
        defer { durations.with(operation).observe(ContinuousClock.now - start) }
        do { return try await body() } catch {
            failures.with(operation).increment()
            throw error
        }
    }
}
