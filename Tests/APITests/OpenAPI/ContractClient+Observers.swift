import ChangeLog
import Core
import TestKit
import Testing

/// Observers, events and dead letters.
extension ContractClient {
    /// The file of observers: the only place that may name statements.
    static let observerFile = """
        statements:
          note: UPDATE customers SET notes = :text WHERE id = :id
        observers:
          - name: from-file
            enabled: false
            actions: [{type: database, statement: note, params: {text: seen, id: "1"}}]
        """

    /// One action of each type that the API may make.
    private static func actions(_ url: String) -> String {
        """
        [{"type": "webhook", "url": "\(url)", "method": "PUT", "headers": {"X-Token": "t"},
          "content_type": "text/plain", "body": "it happened", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
          "max_concurrency": 3, "rate_per_second": 100},
         {"type": "slack", "url": "env:MILLRACE_SECRET_SLACK", "text": "it happened", "channel": "#orders"},
         {"type": "email", "to": ["a@example.com"], "cc": ["b@example.com"], "reply_to": "c@example.com",
          "subject": "It happened", "text": "It did", "html": "<p>It did</p>"},
         {"type": "sms", "url": "\(url)", "body": "{}"}, {"type": "push", "url": "\(url)", "body": "{}"},
         {"type": "database", "statement": "note", "params": {"text": "seen", "id": "1"}},
         {"type": "cache", "tags": ["orders"]}, {"type": "search", "name": "index"},
         {"type": "search", "url": "\(url)", "index": "events", "headers": {"X-Api-Key": "k"}, "document": "{}"},
         {"type": "queue", "broker": "redis", "stream": "events", "max_length": 1000},
         {"type": "queue", "broker": "nats", "subject": "events", "body": "{}"},
         {"type": "log", "level": "notice", "message": "it happened"}]
        """
    }

