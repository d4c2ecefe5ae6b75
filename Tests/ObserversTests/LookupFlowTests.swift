import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Observers

/// What observers look up beside the event: from the cache, and never older than the event.
@Suite(.timeLimit(.minutes(5))) struct LookupFlowTests {
    /// Customers as the log tells of them.
    private static let customers = EntityLookup("customer") { id, tenant, transaction in
        try transaction.first(
            """
            SELECT after_image, position FROM changes
            WHERE tenant = \(tenant) AND entity_type = 'customer' AND entity_id = \(id) ORDER BY position DESC LIMIT 1
            """
        ) { (json: $0.bytes(0), version: $0.integer(1)) }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anEntityIsReadOnceUntilItChanges(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, lookups: [Self.customers]) { fixture in
            try await fixture.act(
                """
                {"type": "webhook", "url": "\(fixture.receiver.url())", "body": "{\\"to\\": \\"{{ customer.name }}\\"}"}
                """,
                members: """
                    "lookups": {"customer": {"entity_type": "customer", "id": "customer_id"}},
                    "condition": "customer.name != 'Nobody'",
                    """)
            let customer = try await Self.keep(fixture, nil, "Zoe", was: nil)
            try await Self.order(fixture, customer)
            #expect(try await Self.recipients(fixture, 1) == ["Zoe"])
            // Its condition read the table, and its template the cache.
            await Self.expect(fixture, hits: 1, misses: 1, rate: 0.5)
            try await Self.order(fixture, customer)
            #expect(try await Self.recipients(fixture, 2) == ["Zoe", "Zoe"])
            await Self.expect(fixture, hits: 3, misses: 1, rate: 0.75)

            _ = try await Self.keep(fixture, customer, "Yan", was: "Zoe")
            try await Self.order(fixture, customer)
            #expect(try await Self.recipients(fixture, 3) == ["Zoe", "Zoe", "Yan"])
            await Self.expect(fixture, hits: 4, misses: 2, rate: 4.0 / 6)

            // Whom nobody knows has no name, which is a failure that somebody sees.
            try await Self.order(fixture, IdentifierGenerator().next(at: SystemTime().now()))
            #expect(try await fixture.letters(1).map(\.reason) == ["condition_failed"])
            await Self.expect(fixture, hits: 4, misses: 3, rate: 4.0 / 7)
            #expect(fixture.receiver.count == 3)
        }
    }

    private static let unaskable = #"{"customer": {"entity_type": "customer", "id": "status | money('EUR')"}}"#

    /// The event does not allow the lookup, and a retry says so in the same words.
    @Test(arguments: TestStore.Engine.allCases)
    func aLookupThatFailsIsNoFailureOfTheAction(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, lookups: [Self.customers]) { fixture in
            try await fixture.act(
                #"{"type": "webhook", "url": "\#(fixture.receiver.url())"}"#,
                members: #""condition": "total > 10", "on_failure": "alert", "lookups": \#(Self.unaskable),"#)
            try await fixture.order(50)
            #expect(try await fixture.letters(1).map(\.reason) == ["lookup_failed"])
            let alerts = #"observer_alerts_total{observer="acting"}"#
            #expect(try await fixture.metric(alerts, reaches: 1) == 1)
            let letters = fixture.role.deadLetters
            _ = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
                try letters.retryAll(.init(), isDryRun: false, in: $0)
            }
            #expect(try await fixture.metric(alerts, reaches: 2) == 2)
            #expect(try await fixture.letters(1).map(\.reason) == ["lookup_failed"])
            #expect(fixture.receiver.count == 0)
        }
    }

    /// One observer whose lookup cannot be asked keeps nobody from learning what the others say.
    @Test(arguments: TestStore.Engine.allCases)
    func theReportOfAnEventTellsOfALookupThatFails(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine, lookups: [Self.customers]) { fixture in
            let action = #"{"type": "webhook", "url": "\#(fixture.receiver.url())"}"#
            try await fixture.act(action, members: #""condition": "total > 100","#, name: "asking")
            try await fixture.act(action, members: #""condition": "total > 100","#, name: "other")
            try await fixture.order(50)
            try await fixture.isMatched(1)
            let (observers, events, event) = (fixture.role.observers, fixture.role.events, fixture.lastEvent)
            let patch = try JSONParser.parse(Array(#"{"lookups": \#(Self.unaskable)}"#.utf8))
            guard case .object(let members) = patch else { return }
            _ = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
                try observers.update(.name("asking"), members, expecting: nil, in: $0)
            }
            let verdicts = try await fixture.eventually {
                try await fixture.store.database.read {
                    try events.report(event, at: SystemTime().now(), of: .first, in: $0).verdicts
                }
            } until: {
                $0.first?.word != "not_reached"
            }
            #expect(verdicts.map(\.word) == ["lookup_failed", "condition_false"])
            #expect(verdicts.map { $0.failure == nil } == [false, true])
        }
    }

    private static func expect(
        _ fixture: RoleFixture, hits: Double, misses: Double, rate: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let names = ["observer_cache_hits_total", "observer_cache_misses_total", "observer_cache_hit_rate"]
        for (name, value) in zip(names, [hits, misses, rate]) {
            let counted = fixture.metric(name) ?? -1
            #expect(abs(counted - value) < 0.001, "\(name) is \(counted)", sourceLocation: sourceLocation)
        }
    }

    private static func recipients(_ fixture: RoleFixture, _ count: Int) async throws -> [String?] {
        try await fixture.received(count).map { try JSONParser.parse($0.body)["to"]?.string }
    }

    /// Makes a customer, or gives one another name.
    private static func keep(
        _ fixture: RoleFixture, _ known: Identifier?, _ name: String, was old: String?
    ) async throws -> Identifier {
        try await fixture.store.log.write(TestStore.context) { unit in
            let id = known ?? unit.makeIdentifier()
            func image(_ name: String) -> [UInt8] { Array(#"{"id":"\#(id)","name":"\#(name)"}"#.utf8) }
            if let old {
                try unit.recordUpdate("customer", id, before: image(old), after: image(name))
            } else {
                try unit.recordInsert("customer", id, after: image(name))
            }
            return id
        }.value
    }

    private static func order(_ fixture: RoleFixture, _ customer: Identifier) async throws {
        _ = try await fixture.store.log.write(TestStore.context) { unit in
            let image = #"{"customer_id":"\#(customer)"}"#
            try unit.recordInsert("order", unit.makeIdentifier(), after: Array(image.utf8))
        }
    }
}
