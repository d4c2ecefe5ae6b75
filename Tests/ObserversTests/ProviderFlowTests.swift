import ChangeLog
import Core
import Logging
import TestKit
import Testing

@testable import Observers

/// From a change to what calls the HTTP interface of somebody: a chat, providers of messages, a server of documents.
@Suite(.timeLimit(.minutes(5))) struct ProviderFlowTests {
    /// Makes an order, which must arrive at the first attempt, and returns what arrived.
    private func arrival(_ fixture: RoleFixture, _ status: String) async throws -> WebhookReceiver.Request {
        try await fixture.order(150, status: status)
        let event = fixture.lastEvent
        let request = try #require(try await fixture.received(1).first)
        #expect(request["webhook-id"]?.hasPrefix("msg_\(event)_") == true)
        #expect(request["millrace-attempt"] == "1")
        #expect(try await fixture.outcomes(of: event) == ["delivered 1"])
        return request
    }

    /// Makes an order that the receiver refuses, and expects both attempts and a dead letter.
    private func expectDeadLetter(_ fixture: RoleFixture, _ status: Int) async throws {
        fixture.receiver.answer { _ in .status(status, body: "not now") }
        try await fixture.order(7)
        let requests = try await fixture.received(3).suffix(2)
        #expect(requests.map { $0["millrace-attempt"] } == ["1", "2"])
        #expect(Set(requests.map { $0["webhook-id"] }).count == 1 && Set(requests.map(\.text)).count == 1)
        let letter = try #require(try await fixture.letters(1).first)
        #expect(letter.reason == "http_\(status)" && letter.attempts == 2)
        #expect(letter.message.contains("not now"))
        #expect(fixture.receiver.count == 3)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func slackGetsWhatTheTemplateSays(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.act(
                """
                {"type": "slack", "url": "\(fixture.receiver.url("/services/T1"))", "channel": "#orders",
                 "text": "{{ total }} {{ currency }}: *{{ status }}*"}
                """)
            let request = try await arrival(fixture, "a <b> & c")
            #expect(request.method == "POST" && request.path == "/services/T1")
            #expect(request["content-type"] == "application/json")
            let body = try JSONParser.parse(request.body)
            #expect(body["text"]?.string == "150.00 EUR: *a &lt;b&gt; &amp; c*")
            #expect(body["channel"]?.string == "#orders")
            try await expectDeadLetter(fixture, 503)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aProviderOfTextMessagesGetsAForm(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.act(
                """
                {"type": "sms", "url": "\(fixture.receiver.url("/messages"))?ref={{ status }}",
                 "headers": {"Authorization": "Basic {{ currency | base64 }}"},
                 "content_type": "application/x-www-form-urlencoded", "body": "To=%2B4930&Body={{ status }}"}
                """)
            let request = try await arrival(fixture, "a&b c")
            #expect(request.path == "/messages?ref=a%26b%20c")
            #expect(request["content-type"] == "application/x-www-form-urlencoded")
            #expect(request["authorization"] == "Basic RVVS")
            #expect(request.text == "To=%2B4930&Body=a%26b%20c")
            try await expectDeadLetter(fixture, 429)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aProviderOfNotificationsGetsJSON(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.act(
                """
                {"type": "push", "url": "\(fixture.receiver.url("/send"))", "method": "PUT",
                 "body": "{\\"token\\": \\"device-1\\", \\"title\\": \\"{{ status | upper }}\\"}"}
                """)
            let request = try await arrival(fixture, #"say \"hi\""#)
            #expect(request.method == "PUT" && request.path == "/send")
            let body = try JSONParser.parse(request.body)
            #expect(body["token"]?.string == "device-1" && body["title"]?.string == #"SAY "HI""#)
            try await expectDeadLetter(fixture, 500)
        }
    }

    /// The documents of one event: one is stored, one is put off and one refused, each for itself.
    @Test(arguments: TestStore.Engine.allCases)
    func aDocumentIsStoredByTheIdentifierOfItsEvent(_ engine: TestStore.Engine) async throws {
        let double = ElasticsearchDouble()
        try await RoleFixture.run(engine, answering: { double.answer($0) }) { fixture in
            func action(_ name: String, _ document: String) -> String {
                """
                {"type": "search", "name": "\(name)", "url": "\(fixture.receiver.url("/search"))", "index": "orders",
                 "headers": {"Authorization": "ApiKey abc"} \(document)}
                """
            }
            try await fixture.act(
                action("good", #", "document": "{\"state\": \"{{ status }}\"}""#), action("event", ""),
                action("deferred", #", "document": "{\"status\": 429}""#),
                action("refused", #", "document": "{\"status\": 400}""#))
            let order = try await fixture.order(150, status: "new")
            let event = fixture.lastEvent
            #expect(
                try await fixture.outcomes(of: event, 4) == ["delivered 1", "delivered 1", "dead 2", "dead 1"])
            #expect(double.complaints == [])
            #expect(fixture.receiver.requests.allSatisfy { $0["authorization"] == "ApiKey abc" })
            let letters = try await fixture.letters(2)
            #expect(Set(letters.map(\.reason)) == ["document_deferred", "document_refused"])
            // Both that are stored are documents of one event, so the later one replaced the other.
            #expect(Array(double.documents.keys) == ["orders/\(event)"])
            let bodies = fixture.receiver.requests.map(\.text)
            #expect(bodies.contains { $0.contains("\n{\"state\": \"new\"}\n") })
            #expect(bodies.contains { $0.contains("\"entity_id\":\"\(order)\"") })
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aLineIsLogged(_ engine: TestStore.Engine) async throws {
        let log = RecordedLog()
        try await RoleFixture.run(engine, logger: log.logger) { fixture in
            try await fixture.act(
                #"{"type": "log", "level": "warning", "message": "{{ total }} {{ status }}"}"#,
                #"{"type": "log", "name": "poison", "level": "warning", "message": "{{ nothing }}"}"#)
            try await fixture.order(150, status: "new")
            let event = fixture.lastEvent
            // What a template lacks now it lacks at each attempt.
            #expect(try await fixture.outcomes(of: event, 2) == ["delivered 1", "dead 1"])
            let lines = log.lines.filter { $0.level == .warning }
            #expect(lines.map(\.message) == ["150.00 new"])
            #expect(lines.first?.metadata["event"]?.hasPrefix("msg_\(event)_") == true)
            #expect(try await fixture.letters(1).map(\.reason) == ["template_failed"])
        }
    }
}
