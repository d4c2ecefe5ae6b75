import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Observers

/// From a delivery that could not be made to one that was, because somebody asked for it.
@Suite(.timeLimit(.minutes(5))) struct DeadLetterFlowTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aRetriedDeadLetterIsSentAgainThoughNothingElseHappens(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { $0.number == 1 ? .status(503) : .ok }) { fixture in
            try await fixture.observe(
                """
                {"name": "all", "retry": {"max_attempts": 1}, "entity_types": ["order"],
                 "actions": [{"type": "webhook", "url": "\(fixture.receiver.url())"}]}
                """)
            try await fixture.order(50)
            let letter = try await letter(of: fixture)
            #expect(letter.reason == "http_503" && letter.attempts == 1)
            let letters = fixture.role.deadLetters
            _ = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
                try letters.retry(letter.id, in: $0)
            }
            let requests = try await fixture.receiver.waitForRequests(2)
            #expect(requests[0].body == requests[1].body)
            #expect(requests[0]["webhook-id"] == requests[1]["webhook-id"])
        }
    }

    /// The first dead letter, once there is one.
    private func letter(of fixture: RoleFixture) async throws -> DeadLetter {
        let end = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < end {
            let letters = try await fixture.store.log.read { [role = fixture.role] in
                try role.deadLetters.list(.init(), PageRequest(limit: 1), of: TestStore.context.tenant, in: $0).items
            }.value
            if let letter = letters.first { return letter }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Failure.internal("No dead letter came in time.")
    }
}
