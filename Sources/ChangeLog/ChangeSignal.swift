import Synchronization

/// Wakes whoever waits for new changes. Firing it costs a lock and nothing else while nobody waits.
final class ChangeSignal: Sendable {
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var waiters: [Int: Waiter] = [:]
        var nextTicket = 0
    }

    private let state = Mutex(State())

    /// Wakes all who wait.
    func fire() {
        let waiters = state.withLock { state in
            defer { state.waiters.removeAll(keepingCapacity: true) }
            return state.waiters.values.map { $0 }
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when fired, when the time is over, or at once when there is nothing to wait for.
    ///
    /// - parameter isDone: looked at after the caller is listed, so that a signal in between is not missed.
    /// - throws: `CancellationError` when the task is cancelled.
    func wait(atMost duration: Duration, unless isDone: @Sendable () -> Bool) async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        let timer = Task { [self] in
            try await Task.sleep(for: duration)
            leave(ticket)?.resume()
        }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.waiters[ticket] = continuation }
                if isDone() { leave(ticket)?.resume() }
                if Task.isCancelled { leave(ticket)?.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            leave(ticket)?.resume(throwing: CancellationError())
        }
    }

    private func leave(_ ticket: Int) -> Waiter? {
        state.withLock { $0.waiters.removeValue(forKey: ticket) }
    }
}
