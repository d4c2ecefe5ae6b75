import Core
import Dispatch
import Synchronization

/// What waits for the one thread that does it, batch by batch: all that has gathered meanwhile at once, up to a number.
final class BatchQueue<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var isAsleep = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let limit: Int
    private let batchLimit: Int
    private let refusal: Failure

    /// - parameters:
    ///   - limit: how many may wait.
    ///   - batchLimit: how many the thread is given at once.
    ///   - refusal: what one more is told.
    init(limit: Int, batchLimit: Int, refusal: Failure) {
        self.limit = limit
        self.batchLimit = batchLimit
        self.refusal = refusal
    }

    /// How many wait.
    var count: Int { state.withLock { $0.waiting.count } }

    /// Adds one more at the end. Returns why it is not taken, if it is not.
    func append(_ element: Element) -> Failure? {
        let (failure, wakes) = state.withLock { state -> (Failure?, Bool) in
            if state.isClosed { return (.storageClosed, false) }
            guard state.waiting.count < limit else { return (refusal, false) }
            state.waiting.append(element)
            defer { state.isAsleep = false }
            return (nil, state.isAsleep)
        }
        if wakes { wake.signal() }
        return failure
    }

    /// Puts some back before all others. Only the thread itself may.
    func putBack(_ elements: [Element]) {
        guard !elements.isEmpty else { return }
        state.withLock { $0.waiting.insert(contentsOf: elements, at: 0) }
    }

    /// The next batch, for which the thread waits; nil once the queue is closed and empty.
    func next() -> [Element]? {
        while true {
            let (batch, isClosed) = state.withLock { state in
                let batch = Array(state.waiting.prefix(batchLimit))
                state.waiting.removeFirst(batch.count)
                state.isAsleep = batch.isEmpty && !state.isClosed
                return (batch, state.isClosed)
            }
            if !batch.isEmpty { return batch }
            if isClosed { return nil }
            wake.wait()
        }
    }

    /// Takes no more. What waits is still given out.
    func close() {
        let wakes = state.withLock { state in
            state.isClosed = true
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if wakes { wake.signal() }
    }
}
