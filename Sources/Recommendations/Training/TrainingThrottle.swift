import Foundation
import Synchronization

/// Holds a training to a share of the time of its threads: who has worked for a while rests in proportion.
final class TrainingThrottle: Sendable {
    /// How long a thread works at least between two rests, in seconds.
    private static let leastWork = 0.005

    private let share: Double
    /// Since when each thread has worked.
    private let starts = Mutex<[ObjectIdentifier: TimeInterval]>([:])

    /// - parameter share: how much of the time of a thread is for work, greater than 0 and at most 1.
    init(share: Double) { self.share = share }

    /// Rests, if the calling thread has worked for long enough.
    func pause() {
        guard share < 1 else { return }
        let thread = ObjectIdentifier(Thread.current)
        let now = ProcessInfo.processInfo.systemUptime
        let worked: TimeInterval = starts.withLock { starts in
            guard let start = starts[thread] else {
                starts[thread] = now
                return 0
            }
            return now - start
        }
        guard worked >= Self.leastWork else { return }
        Thread.sleep(forTimeInterval: worked * (1 / share - 1))
        starts.withLock { $0[thread] = ProcessInfo.processInfo.systemUptime }
    }
}
