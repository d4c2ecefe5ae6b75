public import ServiceLifecycle
import Storage

/// Work on what a follower has made, beside what else the server does: it goes on only while every change is applied,
/// and while changes come it rests most of the time, the less the more there is to do. A load of many things takes half
/// the time when such work is done afterwards.
public struct IdleWork: Service {
    /// What was done in one turn.
    public struct Turn: Sendable {
        /// How much was done; nothing when there was nothing to do.
        public var count: Int
        /// How much is left, as a part of as much as may be.
        public var backlog: Double

        /// What was done, and what is left.
        public init(count: Int, backlog: Double = 0) {
            self.count = count
            self.backlog = backlog
        }
    }

    /// How long it waits at most before it looks again: what a change brings is there a little after the change.
    private static let pause = Duration.milliseconds(500)
    /// How many times as long as it works it rests while changes come and little waits.
    private static let rest = 8.0

    private let log: ChangeLog
    private let follower: Follower
    private let work: @Sendable () -> Turn

    /// - parameter work: does some of it.
    public init(_ log: ChangeLog, _ follower: Follower, _ work: @escaping @Sendable () -> Turn) {
        self.log = log
        self.follower = follower
        self.work = work
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskExecutorPreference(BackgroundExecutor.shared) { await self.goOn() }
        }
    }

    private func goOn() async {
        while !Task.isCancelled {
            let head = log.head
            do {
                try await follower.waitUntil(position: head, atMost: Self.pause)
            } catch is CancellationError {
                return
            } catch {
                // Changes still wait to be applied.
                continue
            }
            let start = ContinuousClock.now
            let turn = work()
            do {
                if turn.count == 0 {
                    try await log.waitForChange(after: head, atMost: Self.pause)
                } else if log.head > head {
                    try await Task.sleep(for: (ContinuousClock.now - start) * (Self.rest * max(0, 1 - turn.backlog)))
                } else {
                    await Task.yield()
                }
            } catch { return }
        }
    }
}
