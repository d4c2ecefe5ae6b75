import Core
import Foundation
import Synchronization

/// A TCP proxy before a server of this machine: a network that tests make slow, split or cut.
///
/// One thread passes on the bytes of all connections. What was sent while the network was split stays with the proxy
/// and arrives when it heals, as what TCP repeats does.
public final class NetworkProxy: Sendable {
    /// What the network does.
    public enum Condition: Sendable, Equatable {
        /// Everything arrives at once.
        case open
        /// Everything arrives so much later, each way.
        case delayed(Duration)
        /// Nothing arrives, and nobody is told: connections stay open, and new ones are not answered.
        case partitioned
        /// Connections are reset and new ones refused.
        case cut
    }

    /// Where it listens.
    public let port: Int
    private let state = Mutex(State())
    private let alarm: Pipe

    private struct State {
        var condition = Condition.open
        /// Who waits until the condition holds.
        var waiters: [DispatchSemaphore] = []
    }

    /// Listens on a free port for a server that listens on another one.
    public init(to server: Int) throws {
        port = try FreePort.find()
        alarm = Pipe()
        let made = try ProxyRelay(port: port, server: server, alarm: alarm.fileHandleForReading.fileDescriptor)
        Thread.detachNewThread { [weak self, alarm] in
            var relay = made
            // The relay works as long as somebody has the proxy.
            while let next = self?.next() {
                relay.apply(next.condition)
                for waiter in next.waiters { waiter.signal() }
                relay.pass()
            }
            relay.close()
            withExtendedLifetime(alarm) {}
        }
    }

    deinit { ring() }

    /// Changes what the network does, and returns once that holds.
    public func set(_ condition: Condition) {
        let waiter = DispatchSemaphore(value: 0)
        state.withLock { state in
            state.condition = condition
            state.waiters.append(waiter)
        }
        ring()
        waiter.wait()
    }

    private func ring() {
        var byte: UInt8 = 0
        write(alarm.fileHandleForWriting.fileDescriptor, &byte, 1)
    }

    private func next() -> (condition: Condition, waiters: [DispatchSemaphore]) {
        state.withLock { state in
            defer { state.waiters = [] }
            return (state.condition, state.waiters)
        }
    }
}