    mutating func keepObservers(_ receiver: WebhookReceiver) async throws {
        let made = try await send(
            "POST", "observers",
            body: """
                {"name": "everything", "description": "All that there is", "entity_types": ["*"], "enabled": false,
                 "operations": ["insert", "update"], "condition": "total > 100",
                 "lookups": {"customer": {"entity_type": "customer", "id": "customer_id"}},
                 "actions": \(Self.actions(receiver.url())), "ordering": "strict", "priority": 1, "timeout_ms": 1000,
                 "max_parallelism": 2, "on_failure": "alert",
                 "retry": {"strategy": "linear", "max_attempts": 3, "initial_delay_ms": 10, "max_delay_ms": 100}}
                """, status: 201)
        #expect(made.text("status") == "disabled" && made.list("actions").count == 12)
        #expect(made.list("actions").first?.json["secrets"] == .array([.string("***")]))
        try await send(
            "POST", "observers", body: #"{"name": "everything", "actions": [{"type": "log", "message": "x"}]}"#,
            status: 409)
        try await send("POST", "observers", body: #"{"name": "x", "condition": "total >", "actions": []}"#, status: 422)
        let page = try await send("GET", "observers", query: "limit=1&count=exact")
        #expect(page.text("total") == "2" && page.list("items").map { $0.text("name") } == ["everything"])
        try await send("GET", "observers", query: "limit=5&cursor=\(page.text("next_cursor"))")
        #expect(try await send("GET", "observers/{id}", "from-file").text("managed_by") == "file")
        try await send(
            "GET", "observers/{id}", made.id, headers: ["If-None-Match": "\"\(made.version)\""], status: 304)
        try await send("GET", "observers/{id}", Self.unknown, status: 404)
        let patched = try await send(
            "PATCH", "observers/{id}", "everything", body: #"{"priority": 5, "retry": {"schedule_s": [1, 60]}}"#,
            version: made.version)
        try await send("PATCH", "observers/{id}", made.id, body: "{}", status: 428)
        try await send("PATCH", "observers/{id}", made.id, body: "{}", version: made.version, status: 412)
        try await send("DELETE", "observers/{id}", "from-file", version: "1", status: 409)
        let replaced = try await send(
            "PUT", "observers/{id}", made.id,
            body: #"{"name": "one", "entity_type": "order", "actions": [{"type": "log", "message": "x"}]}"#,
            version: patched.version)
        #expect(try await send("POST", "observers/{id}/pause", made.id).text("status") == "paused")
        try await send("POST", "observers/{id}/resume", made.id)
        let versions = try await send("GET", "observers/{id}/versions", "one", query: "limit=2")
        #expect(versions.list("items").map(\.version) == ["3", "2"])
        try await send("GET", "observers/{id}/versions", "one", query: "cursor=\(versions.text("next_cursor"))")
        try await send("DELETE", "observers/{id}", made.id, version: replaced.version, status: 204)
    }

    /// Lets things happen that cannot be delivered, reads of them, and delivers them after all.
    mutating func observeEvents(_ receiver: WebhookReceiver) async throws {
        receiver.answer { _ in .status(503, body: "closed") }
        let retry = #""retry": {"strategy": "fixed", "max_attempts": 1, "initial_delay_ms": 1}"#
        try await send(
            "POST", "observers",
            body: """
                {"name": "failing", "entity_types": ["basket"], "condition": "total > 1", \(retry),
                 "actions": [{"type": "webhook", "url": "\(receiver.url())"}]}
                """, status: 201)
        for total in 1...4 {
            try await send(
                "POST", "events", body: #"{"entity_type": "basket", "data": {"total": \#(total), "note": "Tea"}}"#)
        }
        try await send("POST", "events", body: #"{"entity_type": "basket", "entity_id": "\#(Self.unknown)"}"#)
        try await send("POST", "events", body: "{}", status: 422)
        for type in ["order", "observer", "*", "a b"] {
            try await send("POST", "events", body: #"{"entity_type": "\#(type)"}"#, status: 422)
        }
        try await findPostedEvent()
        // A condition that cannot be answered is a failure that somebody sees.
        try await untilDeadLetters(4)

        let seen = ["Millrace-Position": try await server.store.settledHead().description]
        let events = try await send(
            "GET", "events", query: "q=tea&type=basket.custom&since=2020-01-01T00:00:00Z&limit=3",
            headers: seen)
        #expect(events.list("items").count == 3)
        try await send("GET", "events", query: "entity=\(Self.unknown)&until=2100-01-01T00:00:00Z")
        let event = try #require(events.list("items").first)
        #expect(event.list("deliveries").first?.text("state") == "dead")
        let report = try await send("GET", "events/{id}", event.id)
        #expect(report.list("observers").map { $0.text("verdict") }.sorted() == ["acted", "disabled"])
        try await send("GET", "events/{id}", "999999", status: 404)
        let test = try await send("POST", "observers/{id}/test", "failing", query: "event=\(event.id)")
        #expect(test.json["matches"] == .bool(true) && test.list("actions").count == 1)
        try await send("POST", "observers/{id}/test", "failing", status: 400)

        try await settleDeadLetters(receiver)
        let first = try #require(events.list("items").last)
        let replay = try await send("POST", "observers/{id}/replay", "failing", query: "from=\(first.id)")
        #expect(replay.text("from") == first.id)
        try await send("POST", "observers/{id}/replay", "failing", query: "from=soon&to=later", status: 400)
    }

    /// The answer names the event by which it is found, whoever repeats the request.
    private mutating func findPostedEvent() async throws {
        let body = #"{"entity_type": "parcel", "data": {"weight": 3}}"#
        let once = ["Idempotency-Key": "parcel"]
        let made = try await send("POST", "events", body: body, headers: once)
        #expect(made.text("position") == made.id && made.text("type") == "parcel.custom")
        #expect(try await send("POST", "events", body: body, headers: once).json == made.json)
        let event = try #require(try await send("GET", "events/{id}", made.id).json["event"])
        for name in ["id", "type", "entity_id", "operation", "time"] { #expect(event[name] == made.json[name]) }
        #expect(event["new"]?["weight"] == .number("3"))
        let next = try await send("POST", "events", body: body)
        #expect(Int(next.id) ?? 0 > Int(made.id) ?? 0)
    }

    private mutating func settleDeadLetters(_ receiver: WebhookReceiver) async throws {
        let filter = "observer=failing&reason=http_503&since=2020-01-01T00:00:00Z"
        let letters = try await send("GET", "dead-letters", query: "\(filter)&limit=2&count=exact")
        #expect(letters.text("total") == "3")
        let rest = try await send(
            "GET", "dead-letters", query: "\(filter)&limit=2&cursor=\(letters.text("next_cursor"))")
        #expect(rest.list("items").count == 1)
        try await send("GET", "dead-letters", query: "observer=nobody", status: 404)
        let statistics = try await send("GET", "dead-letters/stats")
        #expect(statistics.list("groups").map { $0.text("count") } == ["1", "3"])
        let dry = try await send("POST", "dead-letters/retry", query: "\(filter)&dry_run=true")
        #expect(dry.text("count") == "3" && dry.json["dry_run"] == .bool(true))
        let ids = letters.list("items").map(\.id)
        try await send("GET", "dead-letters/{id}", ids[0])
        try await send("GET", "dead-letters/{id}", "1-2", status: 404)
        try await send("DELETE", "dead-letters/{id}", ids[0], status: 204)
        receiver.answer { _ in .ok }
        try await send("POST", "dead-letters/{id}/retry", ids[1])
        try await send("POST", "dead-letters/retry", query: "observer=failing")
        try await untilDeadLetters(0)
    }

    private mutating func untilDeadLetters(_ count: Int) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while try await send("GET", "dead-letters/stats").text("total") != "\(count)" {
            try #require(ContinuousClock.now < end, "there are \(count) dead letters in time")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
