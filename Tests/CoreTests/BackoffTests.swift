import Core
import TestKit
import Testing

/// A server that cannot be reached is tried again after longer and longer pauses.
@Suite struct BackoffTests {
    @Test func attemptsAreSpread() {
        var random = SeededRandom.fresh()
        var backoff = Backoff(shortest: .milliseconds(50), longest: .seconds(5))
        for due in [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            let pause = backoff.next(using: &random)
            #expect(pause >= .milliseconds(due) / 2 && pause <= .milliseconds(due), "\(random)")
        }
        for _ in 1...100 { _ = backoff.next(using: &random) }
        backoff.reset()
        #expect(backoff.next(using: &random) <= .milliseconds(50))
    }
}
