import Dispatch
import Foundation
import Synchronization

/// Threads for tasks that wait in the middle for an answer from elsewhere. The shared threads are as few as the
/// processors, and who waits on one holds up everything else.
public final class WaitingThreads: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var idle = 0
        var threads = 0
        var isClosed = false

        /// A thread has nothing to do. Returns false when it is to end.
        mutating func mayWait() -> Bool {
            guard !isClosed || !jobs.isEmpty else {
                threads -= 1
                return false
            }
            idle += 1
            return true
        }
    }

    /// Those who enqueue are requests, whose number is bounded where they are taken in.
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let limit: Int

    /// - parameter limit: how many there are at most. They are made when they are needed.
    public init(limit: Int) { self.limit = limit }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isNew = state.withLock { state in
            state.jobs.append(job)
            guard state.idle < state.jobs.count, state.threads < limit else { return false }
            state.threads += 1
            return true
        }
        if isNew { NamedThread.start("millrace-wait", stackSize: 4 << 20) { [self] in work() } }
        wake.signal()
    }

    /// Lets the threads end once they have nothing to do.
    public func close() {
        let count = state.withLock { state in
            state.isClosed = true
            return state.threads
        }
        for _ in 0..<count { wake.signal() }
    }

    private func work() {
        while state.withLock({ $0.mayWait() }) {
            wake.wait()
            let job = state.withLock { state in
                state.idle -= 1
                return state.jobs.isEmpty ? nil : state.jobs.removeFirst()
            }
            job?.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
