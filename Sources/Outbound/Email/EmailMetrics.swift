import Core
import NIOCore
import Telemetry

/// What is counted of e-mail.
struct EmailMetrics: Sendable {
    private let emails: MetricsFamily<Counter>
    private let durations: Histogram

    init(_ registry: MetricsRegistry) {
        emails = registry.counter(
            "outbound_emails_total", "E-mails by what became of them: sent, or the code of the failure.",
            labels: ["outcome"])
        durations = registry.histogram(
            "outbound_email_duration_seconds", "How long e-mails took to be sent, with those that failed."
        ).with()
    }

    /// A message is over.
    func observe(_ result: Result<Void, Failure>, since start: NIODeadline) {
        switch result {
        case .success: emails.with("sent").increment()
        case .failure(let failure): emails.with(failure.code).increment()
        }
        durations.observe(Double((NIODeadline.now() - start).nanoseconds) / 1e9)
    }
}
