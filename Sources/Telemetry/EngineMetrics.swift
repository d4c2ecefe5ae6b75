/// What is told of an engine beside the server: how long it takes, how often it fails, and how often it had to be
/// filled again.
public struct EngineMetrics: Sendable {
    /// What it is asked.
    public enum Operation: String, CaseIterable, Sendable {
        case search
        case write
        case check
    }

    private let durations: MetricsFamily<Histogram>
    private let failures: MetricsFamily<Counter>
    /// How often what it had was thrown away and filled again.
    public let resets: Counter

    /// The figures of an engine.
    ///
    /// - parameters:
    ///   - name: what their names begin with.
    ///   - title: what it is called in their descriptions: "the vector engine".
    ///   - reason: when it is filled again: "had the vectors of another log".
    public init(_ name: String, of title: String, resetWhenIt reason: String, in registry: MetricsRegistry) {
        durations = registry.histogram(
            "\(name)_seconds", "How long \(title) took for an answer.", labels: ["operation"])
        failures = registry.counter(
            "\(name)_failures_total", "How often \(title) did not do what it was asked.", labels: ["operation"])
        resets = registry.counter(
            "\(name)_resets_total", "How often \(title) \(reason), and they were filled again."
        ).with()
        for operation in Operation.allCases { failures.with(operation.rawValue).increment(by: 0) }
    }

    /// Performs an operation while the calling thread waits.
    public func measure<T>(_ operation: Operation, _ body: () throws -> T) throws -> T {
        let start = ContinuousClock.now
        defer { durations.with(operation.rawValue).observe(ContinuousClock.now - start) }
        do { return try body() } catch {
            failures.with(operation.rawValue).increment()
            throw error
        }
    }

    /// Performs an operation.
    public func measure<T>(_ operation: Operation, _ body: () async throws -> T) async throws -> T {
        let start = ContinuousClock.now
        defer { durations.with(operation.rawValue).observe(ContinuousClock.now - start) }
        do { return try await body() } catch {
            failures.with(operation.rawValue).increment()
            throw error
        }
    }
}
