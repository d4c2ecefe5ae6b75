import Synchronization

/// Wakes one task that waits for work. Firing it costs a lock, and firing it twice is the same as once.
final class Signal: Sendable {
    private struct State {
        var isFired = false
        var waiter: CheckedContinuation<Void, Never>?
        /// Tells the timer of an earlier wait from that of this one.
        var round = 0
    }

    private let state = Mutex(State())

    /// Wakes whoever waits, or the next one who would.
    func fire() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.isFired = state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns once it is fired, after a while, or when the task is cancelled. One task at a time may wait.
    func wait(atMost duration: Duration) async {
        let round = state.withLock { state in
            state.round += 1
            return state.round
        }
        let timer = Task { [self] in
            try await Task.sleep(for: duration)
            end(round)
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard !state.isFired, !Task.isCancelled, state.round == round else {
                        state.isFired = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            end(round)
        }
    }

    /// Returns after a while, whatever is fired, or when the task is cancelled.
    func rest(_ duration: Duration) async {
        // A cancellation ends the rest; whoever rests looks for it.
        try? await Task.sleep(for: duration)
    }

    /// Ends a wait that is still the same one; one that has not begun yet ends at once.
    private func end(_ round: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.round == round else { return nil }
            defer { state.waiter = nil }
            if state.waiter == nil { state.round += 1 }
            return state.waiter
        }
        waiter?.resume()
    }
}
