import ChangeLog
import Core
import Storage
import Telemetry
import TestKit
import Testing

@testable import Observers

/// What is said of an event: why each observer did, or did not, act.
@Suite(.timeLimit(.minutes(5))) struct EventReportTests {
    /// The verdict of the first observer about an event, once it is as it should be, or after a while as it is.
    private static func verdict(
        _ event: String, _ fixture: RoleFixture, by events: Events? = nil, at time: Timestamp? = nil,
        until isThere: (EventReport.Verdict) -> Bool = { _ in true }
    ) async throws -> EventReport.Verdict {
        let events = events ?? fixture.role.events
        return try #require(
            await fixture.eventually {
                try await fixture.store.database.read {
                    try events.report(event, at: time ?? SystemTime().now(), of: .first, in: $0).verdicts.first
                }
            } until: { verdict in
                verdict.map(isThere) ?? false
            })
    }

    private static func json(_ value: some JSONEncodable) throws -> JSONValue {
        try JSONParser.parse(JSONWriter.bytes(of: value))
    }

    /// No attempt is announced for a moment that is over.
    @Test(arguments: TestStore.Engine.allCases)
    func aDestinationThatIsLeftAloneIsTold(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, answering: { _ in .status(503) }) { fixture in
            try await fixture.observe(
                """
                {"name": "all", "entity_types": ["order"],
                 "retry": {"strategy": "fixed", "initial_delay_ms": 1, "max_attempts": 100},
                 "actions": [{"type": "webhook", "url": "\(fixture.receiver.url())"}]}
                """)
            try await fixture.order(1)
            let event = fixture.lastEvent
            for number in 2...12 { try await fixture.order(number) }
            #expect(try await fixture.metric("observer_destinations_open", reaches: 1) == 1)
            let verdict = try await Self.verdict(event, fixture) {
                $0.deliveries.first.map { $0.state == .retrying && $0.leftAloneUntil != nil } ?? false
            }
            let delivery = try #require(verdict.deliveries.first)
            let told = try Self.json(delivery)
            #expect(told["destination_left_alone_until"] != nil && told["due"] == nil, "\(told)")
            #expect(try #require(delivery.nextAttemptAt) > delivery.seenAt)

            // Another instance does not know of it, and knows that the turn has come.
            let lookups = LookupReader(fixture.store.log, [], metrics: ObserverMetrics(MetricsRegistry()))
            let other = Events(fixture.role.observers, lookups, Destinations(connections: 1))
            let later = SystemTime().now().advanced(bySeconds: 3_600)
            let seen = try await Self.verdict(event, fixture, by: other, at: later) {
                $0.deliveries.first?.state == .retrying
            }
            let elsewhere = try Self.json(try #require(seen.deliveries.first))
            #expect(elsewhere["next_attempt_at"] == nil && elsewhere["due"] == .bool(true), "\(elsewhere)")
        }
    }

    /// What a replay brings to an action that leaves no delivery is known by the replay.
    @Test(arguments: TestStore.Engine.allCases)
    func whatAReplayBroughtHasActed(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.order(20)
            let old = fixture.lastEvent
            try await fixture.order(5)
            let small = fixture.lastEvent
            try await fixture.order(30)
            let last = fixture.lastEvent
            let observer = try await fixture.observe(
                """
                {"name": "a", "entity_types": ["order"], "condition": "total >= 10", "actions": [{"type": "search"}]}
                """)
            #expect(try await Self.verdict(old, fixture).word == "older_than_observer")
            let end = ReplayBound.position(LogPosition(Int64(small) ?? 0))
            _ = try await fixture.store.log.write(TestStore.context) { [role = fixture.role] in
                try role.observers.replay(.id(observer.id), from: nil, to: end, in: $0)
            }
            let replayed = try await Self.verdict(old, fixture) { $0.word == "acted" }
            #expect(replayed.word == "acted" && replayed.replay == 1)
            #expect(try await Self.verdict(small, fixture) { $0.word != "not_reached" }.word == "condition_false")
            #expect(try await Self.verdict(last, fixture).word == "older_than_observer")
            try await fixture.order(40)
            let own = try await Self.verdict(fixture.lastEvent, fixture) { $0.word == "acted" }
            #expect(own.word == "acted" && own.replay == nil)
        }
    }

    /// A delivery that was never made, because nobody knows whether it is wanted, is no act.
    @Test(arguments: TestStore.Engine.allCases)
    func aConditionWithoutAnAnswerHasNotActed(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.act(
                #"{"type": "webhook", "url": "\#(fixture.receiver.url())"}"#, #"{"type": "search"}"#,
                members: #""condition": "missing > 1","#)
            try await fixture.order(50)
            #expect(try await fixture.letters(2).map(\.reason) == ["condition_failed", "condition_failed"])
            #expect(try await Self.verdict(fixture.lastEvent, fixture).word == "condition_failed")
        }
    }
}
