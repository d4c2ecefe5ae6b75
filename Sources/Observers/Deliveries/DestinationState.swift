import Core
import Outbound

/// What several actions share that go to one destination: how many deliveries are under way, how fast they may begin,
/// and whether it is left alone because it fails.
///
/// A value: time comes in as an argument.
struct DestinationState: Sendable {
    /// Whether a delivery may begin.
    enum Admission: Equatable, Sendable {
        /// It may, and counts as begun.
        case granted
        /// Not before a moment.
        case later(Duration)
        /// Not before another one ends.
        case full
    }

    private var breaker = CircuitBreaker(.destination)
    private var bucket: TokenBucket?
    private(set) var active = 0

    /// Asks for a delivery to begin.
    ///
    /// - parameters:
    ///   - concurrency: how many may be under way at once.
    ///   - rate: how many may begin in a second; nil for no limit.
    ///   - now: the time since some moment.
    mutating func begin(concurrency: Int, rate: Int?, at now: Duration) -> Admission {
        guard active < concurrency else { return .full }
        if let retry = breaker.retryTime(at: now) { return .later(retry) }
        if let rate {
            if bucket?.rate != Double(rate) {
                bucket = TokenBucket(rate: Double(rate), burst: rate / 10)
            }
            if let next = bucket?.take(at: now) { return .later(next) }
        }
        // A probe that ends without an outcome is given back by `end(isWell: nil)`.
        guard breaker.admit(at: now) else { return .full }
        active += 1
        return .granted
    }

    /// A delivery that was begun has ended.
    ///
    /// - parameter isWell: whether the destination works; nil when nothing was learnt about that.
    mutating func end(isWell: Bool?, at now: Duration) {
        active -= 1
        switch isWell {
        case true?: breaker.succeed()
        case false?: breaker.fail(at: now)
        case nil: breaker.release()
        }
    }

    /// Whether it is left alone.
    func isOpen(at now: Duration) -> Bool { leftAlone(at: now) != nil }

    /// Until when it is left alone; nil when it is not.
    func leftAlone(at now: Duration) -> Duration? { breaker.retryTime(at: now) }
}
