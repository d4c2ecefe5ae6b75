import ChangeLog
import Core
import Logging
import Storage
import TestKit
import Testing

@testable import Observers

/// A change of an observer is about what comes after it: what the observer has turned down stays turned down.
@Suite(.timeLimit(.minutes(5))) struct ObserverChangeFlowTests {
    private static func definition(_ fixture: RoleFixture, _ condition: String) -> String {
        """
        {"name": "watching", "entity_types": ["order"], "condition": "\(condition)",
         "actions": [{"type": "webhook", "url": "\(fixture.receiver.url())"}]}
        """
    }

    /// The totals of the orders that were sent, once there are so many: those of several entities go side by side.
    private static func totals(_ fixture: RoleFixture, _ count: Int) async throws -> [String] {
        try await fixture.received(count).compactMap {
            try JSONParser.parse($0.body)["data"]?["new"]?["total"]?.string
        }.sorted()
    }

    private func change(
        _ fixture: RoleFixture, _ body: @escaping @Sendable (Observers, UnitOfWork) throws -> Void
    ) async throws {
        let observers = fixture.role.observers
        _ = try await fixture.store.log.write(TestStore.context, isolation: .readCommitted) {
            try body(observers, $0)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aNewConditionIsNotAskedAboutWhatTheOldOneTurnedDown(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(Self.definition(fixture, "total > 100"))
            for total in 50...52 { try await fixture.order(total) }
            try await fixture.isMatched(3)
            let json = Self.definition(fixture, "total > 10")
            try await change(fixture) { observers, unit in
                let definition = try observers.read(JSONParser.parse(Array(json.utf8)), of: .first)
                _ = try observers.replace(.name("watching"), definition, expecting: nil, in: unit)
            }
            try await fixture.order(60)
            #expect(try await Self.totals(fixture, 1) == ["60.00"])
            try await fixture.order(61)
            #expect(try await Self.totals(fixture, 2) == ["60.00", "61.00"])
        }
    }

    /// Between the two it is another one: paused, changed and resumed before anybody who matches has seen it.
    @Test(arguments: TestStore.Engine.allCases)
    func norIsItAskedAfterAPause(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(Self.definition(fixture, "total > 100"))
            for total in 50...52 { try await fixture.order(total) }
            try await fixture.isMatched(3)
            try await change(fixture) { observers, unit in
                _ = try observers.pause(.name("watching"), in: unit)
            }
            try await change(fixture) { observers, unit in
                guard case .object(let patch) = try JSONParser.parse(Array(#"{"condition": "total > 10"}"#.utf8))
                else { return }
                _ = try observers.update(.name("watching"), patch, expecting: nil, in: unit)
            }
            // What happens meanwhile is not missed.
            try await fixture.order(60)
            try await change(fixture) { observers, unit in _ = try observers.resume(.name("watching"), in: unit) }
            try await fixture.order(61)
            #expect(try await Self.totals(fixture, 2) == ["60.00", "61.00"])
        }
    }

    /// Who looks at an event that was turned down learns that at once, and the tables know it a little later.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsTurnedDownCountsAsReached(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(Self.definition(fixture, "total > 100"))
            try await fixture.order(50)
            try await fixture.isMatched(1)
            let (event, events) = (fixture.lastEvent, fixture.role.events)
            let report = try await fixture.store.database.read {
                try events.report(event, at: SystemTime().now(), of: .first, in: $0)
            }
            #expect(report.verdicts.map(\.word) == ["condition_false"])
            let end = fixture.store.log.seen
            let stored = try await fixture.eventually {
                try await fixture.store.database.read { try ObserverProgress.position(in: $0) }
            } until: {
                $0 == end
            }
            #expect(stored == end)
        }
    }
}

/// What was matched for nobody before the observers changed, and what becomes of it when it is stored.
@Suite(.timeLimit(.minutes(5))) struct IdleRangeTests {
    private static let range = IdleRange(start: LogPosition(3), end: LogPosition(9), observers: [1, 2])

    /// Stores the range where the log is matched up to a position and observers stand where they are said to, and
    /// returns where they stand then.
    private func store(_ position: Int64, _ own: [Int64: Int64?]) async throws -> (shared: Int64, own: [Int64?]) {
        let store = try await TestStore(.sqlite, schemas: [ObserversSchema.schema])
        let partitions = Partitions(of: store.log, signal: Signal(), logger: Logger(label: "test"))
        return try await store.database.write { transaction in
            try ObserverProgress.advance(to: LogPosition(position), in: transaction)
            for (number, place) in own {
                try transaction.execute(
                    """
                    INSERT INTO observers (tenant, id, number, name, version, definition, enabled, paused, managed_by,
                        own_position, started_after, created_at, updated_at)
                    VALUES (1, \(IdentifierGenerator().next(at: SystemTime().now())), \(number), \("\(number)"), 1, '',
                        1, 1, 'api', \(place), 0, 0, 0)
                    """)
            }
            try Self.range.store(partitions, in: transaction)
            let places = try transaction.rows("SELECT own_position FROM observers ORDER BY number") {
                $0.isNull(0) ? nil : $0.integer(0)
            }
            return (try ObserverProgress.position(in: transaction).value, places)
        }
    }

    @Test func whoWasPausedMeanwhileStandsWhereItHadCome() async throws {
        let stored = try await store(3, [1: 3, 2: nil])
        #expect(stored.shared == 9 && stored.own == [9, nil])
    }

    @Test func whoStoodElsewhereStaysThere() async throws {
        let stored = try await store(3, [1: 12, 2: 4, 3: 2])
        #expect(stored.shared == 9 && stored.own == [12, 9, 2])
    }

    @Test func whatIsStoredAlreadyIsNotStoredAgain() async throws {
        let stored = try await store(12, [1: 3])
        #expect(stored.shared == 12 && stored.own == [3])
    }
}
