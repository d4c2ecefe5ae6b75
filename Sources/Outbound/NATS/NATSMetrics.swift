import Core
import NIOCore
import Telemetry

/// What is counted of NATS.
struct NATSMetrics: Sendable {
    private let messages: MetricsFamily<Counter>
    private let durations: Histogram
    private let stored: Counter

    init(_ registry: MetricsRegistry) {
        messages = registry.counter(
            "outbound_nats_messages_total",
            "Messages to NATS by what became of them: stored, duplicate, or the code of the failure.",
            labels: ["outcome"])
        durations = registry.histogram(
            "outbound_nats_duration_seconds", "How long messages to NATS took to be stored, with those that failed."
        ).with()
        stored = messages.with("stored")
    }

    /// A message is over.
    func observe(_ result: Result<NATSAcknowledgement, Failure>, since start: NIODeadline) {
        switch result {
        case .success(let acknowledgement) where acknowledgement.isDuplicate: messages.with("duplicate").increment()
        case .success: stored.increment()
        case .failure(let failure): messages.with(failure.code).increment()
        }
        durations.observe(Double((NIODeadline.now() - start).nanoseconds) / 1e9)
    }
}
