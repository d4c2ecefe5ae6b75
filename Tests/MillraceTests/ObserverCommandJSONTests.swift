import Core
import TestKit
import Testing

/// What the verbs about observers and dead letters print for programs: JSON of the form of the API.
@Suite(.timeLimit(.minutes(5))) struct ObserverCommandJSONTests {
    private static let observer = [
        "id", "version", "status", "paused_because", "managed_by", "name", "description", "entity_types", "operations",
        "condition", "actions", "retry", "ordering", "priority", "timeout_ms", "max_parallelism",
        "on_failure", "enabled", "created_at", "updated_at",
    ]
    private static let letter = [
        "id", "observer_id", "observer", "action", "event_id", "reason", "message", "attempts", "created_at", "event",
    ]

    /// The objects that a verb prints with `--format json`, one a line.
    private func objects(
        of server: ObserverServer, _ arguments: String..., status: Int32 = 0, input: String = ""
    ) async throws -> [JSONValue] {
        let result = try await server.run(arguments + ["--format", "json"], input: input)
        #expect(result.status == status, "\(arguments): \(result.errors)")
        return try result.output.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
    }

    private func expect(_ values: [JSONValue], _ names: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(!values.isEmpty, sourceLocation: sourceLocation)
        for value in values {
            #expect(value.members.map(\.name).sorted() == names.sorted(), "\(value)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func eachVerbAboutObserversHasAForm(_ engine: TestStore.Engine) async throws {
        let server = try await ObserverServer(engine)
        let log = #"{"type": "log", "message": "{{ n }}"}"#
        let many = #"{"observers": [{"name": "a", "actions": [\#(log)]}, {"name": "b", "actions": [\#(log)]}]}"#
        let made = try await objects(of: server, "observers", "create", "-", input: many)
        expect(made, Self.observer)
        #expect(made.map { $0["name"] } == [.string("a"), .string("b")])
        let listed = try await objects(of: server, "observers", "list")
        #expect(listed.first?["items"]?.elements.count == 2 || listed.count == 2)
        let paused = try await objects(of: server, "observers", "pause", "a")
        expect(paused, Self.observer)
        #expect(paused.map { $0["status"] } == [.string("paused")])
        let resumed = try await objects(of: server, "observers", "resume", "a")
        expect(resumed, Self.observer)
        // It may have to catch up first.
        #expect(["active", "catching_up"].contains(resumed.first?["status"]?.string))

        let event = try await server.happen("basket", #"{"n": 7}"#)
        let replayed = try await objects(of: server, "observers", "replay", "a", "--from", event)
        expect(replayed, ["replay", "from", "to"])
        #expect(replayed.first?["replay"] == .integer(1) && replayed.first?["from"] == .number(event))
        let tested = try await objects(of: server, "observers", "test", "a", "--event", event)
        expect(tested, ["watches", "matches", "trace", "actions"])
        #expect(tested.first?["matches"] == .bool(true))
        #expect(tested.first?["actions"]?.elements.first?["would_send"]?["message"] == .string("7"), "\(tested)")
        let other = try await server.happen("parcel", "{}")
        let failing = try await objects(of: server, "observers", "test", "a", "--event", other, status: 2)
        expect(failing, ["watches", "matches", "trace", "actions"])
        #expect(failing.first?["actions"]?.elements.first?["failure"]?.string?.isEmpty == false, "\(failing)")

        let deleted = try await objects(of: server, "observers", "delete", "a")
        expect(deleted, Self.observer)
        #expect(deleted.map { $0["name"] } == [.string("a")])
        #expect(try await server.run("observers", "show", "a").status == 1)
        #expect(await server.process.stop() == 0)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func eachVerbAboutDeadLettersHasAForm(_ engine: TestStore.Engine) async throws {
        let server = try await ObserverServer(engine, answering: { _ in .status(500, body: "closed") })
        try await server.observe("all", #""entity_types": ["basket"],"#)
        let events = [try await server.happen("basket", #"{"n": 1}"#), try await server.happen("basket", #"{"n": 2}"#)]
        try await server.untilDeadLetters(2)
        let listed = try await objects(of: server, "dlq", "list")
        expect(listed, Self.letter)
        #expect(Set(listed.compactMap { $0["event_id"]?.string }) == Set(events))
        let id = try #require(listed.first?["id"]?.string)
        let shown = try await objects(of: server, "dlq", "show", id)
        #expect(shown == [listed[0]])
        try await expectText(of: server, id, listed[0])

        let stats = try await objects(of: server, "dlq", "stats")
        expect(stats, ["total", "oldest", "groups"])
        #expect(stats.first?["total"] == .integer(2) && stats.first?["oldest"] == listed[0]["created_at"])
        let group = try #require(stats.first?["groups"]?.elements)
        expect(group, ["observer", "reason", "count"])
        #expect(group.first?["count"] == .integer(2) && group.first?["reason"] == .string("http_500"))

        let dry = try await objects(of: server, "dlq", "retry-all", "--dry-run")
        expect(dry, ["dry_run", "count", "ids"])
        #expect(dry.first?["dry_run"] == .bool(true) && dry.first?["count"] == .integer(2))
        #expect(dry.first?["ids"] == .array(listed.map { $0["id"] ?? .null }))
        #expect(server.receiver.count == 2)

        server.receiver.answer { _ in .ok }
        let retried = try await objects(of: server, "dlq", "retry", id)
        expect(retried, Self.letter)
        #expect(retried.first?["id"] == .string(id))
        try await server.untilDeadLetters(1)
        let rest = try #require(listed.last?["id"]?.string)
        #expect(
            try await objects(of: server, "dlq", "remove", rest) == [
                .object(JSONObject([.init("removed", .string(rest))]))
            ])
        let none = try await objects(of: server, "dlq", "stats")
        expect(none, ["total", "oldest", "groups"])
        #expect(none.first?["total"] == .integer(0) && none.first?["oldest"] == .null)
        #expect(try await objects(of: server, "dlq", "list").isEmpty)
        #expect(await server.process.stop() == 0)
    }

    /// What people see of a dead letter is the same.
    private func expectText(of server: ObserverServer, _ id: String, _ letter: JSONValue) async throws {
        let shown = try await server.run("dlq", "show", id)
        #expect(shown.status == 0)
        let lines = shown.output.split(separator: "\n").map { String($0) }
        for name in Self.letter where name != "event" {
            let value = try #require(letter[name])
            let text = if case .number(let number) = value { number } else { value.string ?? "" }
            #expect(lines.contains("\(name): \(text)"), "\(shown.output)")
        }
        #expect(lines.contains("reason: http_500") && lines.contains("attempts: 1"))
        let event = lines.drop { $0 != "event:" }
        #expect(event.contains("  entity_type: basket"), "\(shown.output)")
    }
}
