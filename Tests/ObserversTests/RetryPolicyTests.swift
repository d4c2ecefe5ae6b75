import Core
import Testing

@testable import Observers

@Suite struct RetryPolicyTests {
    private func policy(_ strategy: RetryPolicy.Strategy) -> RetryPolicy {
        var policy = RetryPolicy()
        policy.strategy = strategy
        policy.initialDelay = 100
        policy.maximumDelay = 1_000
        policy.maximumAttempts = 7
        return policy
    }

    @Test func delaysGrowAsTheStrategySays() {
        #expect((1...6).map(policy(.exponential).fullDelay) == [100, 200, 400, 800, 1_000, 1_000])
        #expect((1...6).map(policy(.linear).fullDelay) == [100, 200, 300, 400, 500, 600])
        #expect((1...6).map(policy(.fixed).fullDelay) == [100, 100, 100, 100, 100, 100])
    }

    @Test func aLongRowOfFailuresDoesNotOverflow() {
        var long = policy(.exponential)
        long.initialDelay = RetryPolicy.delayLimits.upperBound
        long.maximumDelay = RetryPolicy.delayLimits.upperBound
        #expect(long.fullDelay(after: 90) == RetryPolicy.delayLimits.upperBound)
    }

    @Test func chanceTakesAnyShareOfTheDelay() {
        #expect(policy(.fixed).delay(after: 1, share: 0.5) == 50)
        #expect(policy(.fixed).delay(after: 1, share: 1) == 100)
        #expect(policy(.fixed).delay(after: 1, share: 0) == 1)
    }

    @Test func afterTheLastAttemptThereIsNoDelay() {
        #expect(policy(.fixed).delay(after: 6, share: 1) != nil)
        #expect(policy(.fixed).delay(after: 7, share: 1) == nil)
    }

    @Test func aScheduleSaysEachDelayAndHowManyAttemptsThereAre() throws {
        let policy = try JSONFields.read(JSONParser.parse(Array(#"{"schedule_s": [5, 300, 86400]}"#.utf8))) {
            RetryPolicy(&$0)
        }
        #expect(policy.attempts == 4)
        #expect((1...4).map { policy.delay(after: $0, share: 1) } == [5_000, 300_000, 86_400_000, nil])
        #expect(policy.delay(after: 1, share: 0) == 4_500)
    }

    /// A stored definition has to be readable: one that is not would stop all that are read with it.
    @Test func theLongestScheduleCanBeReadAgain() throws {
        let delays = { (count: Int) in Array(repeating: "1", count: count).joined(separator: ",") }
        let text = { (count: Int) in
            """
            {"name": "a", "actions": [{"type": "log", "message": "x"}], "retry": {"schedule_s": [\(delays(count))]}}
            """
        }
        let observers = Observers(checks: .none)
        var longest = try observers.read(JSONParser.parse(Array(text(99).utf8)), of: .first)
        try longest.numberActions(after: nil)
        #expect(try ObserverDefinition.read(stored: longest.stored).retry.attempts == 100)
        #expect(throws: Failure.self) { try observers.read(JSONParser.parse(Array(text(100).utf8)), of: .first) }
    }
}

@Suite struct DeliveryDecisionTests {
    private let now = Timestamp(microseconds: 1_000_000)

    private func decide(_ failure: DeliveryFailure, attempts: Int = 1, _ policy: FailurePolicy = .deadLetter)
        -> DeliveryDecision
    {
        var retry = RetryPolicy()
        retry.maximumAttempts = 3
        return DeliveryDecision(failure, attempts: attempts, retry: retry, onFailure: policy, at: now, share: 1)
    }

    @Test func aFailureIsTriedAgainUntilTheAttemptsAreUsedUp() {
        let failure = DeliveryFailure(reason: "http_500", message: "")
        #expect(decide(failure).state == .retrying)
        #expect(decide(failure).dueAt.microseconds == 2_000_000)
        #expect(decide(failure, attempts: 3).state == .dead)
        #expect(decide(failure, attempts: 3, .drop).state == .dropped)
        #expect(decide(failure, attempts: 3, .alert).state == .dead)
    }

    @Test func whatCannotSucceedIsNotTriedAgain() {
        #expect(decide(DeliveryFailure(reason: "template_failed", message: "", isPermanent: true)).state == .dead)
    }

    @Test func theReceiverMayAskForALongerWaitButNotForever() {
        var failure = DeliveryFailure(reason: "http_429", message: "")
        failure.retryAfter = 60
        #expect(decide(failure).dueAt.microseconds == 61_000_000)
        failure.retryAfter = .max
        #expect(decide(failure).dueAt.microseconds == 1_000_000 + 86_400_000_000)
    }

    @Test func whoWantsNoMorePausesTheObserverAndKeepsTheEvent() {
        let decision = decide(DeliveryFailure(reason: "http_410", message: "", isGone: true))
        #expect(decision.pausesObserver)
        #expect(decision.state == .waiting)
    }
}
