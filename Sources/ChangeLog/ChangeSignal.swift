import Synchronization

/// Wakes whoever waits for something to move on. Firing it costs a lock and nothing else while nobody waits.
public final class ChangeSignal: Sendable {
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var waiters: [Int: Waiter] = [:]
        var nextTicket = 0
    }

    private let state = Mutex(State())

    /// A signal that nobody waits for.
    public init() {}

    /// Wakes all who wait.
    public func fire() {
        let waiters = state.withLock { state in
            defer { state.waiters.removeAll(keepingCapacity: true) }
            return state.waiters.values.map { $0 }
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when a condition holds, or when the time is over. Whether it holds, the caller sees for itself.
    ///
    /// - parameter condition: becomes true before ``fire()`` is called, and is looked at after each.
    /// - throws: `CancellationError` when the task is cancelled.
    public func wait(atMost duration: Duration, until condition: @Sendable () -> Bool) async throws {
        let deadline = ContinuousClock.now + duration
        while !condition(), ContinuousClock.now < deadline {
            try await waitOnce(until: deadline, unless: condition)
        }
    }

    /// How many wait.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    /// Returns when fired, at the deadline, or at once when the condition holds.
    private func waitOnce(
        until deadline: ContinuousClock.Instant, unless condition: @Sendable () -> Bool
    ) async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        let timer = Task { [self] in
            try await Task.sleep(until: deadline, clock: .continuous)
            leave(ticket)?.resume()
        }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.waiters[ticket] = continuation }
                // Whatever came before the waiter was listed did not find it, so each is looked at again now that it
                // is: the signal, the timer, the cancellation.
                if condition() || ContinuousClock.now >= deadline { leave(ticket)?.resume() }
                if Task.isCancelled { leave(ticket)?.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            leave(ticket)?.resume(throwing: CancellationError())
        }
    }

    /// Takes a waiter out. Whoever gets it resumes it, so nobody resumes it twice.
    private func leave(_ ticket: Int) -> Waiter? {
        state.withLock { $0.waiters.removeValue(forKey: ticket) }
    }
}
