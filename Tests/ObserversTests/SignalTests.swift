import Testing

@testable import Observers

/// Whoever waits for work is woken by it, and not by work that is known already.
@Suite(.timeLimit(.minutes(5))) struct SignalTests {
    @Test func whatIsFiredBeforeAWaitEndsIt() async {
        let signal = Signal()
        signal.fire()
        signal.fire()
        await signal.wait(atMost: .seconds(600))
        // Both were one: the next wait has to wait.
        let start = ContinuousClock.now
        await signal.wait(atMost: .milliseconds(20))
        #expect(ContinuousClock.now - start >= .milliseconds(20))
    }

    @Test func whatIsFiredDuringAWaitEndsIt() async {
        let signal = Signal()
        for _ in 0..<200 {
            async let waiting: Void = signal.wait(atMost: .seconds(600))
            await Task.yield()
            signal.fire()
            await waiting
        }
    }

    @Test func aCancellationEndsAWait() async {
        let signal = Signal()
        let waiting = Task { await signal.wait(atMost: .seconds(600)) }
        waiting.cancel()
        await waiting.value
        // What comes after it is not lost on the next one.
        signal.fire()
        await signal.wait(atMost: .seconds(600))
    }
}
