/// How long to wait before the next attempt: each failure in a row doubles it, and chance spreads those who wait.
public struct Backoff: Sendable {
    private let shortest: Duration
    private let longest: Duration
    private var failures = 0

    /// Pauses between two bounds.
    public init(shortest: Duration = .milliseconds(50), longest: Duration = .seconds(5)) {
        self.shortest = shortest
        self.longest = longest
    }

    /// The time to wait after one more failure: from half of what is due to all of it.
    public mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let due = min(shortest * (1 << min(failures, 20)), longest)
        failures += 1
        return due * Double.random(in: 0.5...1, using: &random)
    }

    /// The last attempt succeeded.
    public mutating func reset() { failures = 0 }
}
