import Core
import Testing

@testable import Observers
@testable import Outbound

/// What a failure means for the next attempt, and for whatever else goes to the same destination.
@Suite struct DeliveryFailureTests {
    private struct Unknown: Error {}

    private func failure(_ kind: Failure.Kind) -> Failure { Failure(kind, code: "code", "What happened.") }

    @Test(arguments: [Failure.Kind.unavailable, .timeout, .tooManyRequests, .conflict, .internal])
    func whatMayPassIsTriedAgainAndConcernsTheDestination(_ kind: Failure.Kind) {
        let sent = DeliveryFailure(failure(kind), isFromSending: true)
        #expect(!sent.isPermanent)
        #expect(sent.destinationIsWell == false)
    }

    @Test(arguments: [Failure.Kind.invalid, .malformed, .forbidden, .tooLarge, .notFound])
    func whatSomebodyMustCorrectConcernsThisDeliveryAlone(_ kind: Failure.Kind) {
        let sent = DeliveryFailure(failure(kind), isFromSending: true)
        #expect(sent.isPermanent)
        #expect(sent.destinationIsWell == nil)
    }

    /// Time mends no login, and nobody else gets in by it either.
    @Test func aRefusedLoginIsPermanentAndConcernsTheDestination() {
        let sent = DeliveryFailure(failure(.unauthenticated), isFromSending: true)
        #expect(sent.isPermanent)
        #expect(sent.destinationIsWell == false)
    }

    /// A template without a value, or a table that cannot be read, tells nothing of a receiver.
    @Test(arguments: [Failure.Kind.invalid, .unavailable, .unauthenticated])
    func whatFailsBeforeAnythingIsSentTellsNothingOfTheDestination(_ kind: Failure.Kind) {
        #expect(DeliveryFailure(failure(kind)).destinationIsWell == nil)
        #expect(DeliveryFailure(Unknown()).destinationIsWell == nil)
        #expect(!DeliveryFailure(Unknown()).isPermanent)
    }

    @Test(arguments: [(302, false), (400, true), (404, true), (410, true), (429, false), (500, false), (503, false)])
    func whoAnswersThatARequestIsWrongIsThere(_ status: Int, _ isWell: Bool) {
        let answer = HTTPAnswer(status: status, retryAfter: nil, body: [], isTruncated: false, duration: .zero)
        let failure = DeliveryFailure(answer, obeysGone: true)
        #expect(failure.destinationIsWell == isWell)
        #expect(failure.isGone == (status == 410))
        #expect(!failure.isPermanent)
    }
}
