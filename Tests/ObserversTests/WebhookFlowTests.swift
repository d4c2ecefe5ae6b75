import ChangeLog
import Core
import Outbound
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

    /// Where a webhook has no template, its body is the event as CloudEvents 1.0 has it in structured mode.
    @Test(arguments: TestStore.Engine.allCases)
    func theBodyIsACloudEvent(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.act(#"{"type": "webhook", "url": "\#(fixture.receiver.url())"}"#)
            let start = SystemTime().now()
            let order = try await fixture.order(50)
            let event = fixture.lastEvent
            let request = try #require(try await fixture.received(1).first)
            #expect(request["content-type"] == "application/cloudevents+json; charset=utf-8")
            let body = try JSONParser.parse(request.body)
            let expected = [
                "specversion": "1.0", "id": event, "source": "/millrace", "type": "order.insert",
                "subject": "\(order)", "datacontenttype": "application/json",
            ]
            for (member, value) in expected { #expect(body[member]?.string == value, "\(member)") }
            let time = try #require(Timestamp(body["time"]?.string ?? ""))
            #expect(time >= start && time <= request.receivedAt)
            #expect(body["data"]?["entity_type"]?.string == "order")
            #expect(body["data"]?["new"] == (try JSONParser.parse(RoleFixture.image(order, 50, "pending"))))
        }
    }

    /// The policy would try again after milliseconds, but the receiver says when it is to be asked.
    @Test(arguments: TestStore.Engine.allCases)
    func whoSaysWhenToRetryIsNotAskedBefore(_ engine: TestStore.Engine) async throws {
        let clock = ManualTime()
        let secret = WebhookSecret.makeShared().text
        try await RoleFixture.run(
            engine, clock: clock,
            answering: { $0.number == 1 ? .status(503, headers: [("retry-after", "60")]) : .ok }
        ) { fixture in
            try await fixture.act(
                #"{"type": "webhook", "url": "\#(fixture.receiver.url())", "secrets": ["\#(secret)"]}"#)
            try await fixture.order(1)
            let failed = #"observer_actions_failed_total{action="webhook",reason="http_503"}"#
            #expect(try await fixture.metric(failed, reaches: 1) == 1)
            // Each further order has the role look for what is due.
            for (seconds, total, count) in [(59, 2, 2), (2, 3, 4)] {
                clock.advance(bySeconds: Int64(seconds))
                try await fixture.order(total)
                #expect(try await fixture.outcomes(of: fixture.lastEvent) == ["delivered 1"])
                try await fixture.received(count)
                #expect(fixture.receiver.count == count)
            }
            let requests = fixture.receiver.requests
            let times = requests.map { Int($0["webhook-timestamp"] ?? "") ?? 0 }
            let retry = try #require(requests.firstIndex { $0["millrace-attempt"] == "2" })
            #expect(try requests[retry].new("total") == "1.00")
            #expect(times[retry] - times[0] == 61)
        }
    }

    /// Without the time that the observer gives it, an attempt would last half a minute.
    @Test(arguments: TestStore.Engine.allCases)
    func anAttemptHasTheTimeOfItsObserver(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { _ in .silence }) { fixture in
            let start = ContinuousClock.now
            try await fixture.act(
                #"{"type": "webhook", "url": "\#(fixture.receiver.url())"}"#, members: #""timeout_ms": 500,"#)
            try await fixture.order(1)
            let letter = try #require(try await fixture.letters(1).first)
            #expect(letter.reason == "timeout" && letter.attempts == 2)
            #expect(letter.message.hasPrefix("The time was up while"), "\(letter.message)")
            #expect(ContinuousClock.now - start < .seconds(50))
            let failed = #"observer_actions_failed_total{action="webhook",reason="timeout"}"#
            #expect(try await fixture.metric(failed, reaches: 2) == 2)
        }
    }
}
