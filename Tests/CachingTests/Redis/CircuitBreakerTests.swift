import NIOCore
import TestKit
import Testing

@testable import Caching

/// A server that fails is left alone, and asked again by one caller at a time.
@Suite struct CircuitBreakerTests {
    private func moment(_ milliseconds: UInt64) -> NIODeadline { .uptimeNanoseconds(milliseconds * 1_000_000) }

    private func permits(_ breaker: inout CircuitBreaker, _ milliseconds: UInt64) -> Bool {
        breaker.permits(at: moment(milliseconds))
    }

    @Test func itOpensAfterSomeFailuresInARow() {
        var breaker = CircuitBreaker()
        for _ in 1..<CircuitBreaker.threshold { breaker.failed(at: moment(0)) }
        breaker.succeeded()
        for _ in 1..<CircuitBreaker.threshold { breaker.failed(at: moment(0)) }
        #expect(permits(&breaker, 0) && breaker.isClosed)
        breaker.failed(at: moment(0))
        #expect(!breaker.isClosed)
        #expect(!permits(&breaker, 499))
    }

    @Test func oneAsksAgainAndDecides() {
        var breaker = CircuitBreaker()
        for _ in 1...CircuitBreaker.threshold { breaker.failed(at: moment(0)) }
        // The answer to what was asked before it opened comes late.
        breaker.succeeded()
        #expect(!permits(&breaker, 1))
        #expect(permits(&breaker, 500))
        #expect(!permits(&breaker, 501), "a second one asks at the same time")
        breaker.failed(at: moment(520))
        #expect(!permits(&breaker, 1_519), "the pause must double")
        #expect(permits(&breaker, 1_520))
        breaker.succeeded()
        #expect(breaker.isClosed && permits(&breaker, 1_521))
    }

    @Test func anAttemptThatNobodyHearsOfIsRepeated() {
        var breaker = CircuitBreaker()
        for _ in 1...CircuitBreaker.threshold { breaker.failed(at: moment(0)) }
        #expect(permits(&breaker, 500))
        #expect(permits(&breaker, 1_000))
    }

    @Test func thePauseHasALongest() {
        var breaker = CircuitBreaker()
        var now: UInt64 = 0
        for _ in 1...CircuitBreaker.threshold { breaker.failed(at: moment(now)) }
        for _ in 1...20 {
            now += 5_000
            #expect(permits(&breaker, now))
            breaker.failed(at: moment(now))
        }
    }

    @Test func attemptsAreSpread() {
        var random = SeededRandom.fresh()
        var backoff = Backoff()
        for due: Int64 in [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            let pause = backoff.next(using: &random)
            #expect((due * 500_000...due * 1_000_000).contains(pause.nanoseconds), "\(random)")
        }
        for _ in 1...100 { _ = backoff.next(using: &random) }
        backoff.reset()
        #expect(backoff.next(using: &random) <= .milliseconds(50))
    }
}
