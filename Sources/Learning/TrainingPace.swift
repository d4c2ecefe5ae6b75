import Dispatch
import Synchronization

/// How a training uses the machine: on how many threads it works, and what it does between its steps.
public struct TrainingPace: Sendable {
    /// On how many threads the work is divided.
    public let threads: Int
    /// Is called between short steps, each of some milliseconds, from any of the threads. It may wait, so that the
    /// training leaves a share of the processor to others, and it may throw: then the training ends with that error.
    public let pause: @Sendable () throws -> Void

    /// A pace.
    ///
    /// - parameters:
    ///   - threads: on how many threads the work is divided, at least one.
    ///   - pause: what is called between steps; by default nothing.
    public init(threads: Int = 1, pause: @escaping @Sendable () throws -> Void = {}) {
        self.threads = max(1, threads)
        self.pause = pause
    }

    /// Divides rows among the threads, a portion after the other to whoever is free. What is done with a row must not
    /// depend on another, so that the outcome is the same for any number of threads.
    ///
    /// - parameters:
    ///   - rows: how many rows there are.
    ///   - portion: how many rows are done between two pauses.
    ///   - body: does some rows; it is told by which of the threads, counted from 0.
    func divide(_ rows: Int, portion: Int, _ body: (_ thread: Int, _ rows: Range<Int>) throws -> Void) throws {
        let next = Atomic<Int>(0)
        let failure = Mutex<(any Error)?>(nil)
        let portions = (rows + portion - 1) / portion
        func work(_ thread: Int) {
            while true {
                let start = next.add(portion, ordering: .relaxed).oldValue
                guard start < rows else { return }
                do {
                    try pause()
                    try body(thread, start..<min(start + portion, rows))
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                    // The others find nothing left to do.
                    next.store(rows, ordering: .relaxed)
                    return
                }
            }
        }
        if min(threads, portions) > 1 {
            withoutActuallyEscaping(work) { work in
                // What the threads write does not overlap, by the promise above.
                nonisolated(unsafe) let shared = work
                DispatchQueue.concurrentPerform(iterations: min(threads, portions)) { shared($0) }
            }
        } else {
            work(0)
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
