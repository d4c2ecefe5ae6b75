import Core
import NIOCore
import Synchronization

/// The circuit breaker of each server, for all event loops: what one finds out spares the others.
final class RedisCircuits: Sendable {
    private let breakers = Mutex<[RedisAddress: CircuitBreaker]>([:])
    private let metrics: RedisMetrics

    init(_ metrics: RedisMetrics) {
        self.metrics = metrics
    }

    /// Whether a server may be asked now. Whoever may must tell what came of it.
    func permits(_ address: RedisAddress) -> Bool {
        breakers.withLock { $0[address, default: CircuitBreaker()].permits(at: .now()) }
    }

    /// A server has answered.
    func succeeded(_ address: RedisAddress) {
        change(address) { $0.succeeded() }
    }

    /// A server has not answered.
    func failed(_ address: RedisAddress) {
        change(address) { $0.failed(at: .now()) }
    }

    private func change(_ address: RedisAddress, _ body: (inout CircuitBreaker) -> Void) {
        breakers.withLock { breakers in
            body(&breakers[address, default: CircuitBreaker()])
            metrics.set(address, isUp: breakers[address]?.isClosed ?? true)
        }
    }
}
