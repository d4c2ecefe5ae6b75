import NIOCore

/// How long to wait before the next attempt: each failure in a row doubles it, and chance spreads those who wait.
struct Backoff: Sendable {
    static let shortest = TimeAmount.milliseconds(50)
    static let longest = TimeAmount.seconds(5)

    private var failures = 0

    /// The time to wait after one more failure: from half of what is due to all of it.
    mutating func next(using random: inout some RandomNumberGenerator) -> TimeAmount {
        let due = min(Self.shortest * (1 << min(failures, 10)), Self.longest)
        failures += 1
        return .nanoseconds(Int64.random(in: due.nanoseconds / 2...due.nanoseconds, using: &random))
    }

    /// The last attempt succeeded.
    mutating func reset() { failures = 0 }
}
