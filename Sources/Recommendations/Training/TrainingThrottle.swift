import Foundation
import Synchronization

/// Holds a training to a share of the time of its threads: who has worked for a while rests in proportion.
///
/// Work is what a thread has had of a processor: between the parts of a training it waits, for seconds at times.
final class TrainingThrottle: Sendable {
    /// How long a thread works at least between two rests, in seconds.
    private static let leastWork = 0.005

    private let share: Double
    /// How much each thread had worked when it rested last, in seconds.
    private let starts = Mutex<[ObjectIdentifier: TimeInterval]>([:])

    /// - parameter share: how much of the time of a thread is for work, greater than 0 and at most 1.
    init(share: Double) { self.share = share }

    /// Rests, if the calling thread has worked for long enough.
    func pause() {
        guard share < 1 else { return }
        let thread = ObjectIdentifier(Thread.current)
        let now = Self.processorTime
        let worked: TimeInterval = starts.withLock { starts in
            // One that has worked less than before is another one in its place.
            guard let start = starts[thread], start <= now else {
                starts[thread] = now
                return 0
            }
            return now - start
        }
        guard worked >= Self.leastWork else { return }
        Thread.sleep(forTimeInterval: worked * (1 / share - 1))
        starts.withLock { $0[thread] = now }
    }

    /// How long the calling thread has had a processor, in seconds.
    private static var processorTime: TimeInterval {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }
}
