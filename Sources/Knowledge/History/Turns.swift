import Synchronization

/// Lets one at a time do something that takes long. The others wait for their turns, in the order in which they came.
final class Turns: Sendable {
    private struct State {
        var isTaken = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Those who wait are requests, whose number is bounded where they are taken in.
    private let state = Mutex(State())

    /// Does something when nobody else does.
    func take<T>(_ body: () async throws -> T) async throws -> T {
        await begin()
        defer { end() }
        try Task.checkCancellation()
        return try await body()
    }

    private func begin() async {
        await withCheckedContinuation { waiter in
            let isFirst = state.withLock { state in
                guard state.isTaken else {
                    state.isTaken = true
                    return true
                }
                state.waiters.append(waiter)
                return false
            }
            if isFirst { waiter.resume() }
        }
    }

    private func end() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.isTaken = false
            return nil
        }
        next?.resume()
    }
}
