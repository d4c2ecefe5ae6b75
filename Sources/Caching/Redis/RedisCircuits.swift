import Core
import NIOCore
import Synchronization

/// The circuit breaker of each server, for all event loops: what one finds out spares the others.
final class RedisCircuits: Sendable {
    private let breakers = Mutex<[RedisAddress: CircuitBreaker]>([:])
    private let metrics: RedisMetrics
    private static let policy = CircuitBreaker.Policy.consecutive(
        5, shortestPause: .milliseconds(500), longestPause: .seconds(5))

    private static var now: Duration { .nanoseconds(NIODeadline.now().uptimeNanoseconds) }

    init(_ metrics: RedisMetrics) {
        self.metrics = metrics
    }

    /// Whether a server may be asked now. Whoever may must tell what came of it.
    func permits(_ address: RedisAddress) -> Bool {
        breakers.withLock { $0[address, default: CircuitBreaker(Self.policy)].admit(at: Self.now) }
    }

    /// A server has answered.
    func succeeded(_ address: RedisAddress) {
        change(address) { $0.succeed() }
    }

    /// A server has not answered.
    func failed(_ address: RedisAddress) {
        change(address) { $0.fail(at: Self.now) }
    }

    private func change(_ address: RedisAddress, _ body: (inout CircuitBreaker) -> Void) {
        breakers.withLock { breakers in
            body(&breakers[address, default: CircuitBreaker(Self.policy)])
            metrics.set(address, isUp: breakers[address]?.isClosed ?? true)
        }
    }
}
