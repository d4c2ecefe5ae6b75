import Core
import Synchronization

/// A circuit breaker with a clock.
final class EndpointBreaker: Sendable {
    private let start = ContinuousClock.now
    private let state = Mutex(CircuitBreaker(.destination))

    private var now: Duration { .now - start }

    /// How long nobody may ask; nil when somebody may now.
    var pause: Duration? {
        let now = now
        return state.withLock { $0.retryTime(at: now) }.map { $0 - now }
    }

    /// Returns nil when the caller may ask, and then has to ``note(_:)`` what came of it; else how long to wait.
    func admit() -> Duration? {
        let now = now
        return state.withLock { breaker in
            if breaker.admit(at: now) { return nil }
            return (breaker.retryTime(at: now) ?? now) - now
        }
    }

    func note<Value>(_ reply: EndpointReply<Value>) {
        let now = now
        state.withLock { breaker in
            switch reply {
            // Who gave up does not know what would have come.
            case .failed(let failure) where failure.code == "cancelled": breaker.release()
            case .value, .refused, .failed: breaker.succeed()
            case .busy: breaker.release()
            case .broken: breaker.fail(at: now)
            }
        }
    }
}
