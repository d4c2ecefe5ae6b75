import Core
import TestKit
import Testing

@testable import Observers

/// How many deliveries are under way at once, how fast they begin, and who goes first.
@Suite(.timeLimit(.minutes(5))) struct DeliveryLimitFlowTests {
    private static func observe(
        _ fixture: RoleFixture, _ name: String, members: String = "", paths: [String], action: String = ""
    ) async throws {
        let actions = paths.map {
            #"{"type": "webhook", "name": "\#($0)", \#(action) "url": "\#(fixture.receiver.url("/" + $0))"}"#
        }
        try await fixture.observe(
            """
            {"name": "\(name)", "entity_types": ["order"], \(members) "actions": [\(actions.joined(separator: ","))]}
            """)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func noMoreThanMaxParallelismAreUnderWay(_ engine: TestStore.Engine) async throws {
        let pause: Int64 = 200
        try await RoleFixture.run(engine, answering: { _ in .status(200, after: .milliseconds(pause)) }) { fixture in
            try await Self.observe(fixture, "two", members: #""max_parallelism": 2,"#, paths: ["one"])
            try await fixture.orders(6)
            let requests = try await fixture.received(6)
            requests.expectAtMost(2, eachLasting: pause)
            requests.expectOverlap(eachLasting: pause)
        }
    }

    /// The limit is one of the destination: what several actions send there counts together.
    @Test(arguments: TestStore.Engine.allCases)
    func actionsShareTheConcurrencyOfADestination(_ engine: TestStore.Engine) async throws {
        let pause: Int64 = 200
        try await RoleFixture.run(engine, answering: { _ in .status(200, after: .milliseconds(pause)) }) { fixture in
            try await Self.observe(fixture, "both", paths: ["one", "two"], action: #""max_concurrency": 2,"#)
            try await fixture.orders(4)
            let requests = try await fixture.received(8)
            #expect(requests.count { $0.path == "/one" } == 4)
            requests.expectAtMost(2, eachLasting: pause)
            requests.expectOverlap(eachLasting: pause)
        }
    }

    /// Five a second, so the eleventh comes after two seconds.
    @Test(arguments: TestStore.Engine.allCases)
    func noMoreThanItsRateGoToADestination(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await Self.observe(fixture, "slowly", paths: ["one"], action: #""rate_per_second": 5,"#)
            let start = SystemTime().now()
            try await fixture.orders(11)
            let end = try #require(try await fixture.received(11).last?.receivedAt)
            #expect(end.microseconds - start.microseconds >= 1_990_000)
        }
    }

    /// Both have much for one destination that takes one at a time: the first in rank goes first.
    @Test(arguments: TestStore.Engine.allCases)
    func theFirstInRankGoesFirst(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(
            engine, answering: { .status(200, after: $0.number == 1 ? .seconds(1) : .milliseconds(10)) }
        ) { fixture in
            let one = #""max_concurrency": 1,"#
            try await Self.observe(fixture, "later", members: #""priority": 500,"#, paths: ["later"], action: one)
            try await Self.observe(fixture, "first", members: #""priority": 10,"#, paths: ["first"], action: one)
            try await fixture.orders(10)
            // The very first one went before the other had anything.
            let paths = try await fixture.received(20).map(\.path).dropFirst()
            let last = try #require(paths.lastIndex(of: "/first"))
            // Who ends a delivery may find the place free before the one in front of him has woken.
            #expect(paths[..<last].count { $0 == "/later" } < 4, "\(paths)")
        }
    }
}
