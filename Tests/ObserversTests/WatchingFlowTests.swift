import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Observers

/// Which changes an observer acts on, by their operation and by whether it is enabled.
@Suite(.timeLimit(.minutes(5))) struct WatchingFlowTests {
    private static func observe(_ fixture: RoleFixture, _ name: String, _ members: String = "") async throws {
        try await fixture.observe(
            """
            {"name": "\(name)", "entity_types": ["order"], \(members)
             "actions": [{"type": "webhook", "url": "\(fixture.receiver.url("/" + name))"}]}
            """)
    }

    /// How many deliveries were ever made, those included that are still to come.
    private static func deliveries(_ fixture: RoleFixture) async throws -> Int64? {
        try await fixture.store.database.read { try $0.first("SELECT COUNT(*) FROM deliveries") { $0.integer(0) } }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func eachOperationGoesToWhoWatchesIt(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            let operations = ["insert", "update", "delete", "custom"]
            for name in operations { try await Self.observe(fixture, name, #""operations": ["\#(name)"],"#) }
            try await Self.observe(fixture, "all")
            let order = try await fixture.order(1)
            try await fixture.move(order, 1, from: "pending", to: "shipped")
            _ = try await fixture.store.log.write(TestStore.context) { unit in
                try unit.recordDelete("order", order, before: RoleFixture.image(order, 1, "shipped"))
                try unit.recordCustom("order", order, data: Array(#"{"reason":"lost"}"#.utf8))
            }
            try await fixture.isMatched(4)
            #expect(try await Self.deliveries(fixture) == 8)
            let requests = try await fixture.received(8)
            let bodies = try requests.map { (path: $0.path, event: try JSONParser.parse($0.body)) }
            func events(_ path: String) -> [JSONValue] { bodies.filter { $0.path == path }.map(\.event) }
            for name in operations { #expect(events("/\(name)").map { $0["type"]?.string } == ["order.\(name)"]) }
            let all = events("/all")
            try #require(all.map { $0["data"]?["operation"]?.string } == operations)
            #expect(all.map { $0["subject"]?.string } == Array(repeating: "\(order)", count: 4))
            #expect(all.map { $0["data"]?["new"]?["status"]?.string } == ["pending", "shipped", nil, nil])
            #expect(all.map { $0["data"]?["old"]?["status"]?.string } == [nil, "pending", "shipped", nil])
            #expect(all[2]["data"]?["new"] == .null && all[3]["data"]?["old"] == .null)
            #expect(all[3]["data"]?["new"]?["reason"]?.string == "lost")
        }
    }

    /// What happens while it is not enabled is not for it, also not afterwards.
    @Test(arguments: TestStore.Engine.allCases)
    func whoIsNotEnabledDoesNotAct(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await Self.observe(fixture, "off", #""enabled": false,"#)
            try await Self.observe(fixture, "on")
            try await fixture.order(1)
            try await fixture.isMatched(1)
            #expect(try await Self.deliveries(fixture) == 1)
            #expect(try await fixture.received(1).map(\.path) == ["/on"])
            try await fixture.patch("off", #"{"enabled": true}"#)
            try await fixture.patch("on", #"{"enabled": false}"#)
            try await fixture.order(2)
            let requests = try await fixture.received(2)
            #expect(requests.map(\.path) == ["/on", "/off"])
            #expect(try requests.map { try $0.new("total") } == ["1.00", "2.00"])
            #expect(try await Self.deliveries(fixture) == 2)
        }
    }
}
