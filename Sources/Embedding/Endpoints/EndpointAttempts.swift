import Core

/// When to ask again after a failure that may pass: pauses grow, none is shorter than the endpoint asks for, and after
/// each there is time for an attempt before the deadline.
struct EndpointAttempts: Sendable {
    /// How long an attempt has at least.
    private static let shortestAttempt = Duration.milliseconds(250)

    private let deadline: ContinuousClock.Instant
    private var backoff = Backoff(shortest: .milliseconds(200), longest: .seconds(5))

    /// Attempts until a moment.
    init(until deadline: ContinuousClock.Instant) { self.deadline = deadline }

    /// How long to wait before the next attempt; nil when there is no time for one.
    ///
    /// - parameter asked: how long the endpoint asks to wait.
    mutating func pause(
        atLeast asked: Duration?, at now: ContinuousClock.Instant, using random: inout some RandomNumberGenerator
    ) -> Duration? {
        let pause = max(backoff.next(using: &random), asked ?? .zero)
        return now + pause + Self.shortestAttempt <= deadline ? pause : nil
    }
}
