import Core
import Foundation
import Server
import TestKit
import Testing

/// `millrace observers`, `debug-event`, and what `status` and `metrics` say of observers, with a real receiver.
@Suite(.timeLimit(.minutes(5))) struct ObserversCommandTests {
    @Test func anObserverFromItsFileToItsEnd() async throws {
        let server = try await ObserverServer()
        #expect(try await server.run("observers", "list").output.isEmpty)
        let yaml = """
            name: large
            description: "large orders: somebody looks at them"
            entity_types: [order]
            condition: total > 100
            actions:
              - type: webhook
                url: \(server.receiver.url())
            """
        let made = try await server.run("observers", "create", "-", input: yaml)
        #expect(made.status == 0 && made.output.hasPrefix("created large ("), "\(made.errors)")
        let twice = try await server.run("observers", "create", "-", input: #"{"name": "large", "actions": []}"#)
        #expect(twice.status == 1 && twice.errors.contains("/actions: "), "\(twice.errors)")
        #expect(
            try await server.run("observers", "list").output
                == "active  large  order insert,update,delete,custom  webhook\n")
        let shown = try await server.run("observers", "show", "large")
        #expect(shown.output.contains("\ncondition: total > 100\n"), "\(shown.output)")
        #expect(shown.output.contains("actions:\n  -\n    type: webhook\n"), "\(shown.output)")
        #expect(try await server.json("observers", "show", "large")["version"] == .integer(1))
        #expect(try await server.run("observers", "pause", "large").output == "large is paused\n")
        #expect(try await server.json("observers", "list")["items"]?.elements.count == 1)
        #expect(try await server.run("observers", "resume", "large").status == 0)
        #expect(try await server.run("observers", "delete", "large").output == "deleted large\n")
        let gone = try await server.run("observers", "show", "large/../large")
        #expect(gone.status == 1 && gone.errors.contains("large/../large"), "\(gone.errors)")
        #expect(await server.process.stop() == 0)
    }

    @Test func aFileOfManyMakesEachAndStatementsAreRefused() async throws {
        let server = try await ObserverServer()
        let log = #"{"type": "log", "message": "it happened"}"#
        let many = #"{"observers": [{"name": "a", "actions": [\#(log)]}, {"name": "b", "actions": [\#(log)]}]}"#
        let made = try await server.run("observers", "create", "-", input: many)
        #expect(made.output.split(separator: "\n").map { $0.prefix(10) } == ["created a ", "created b "])
        let statements = #"{"statements": {"x": "DELETE FROM orders"}, "observers": []}"#
        let refused = try await server.run("observers", "create", "-", input: statements)
        #expect(refused.status == 1 && refused.errors.contains("observers.file"), "\(refused.errors)")
        let broken = try await server.run("observers", "create", "-", input: "name: [")
        #expect(broken.status == 1 && broken.errors.contains("not YAML"), "\(broken.errors)")
        #expect(try await server.run("observers", "create", "nothing.yaml").errors.contains("cannot be read"))
        #expect(await server.process.stop() == 0)
    }

    @Test func testsTellWhatWouldBeDoneAndReplaysDoItAgain() async throws {
        let server = try await ObserverServer()
        try await server.observe("large", #""entity_types": ["order"], "condition": "total > 100","#)
        let large = try await server.happen("order", #"{"total": 150}"#)
        let small = try await server.happen("order", #"{"total": 50}"#)
        try await server.receiver.waitForRequests(1)
        let would = try await server.run("observers", "test", "large", "--event", large)
        #expect(would.status == 0, "\(would.errors)")
        #expect(would.output.hasPrefix("large would act on event \(large)\n  total > 100: true\n    total: 150\n"))
        #expect(would.output.contains("\n    url: \(server.receiver.url())\n"), "\(would.output)")
        let not = try await server.run("observers", "test", "large", "--event", small)
        #expect(not.status == 2)
        #expect(not.output.contains("its condition does not hold\n  total > 100: false\n    total: 50\n"))
        #expect(try await server.run("observers", "test", "large", "--event", "999999").status == 1)
        #expect(server.receiver.count == 1)

        let begun = try await server.run("observers", "replay", "large", "--from", large, "--to", small)
        #expect(begun.output == "replay 1 of large has begun: positions \(large) to \(small)\n", "\(begun.errors)")
        let again = try await server.receiver.waitForRequests(2)
        #expect(again[0].body == again[1].body)
        let wrong = try await server.run("observers", "replay", "large", "--from", "yesterday")
        #expect(wrong.status == 1 && wrong.errors.contains("?from: "), "\(wrong.errors)")
        #expect(await server.process.stop() == 0)
    }

    @Test func debuggingAnEventTellsWhyEachObserverDidWhatItDid() async throws {
        let server = try await ObserverServer(answering: { _ in .status(503, body: "closed") })
        try await server.observe("large", #""condition": "total > 100 && vip","#)
        try await server.observe("all")
        try await server.observe("orders", #""entity_types": ["order"],"#)
        let event = try await server.happen("basket", #"{"total": 50}"#)
        try await server.untilDeadLetters(1)
        let told = try await server.run("debug-event", event)
        #expect(told.status == 0, "\(told.errors)")
        #expect(told.output.hasPrefix("event \(event): basket.custom of "))
        #expect(
            told.output.hasSuffix(
                """
                all (active): acted
                  webhook: dead after 1 attempt
                    http_503: The receiver answered 503: closed
                large (active): did not act: its condition does not hold
                  total > 100 && vip: false
                    total > 100: false
                      total: 50
                    vip: not needed
                orders (active): did not act: it does not watch such events

                """), "\(told.output)")
        let one = try await server.json("debug-event", event, "--observer", "all")
        #expect(one["observers"]?.elements.count == 1)
        #expect(one["observers"]?.elements.first?["deliveries"]?.elements.first?["state"] == .string("dead"))
        #expect(try await server.run("debug-event", "x").status == 1)
        #expect(try await server.run("debug-event", event, "--observer", "nobody").status == 1)
        #expect(await server.process.stop() == 0)
    }

    @Test func statusAndMetricsTellOfObservers() async throws {
        let server = try await ObserverServer()
        try await server.observe("one")
        try await server.observe("two")
        _ = try await server.run("observers", "pause", "two")
        let status = try await server.run("status")
        #expect(status.output.contains("observers: active 1, paused 1\n  backlog 0, "), "\(status.output)")
        #expect(status.output.hasSuffix(", dead_letters 0\n"), "\(status.output)")
        let json = try await server.json("status")
        #expect(json["ready"] == .string("ready") && json["orders"] == .integer(0))
        #expect(json["observers"]?["paused"] == .integer(1) && json["observers"]?["lag_seconds"] != .null)
        let some = try await server.run("metrics", "observer_dead")
        #expect(some.output.contains("\n# TYPE observer_dead_letters gauge\nobserver_dead_letters "))
        #expect(some.output.split(separator: "\n").count == 3)
        let figures = try await server.json("metrics", "observer_dead")
        #expect(figures["gauges"]?.elements.count == 1 && figures["counters"]?.elements == [])
        let none = try await server.run("metrics", "no_such")
        #expect(none.status == 1 && none.errors.contains("no metric whose name contains no_such"))

        let made = try await server.run("keys", "create", "--name", "r", "--scope", "orders:read")
        let key = try #require(made.output.split(separator: "\n").last).dropFirst(5).prefix { $0 != " " }
        let limited = try await server.run("status", "--key", String(key))
        #expect(limited.status == 1 && limited.errors.contains("products:read"), "\(limited.errors)")
        #expect(await server.process.stop() == 0)
    }
}
