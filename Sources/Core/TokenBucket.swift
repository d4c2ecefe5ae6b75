/// How often something may be done: so many times a second, and some more at once after a rest.
///
/// It keeps one moment instead of a number of tokens (the generic cell rate algorithm, ITU-T I.371): when the bucket
/// would be full again. A value: time comes in as an argument, as the duration since some moment.
public struct TokenBucket: Sendable {
    /// How many tokens there are for each second.
    public let rate: Double
    private let interval: Duration
    private let tolerance: Duration
    private var fullAt: Duration?

    /// A full bucket.
    ///
    /// - parameters:
    ///   - rate: tokens for each second, from one in 11 days to a thousand million.
    ///   - burst: how many tokens it holds, at least 1.
    public init(rate: Double, burst: Int) {
        self.rate = rate
        interval = .nanoseconds(Int64(1e9 / min(max(rate, 1e-6), 1e9)))
        tolerance = interval * (max(1, burst) - 1)
    }

    /// Takes a token and returns nil, or returns when there is one.
    public mutating func take(at now: Duration) -> Duration? {
        let due = max(fullAt ?? now, now)
        guard due - tolerance <= now else { return due - tolerance }
        fullAt = due + interval
        return nil
    }

    /// Gives back a token that was taken and is not needed.
    public mutating func giveBack() { fullAt = fullAt.map { $0 - interval } }
}
