import Core
import Testing

/// A server that fails is left alone, and asked again by a few callers at a time.
@Suite struct CircuitBreakerTests {
    private static let threshold = 5
    private static let inARow = CircuitBreaker.Policy.consecutive(
        threshold, shortestPause: .milliseconds(500), longestPause: .seconds(5))

    private func moment(_ milliseconds: Int) -> Duration { .milliseconds(milliseconds) }

    private func permits(_ breaker: inout CircuitBreaker, _ milliseconds: Int) -> Bool {
        breaker.admit(at: moment(milliseconds))
    }

    @Test func itOpensAfterSomeFailuresInARow() {
        var breaker = CircuitBreaker(Self.inARow)
        for _ in 1..<Self.threshold { breaker.fail(at: moment(0)) }
        breaker.succeed()
        for _ in 1..<Self.threshold { breaker.fail(at: moment(0)) }
        #expect(permits(&breaker, 0) && breaker.isClosed)
        breaker.fail(at: moment(0))
        #expect(!breaker.isClosed)
        #expect(breaker.retryTime(at: moment(0)) == moment(500))
        #expect(!permits(&breaker, 499))
    }

    @Test func oneAsksAgainAndDecides() {
        var breaker = CircuitBreaker(Self.inARow)
        for _ in 1...Self.threshold { breaker.fail(at: moment(0)) }
        // The answer to what was asked before it opened comes late.
        breaker.succeed()
        #expect(!permits(&breaker, 1))
        #expect(permits(&breaker, 500))
        #expect(!permits(&breaker, 501), "a second one asks at the same time")
        breaker.fail(at: moment(520))
        #expect(!permits(&breaker, 1_519), "the pause must double")
        #expect(permits(&breaker, 1_520))
        breaker.succeed()
        #expect(breaker.isClosed && permits(&breaker, 1_521))
        #expect(breaker.retryTime(at: moment(1_521)) == nil)
    }

    @Test func anAttemptThatNobodyHearsOfIsRepeated() {
        var breaker = CircuitBreaker(Self.inARow)
        for _ in 1...Self.threshold { breaker.fail(at: moment(0)) }
        #expect(permits(&breaker, 500))
        #expect(permits(&breaker, 1_000))
    }

    @Test func thePauseHasALongest() {
        var breaker = CircuitBreaker(Self.inARow)
        var now = 0
        for _ in 1...Self.threshold { breaker.fail(at: moment(now)) }
        for _ in 1...20 {
            now += 5_000
            #expect(permits(&breaker, now))
            breaker.fail(at: moment(now))
        }
    }

    @Test func aShareOfTheLatestOutcomesOpensIt() {
        let policy = CircuitBreaker.Policy(
            window: 10, minimum: 6, failureShare: 0.5, shortestPause: .seconds(1), longestPause: .seconds(8))
        var breaker = CircuitBreaker(policy)
        for _ in 1...5 { breaker.fail(at: moment(0)) }
        #expect(breaker.isClosed, "five outcomes are fewer than the minimum")
        breaker.fail(at: moment(0))
        #expect(!breaker.isClosed)

        breaker = CircuitBreaker(policy)
        for _ in 1...40 { breaker.succeed() }
        for _ in 1...4 { breaker.fail(at: moment(0)) }
        #expect(breaker.isClosed, "four of the last ten are fewer than half")
        breaker.fail(at: moment(0))
        #expect(!breaker.isClosed)
    }

    @Test func whoeverLearnsNothingLetsAnotherOneAsk() {
        var breaker = CircuitBreaker(Self.inARow)
        for _ in 1...Self.threshold { breaker.fail(at: moment(0)) }
        #expect(permits(&breaker, 500) && !permits(&breaker, 500))
        breaker.release()
        #expect(breaker.retryTime(at: moment(500)) == nil)
        #expect(permits(&breaker, 500) && !permits(&breaker, 500))
        breaker.succeed()
        breaker.release()
        #expect(breaker.isClosed)
    }

    @Test func severalMayTryAndAllMustSucceed() {
        let policy = CircuitBreaker.Policy(
            window: 1, minimum: 1, failureShare: 1, shortestPause: .seconds(1), longestPause: .seconds(8), probes: 3)
        var breaker = CircuitBreaker(policy)
        breaker.fail(at: moment(0))
        #expect((0..<4).map { _ in permits(&breaker, 1_000) } == [true, true, true, false])
        breaker.succeed()
        breaker.succeed()
        #expect(!breaker.isClosed)
        breaker.succeed()
        #expect(breaker.isClosed)

        breaker.fail(at: moment(2_000))
        #expect(permits(&breaker, 3_000) && permits(&breaker, 3_000))
        breaker.succeed()
        breaker.fail(at: moment(3_000))
        #expect(breaker.state == .open(until: moment(5_000)))
    }
}
