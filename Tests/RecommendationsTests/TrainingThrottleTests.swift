import Dispatch
import Foundation
import Testing

@testable import Recommendations

/// Who has worked rests, and who has only waited does not.
@Suite(.timeLimit(.minutes(1))) struct TrainingThrottleTests {
    private static func seconds(_ body: () -> Void) -> Double {
        let start = ProcessInfo.processInfo.systemUptime
        body()
        return ProcessInfo.processInfo.systemUptime - start
    }

    /// What a closure returns on a thread that does nothing else.
    private func onAThread(_ body: @escaping @Sendable () -> Double) async -> Double {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    @Test func idleTimeIsNoWork() async {
        let rest = await onAThread {
            let throttle = TrainingThrottle(share: 0.02)
            throttle.pause()
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(100))
            return Self.seconds(throttle.pause)
        }
        // Five seconds, if it were work.
        #expect(rest < 2)
    }

    @Test func workIsFollowedByRest() async {
        let throttle = TrainingThrottle(share: 0.1)
        let rest = await onAThread {
            throttle.pause()
            var time = timespec()
            repeat { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) } while time.tv_sec == 0 && time.tv_nsec < 30_000_000
            return Self.seconds(throttle.pause)
        }
        #expect(rest > 0.2)
    }
}
