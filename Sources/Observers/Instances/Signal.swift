import ChangeLog
import Synchronization

/// Wakes one task that waits for work. Firing it twice is the same as once, and it is not lost while nobody waits.
final class Signal: Sendable {
    private let signal = ChangeSignal()
    /// How often it was fired, and how often when a wait last ended.
    private let calls = Atomic<Int>(0)
    private let seen = Atomic<Int>(0)

    /// Wakes whoever waits, or the next one who would.
    func fire() {
        calls.wrappingAdd(1, ordering: .acquiringAndReleasing)
        signal.fire()
    }

    /// Returns once it is fired, after a while, or when the task is cancelled. One task at a time may wait.
    func wait(atMost duration: Duration) async {
        let known = seen.load(ordering: .acquiring)
        // A cancellation ends the wait; whoever waits looks for it.
        try? await signal.wait(atMost: duration) { calls.load(ordering: .acquiring) != known }
        // Whoever fires it from now on is heard by the next wait.
        seen.store(calls.load(ordering: .acquiring), ordering: .releasing)
    }
}
