import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Observers

/// From a change to the webhook that tells of it.
@Suite(.timeLimit(.minutes(5))) struct WebhookFlowTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aMatchingChangeIsSentAndOthersAreNot(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(
                """
                {"name": "large", "entity_types": ["order"], "operations": ["insert"], "condition": "total > 100",
                 "actions": [{"type": "webhook", "url": "\(fixture.receiver.url())"}]}
                """)
            try await fixture.order(50)
            let large = try await fixture.order(150)
            let requests = try await fixture.receiver.waitForRequests(1)
            let body = try JSONParser.parse(requests[0].body)
            #expect(requests[0].path == "/hook")
            #expect(body["data"]?["entity_id"]?.string == "\(large)")
            #expect(body["type"]?.string == "order.insert")
            #expect(requests[0]["webhook-id"]?.hasPrefix("msg_") == true)
            #expect(requests[0]["millrace-attempt"] == "1")
            // One more that matches comes next: the small one was not sent in between.
            let second = try await fixture.order(200)
            let all = try await fixture.receiver.waitForRequests(2)
            #expect(try JSONParser.parse(all[1].body)["data"]?["entity_id"]?.string == "\(second)")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatFailsIsTriedAgainAndOnlyThen(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { $0.number <= 2 ? .status(503) : .ok }) { fixture in
            try await fixture.observe(
                """
                {"name": "all", "retry": {"strategy": "fixed", "initial_delay_ms": 5, "max_attempts": 5},
                 "actions": [{"type": "webhook", "url": "\(fixture.receiver.url())"}]}
                """)
            try await fixture.order(50)
            let requests = try await fixture.receiver.waitForRequests(3)
            #expect(requests.map { $0["millrace-attempt"] } == ["1", "2", "3"])
            #expect(Set(requests.map { $0["webhook-id"] }).count == 1)
        }
    }
}
