import Core
import Foundation
import Server
import TestKit
import Testing

/// `millrace observers`, `debug-event`, and what `status` and `metrics` say of observers, with a real receiver.
@Suite(.timeLimit(.minutes(5))) struct ObserversCommandTests {
    @Test(arguments: TestStore.Engine.allCases)
    func anObserverFromItsFileToItsEnd(_ engine: TestStore.Engine) async throws {
        let server = try await ObserverServer(engine)
        #expect(try await server.run("observers", "list").output.isEmpty)
        let yaml = """
            name: large
            description: "large orders: somebody looks at them"
            entity_types: [order]
            condition: total_amount > 100
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
        #expect(shown.output.contains("\ncondition: total_amount > 100\n"), "\(shown.output)")
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

    @Test(arguments: TestStore.Engine.allCases)
    func testsTellWhatWouldBeDoneAndReplaysDoItAgain(_ engine: TestStore.Engine) async throws {
        let server = try await ObserverServer(engine)
        try await server.observe(
            "large", #""entity_types": ["basket"], "condition": "total > 100","#)
        let large = try await server.happen("basket", #"{"total": 150}"#)
        let small = try await server.happen("basket", #"{"total": 50}"#)
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

    @Test(arguments: TestStore.Engine.allCases)
    func debuggingAnEventTellsWhyEachObserverDidWhatItDid(_ engine: TestStore.Engine) async throws {
        let server = try await ObserverServer(engine, answering: { _ in .status(503, body: "closed") })
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

    @Test func debuggingTellsOfDestinationsThatAreLeftAloneAndOfReplays() async throws {
        let server = try await ObserverServer(answering: { _ in .status(503) })
        let failing = """
            {"name": "failing", "retry": {"strategy": "fixed", "initial_delay_ms": 1, "max_attempts": 100},
             "actions": [{"type": "webhook", "url": "\(server.receiver.url())"}]}
            """
        #expect(try await server.run("observers", "create", "-", input: failing).status == 0)
        let event = try await server.happen("basket", #"{"total": 50}"#)
        for _ in 2...12 { _ = try await server.happen("basket", "{}") }
        let patience = ", its destination fails and is left alone until 20"
        try await server.until("the destination is left alone") {
            try await server.run("debug-event", event).output.contains(patience)
        }
        let metrics = try await server.run("metrics", "observer_destinations_open")
        #expect(metrics.output.contains("\nobserver_destinations_open "), "\(metrics.output)")

        let indexing = #"{"name": "indexing", "actions": [{"type": "search"}]}"#
        #expect(try await server.run("observers", "create", "-", input: indexing).status == 0)
        let older = "indexing (active): did not act: the event is older than it\n"
        #expect(try await server.run("debug-event", event).output.hasSuffix(older))
        #expect(try await server.run("observers", "replay", "indexing").status == 0)
        let line = "indexing (active): acted when it was replayed (replay 1)\n"
        try await server.until("the replay is told of") {
            try await server.run("debug-event", event).output.hasSuffix(line)
        }
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

    /// Who looks at a data directory sees what the observers will have to do once a server runs.
    @Test func statusOfADataDirectoryTellsOfObservers() async throws {
        let server = try await ObserverServer { $0.text.contains("basket") ? .silence : .status(500) }
        let data = server.directory.file("data")
        try await server.observe("failing", #""entity_types": ["cart"],"#)
        try await server.observe("waiting", #""entity_types": ["basket"],"#)
        try await server.observe("resting")
        _ = try await server.run("observers", "pause", "resting")
        _ = try await server.happen("cart", "{}")
        _ = try await server.happen("basket", "{}")
        try await server.until("one delivery is dead and one waits") {
            let events = try await server.client.json("GET", "/api/v1/events")["items"]?.elements ?? []
            let states = events.flatMap { $0["deliveries"]?.elements ?? [] }.compactMap { $0["state"]?.string }
            return states.sorted() == ["dead", "waiting"]
        }
        // Nobody who works watches this one, so it is not stored at once that it was matched.
        _ = try await server.happen("parcel", "{}")
        #expect(await server.process.stop() == 0)

        let status = try await server.run("status", "--data", data)
        let lines = "observers: active 2, paused 1\n  backlog 0, pending_deliveries 1, dead_letters 1\n"
        #expect(status.output.hasSuffix(lines), "\(status.output)")
        let json = try await server.json("status", "--data", data)["observers"]
        let figures = [
            "active": 2, "catching_up": 0, "paused": 1, "disabled": 0, "backlog": 0, "pending_deliveries": 1,
            "dead_letters": 1,
        ]
        for (name, value) in figures { #expect(json?[name] == .integer(value), "\(name)") }
        // What happens while nobody works is what they are behind by.
        let products = "sku,name,price\nA,Apple,1\n"
        _ = try await server.run("import", "products", "-", "--data", data, input: products)
        let behind = try await server.json("status", "--data", data)["observers"]?["backlog"]
        #expect(behind != .integer(0) && behind != nil)
    }
}
