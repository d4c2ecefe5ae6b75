import Core
import NIOCore
import Telemetry

/// What is counted of Redis.
struct RedisMetrics: Sendable {
    private let durations: MetricsFamily<Histogram>
    private let errors: MetricsFamily<Counter>
    private let up: MetricsFamily<Gauge>

    init(_ registry: MetricsRegistry) {
        durations = registry.histogram(
            "redis_command_duration_seconds", "How long commands of Redis took, with those that failed.",
            labels: ["command"])
        errors = registry.counter(
            "redis_errors_total", "Commands of Redis that failed, by the code of the failure.", labels: ["code"])
        up = registry.gauge(
            "redis_up", "Whether a server of Redis is asked: 0 while it is left alone after failures.",
            labels: ["server"])
    }

    /// A command is over.
    func observe(_ command: RedisCommand, since start: NIODeadline) {
        durations.with(command.name).observe(Double((NIODeadline.now() - start).nanoseconds) / 1e9)
    }

    /// Something failed.
    func count(_ error: any Error) {
        errors.with((error as? Failure)?.code ?? "other").increment()
    }

    /// Whether a server is asked.
    func set(_ address: RedisAddress, isUp: Bool) {
        up.with(address.description).set(isUp ? 1 : 0)
    }
}
