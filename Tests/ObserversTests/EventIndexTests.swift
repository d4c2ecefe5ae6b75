import ChangeLog
import Core
import Storage
import Telemetry
import TestKit
import Testing

@testable import Observers

/// The server's own index of events, which observers with a `search` action fill.
@Suite(.timeLimit(.minutes(5))) struct EventIndexTests {
    private static let observer = #"""
        {"name": "indexed", "entity_types": ["order"], "condition": "total >= 10",
         "actions": [{"type": "search"}, {"type": "search", "name": "twice"}]}
        """#

    @Test func aChangeIsFoundByTheValuesOfItsImages() throws {
        let words = try Self.words(
            after: #"{"id":"01890A5D-AC96-774B-BCCE-B302099A8057","note":"Café, wi-fi!","lines":[{"price":12.50}],"#
                + #""at":"2026-11-22T10:00:00Z","paid":true,"none":null}"#,
            before: #"{"note":"Tea"}"#)
        #expect(
            words == [
                "order", "update", "00000000-0000-0001-0000-000000000002", "somebody",
                "01890a5d-ac96-774b-bcce-b302099a8057", "cafe", "wi", "fi", "12", "50", "tea",
            ])
    }

    @Test func ofAGreatEventTheFirstWordsCount() throws {
        let values = (0..<1_000).map { "\"word\($0)\"" }.joined(separator: ",")
        let words = try Self.words(after: "{\"all\":[\(values)]}", before: nil)
        #expect(words.count == EventWords.limit && words.contains("word0") && !words.contains("word999"))
    }

    @Test func aQueryIsReadAsWordsAndBeginnings() throws {
        let query = try EventQuery("Größe  ORD-7 ship*")
        #expect(query.words == ["große", "ord", "7"].map { EventWords.words($0)[0] } && query.beginnings == ["ship"])
        for wrong in ["a*", String(repeating: "a ", count: 17)] {
            let failure = #expect(throws: Failure.self) { try EventQuery(wrong) }
            #expect(failure?.errors.map(\.pointer) == ["?q"], "\(wrong)")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatAnObserverMatchesIsFoundByItsWords(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            // Before an observer fills the index, the images themselves are looked at.
            try await fixture.order(500, status: "early")
            #expect(try await Self.list("early 500", fixture).count == 1)
            try await fixture.observe(Self.observer)
            let first = try await fixture.order(20, status: "shipped")
            try await fixture.order(5, status: "shipped")
            let third = try await fixture.order(30, status: "pending")
            try await fixture.move(third, 30, from: "pending", to: "shipping")
            try await Self.waitForEntries(3, fixture)
            #expect(try await Self.search("SHIPPED 20", fixture) == [first])
            #expect(try await Self.search("ship*", fixture) == [third, first])
            #expect(try await Self.search("\(third)", fixture) == [third, third])
            #expect(try await Self.search("\(third) insert", fixture) == [third])
            for nothing in ["hipped", "early", "nowhere", "shipped 30", "shipped nowh*"] {
                #expect(try await Self.search(nothing, fixture) == [], "\(nothing)")
            }
            var filter = EventFilter()
            filter.operation = "update"
            #expect(try await Self.search("eur", fixture, filter) == [third])
            filter.entity = first
            #expect(try await Self.search("eur", fixture, filter) == [])
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func pagesFollowOneAnother(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(Self.observer)
            var orders: [Identifier] = []
            for number in 10..<40 { orders.append(try await fixture.order(number)) }
            try await Self.waitForEntries(30, fixture)
            #expect(try await Self.list("pending eur", fixture, limit: 7) == orders.reversed())
            #expect(try await Self.list("pending eur", fixture, limit: 7, scanLimit: 10) == orders.reversed())
        }
    }

    /// What is older than the list looks at by itself comes from the index, if an observer fills it.
    @Test(arguments: TestStore.Engine.allCases)
    func theLatestAreFoundThemselvesAndOlderOnesByTheIndex(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(Self.observer)
            let old = try await fixture.order(10, status: "shipped")
            try await fixture.order(5, status: "shipped")
            for _ in 1...8 { try await fixture.order(50, status: "other") }
            let late = try await fixture.order(5, status: "shipped")
            let last = try await fixture.order(11, status: "shipped")
            try await Self.waitForEntries(10, fixture)
            #expect(try await Self.list("shipped", fixture, scanLimit: 5) == [last, late, old])
            #expect(try await Self.list("shipped 5", fixture, scanLimit: 5) == [late])
        }
    }

    /// What is found does not depend on whether changes are looked at or the index is asked.
    @Test(arguments: TestStore.Engine.allCases)
    func bothWaysFindTheSame(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(Self.observer)
            let town = try await fixture.order(20, status: #"M\u00fcnster \"S\u00fcd\""#)
            let other = try await fixture.order(20, status: "Münster-Nord, ship-to")
            try await Self.waitForEntries(2, fixture)
            let queries = [
                ("munster", [other, town]), ("MÜNSTER 20", [other, town]), ("mun*", [other, town]), ("sud", [town]),
                ("unster", []), ("nord ship*", [other]), ("\(town)", [town]), ("\("\(town)".prefix(8))", []),
                ("status", []), ("-", []), ("insert eur", [other, town]),
            ]
            for (text, orders) in queries {
                #expect(try await Self.list(text, fixture) == orders, "\(text)")
                #expect(try await Self.search(text, fixture) == orders, "\(text) in the index")
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReplayFillsTheIndexWithWhatWasBefore(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            let old = try await fixture.order(20, status: "ancient")
            let observer = try await fixture.observe(Self.observer)
            try await fixture.order(20)
            try await Self.waitForEntries(1, fixture)
            #expect(try await Self.search("ancient", fixture) == [])
            for _ in 1...2 {
                _ = try await fixture.store.log.write(TestStore.context) { [role = fixture.role] in
                    try role.observers.replay(.id(observer.id), from: .position(LogPosition(1)), to: nil, in: $0)
                }
            }
            try await Self.waitForEntries(2, fixture)
            #expect(try await Self.search("ancient", fixture) == [old])
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatCouldNotBeDecidedIsDecidedWhenItIsTriedAgain(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            let definition = #"""
                {"name": "strict", "entity_types": ["order"], "condition": "CONDITION",
                 "actions": [{"type": "search"}, {"type": "webhook", "url": "URL"}]}
                """#.replacing("URL", with: fixture.receiver.url())
            let observer = try await fixture.observe(definition.replacing("CONDITION", with: "missing > 1"))
            let wanted = try await fixture.order(20, status: "first")
            try await fixture.order(5, status: "second")
            #expect(try await fixture.letters(4).map(\.reason) == Array(repeating: "condition_failed", count: 4))
            try await Self.retryAll(fixture)
            // The condition still has no answer.
            let moved = try await fixture.eventually {
                try await fixture.letters(4).map(\.attempts)
            } until: {
                $0 == [1, 1, 1, 1]
            }
            #expect(moved == [1, 1, 1, 1])
            let mended = try fixture.role.observers.read(
                JSONParser.parse(Array(definition.replacing("CONDITION", with: "total > 10").utf8)), of: .first)
            _ = try await fixture.store.log.write(TestStore.context) { [role = fixture.role] in
                try role.observers.replace(.id(observer.id), mended, expecting: nil, in: $0)
            }
            try await Self.retryAll(fixture)
            #expect(try await fixture.letters(0).isEmpty)
            try await Self.waitForEntries(1, fixture)
            #expect(try await Self.search("first", fixture) == [wanted])
            #expect(try await fixture.receiver.waitForRequests(1).count == 1)
            let states = try await fixture.eventually {
                try await fixture.store.database.read {
                    try $0.rows("SELECT state FROM deliveries ORDER BY state") { $0.integer(0) }
                }
            } until: {
                $0 == [3, 3, 5, 5]
            }
            #expect(states == [3, 3, 5, 5])
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatTheLogForgetsIsForgotten(_ engine: TestStore.Engine) async throws {
        try await RoleFixture.run(engine) { fixture in
            try await fixture.observe(Self.observer)
            for number in 10..<20 { try await fixture.order(number) }
            let last = try await fixture.order(20)
            try await Self.waitForEntries(11, fixture)
            let head = try await fixture.store.settledHead()
            let more = try await fixture.store.database.write {
                try EventIndex.forget(upTo: LogPosition(head.value - 1), in: $0)
            }
            #expect(!more)
            let rows = try await fixture.store.database.read {
                (
                    try $0.rows("SELECT DISTINCT position FROM event_words") { $0.position(0) },
                    try $0.rows("SELECT position FROM event_index") { $0.position(0) }
                )
            }
            #expect(rows.0 == rows.1 && rows.0.count == 1)
            #expect(try await Self.search("pending", fixture) == [last])
        }
    }

    // MARK: Helpers

    private static func words(after: String?, before: String?) throws -> [String] {
        let json = """
            {"position":7,"entity_type":"order","entity_id":"00000000-0000-0001-0000-000000000002",
             "operation":"update","after":\(after ?? "null"),"before":\(before ?? "null"),"changed_fields":[],
             "actor":"somebody","request_id":null,"traceparent":null,"time":"2026-11-22T10:00:00Z"}
            """
        return try EventWords(Change(json: Array(json.utf8), of: .first)).all
    }

    /// What the index itself finds.
    private static func search(
        _ text: String, _ fixture: RoleFixture, _ filter: EventFilter = EventFilter()
    ) async throws -> [Identifier] {
        let (query, head) = (try EventQuery(text), fixture.store.log.seen)
        return try await fixture.store.database.read { transaction in
            let places = try EventIndex.find(
                query, of: .first, in: (after: .start, upTo: head), where: filter.conditions, limit: 100,
                in: transaction)
            let changes = try ChangeLog.changes(at: places.found, in: transaction)
            return places.found.compactMap { changes[$0.position]?.entity }
        }
    }

    /// Events whose lists look at so many changes themselves.
    private static func events(_ fixture: RoleFixture, scanLimit: Int64 = 20_000) -> Events {
        let lookups = LookupReader(fixture.store.log, [], metrics: ObserverMetrics(MetricsRegistry()))
        return Events(fixture.role.observers, lookups, Destinations(connections: 1), scanLimit: scanLimit)
    }

    /// All that the pages of a list have.
    private static func list(
        _ text: String, _ fixture: RoleFixture, limit: Int = 100, scanLimit: Int64 = 20_000
    ) async throws -> [Identifier] {
        var filter = EventFilter()
        filter.text = text
        var found: [Identifier] = []
        var next: [CursorValue]?
        repeat {
            let request = PageRequest(limit: limit, after: next)
            let (events, head) = (Self.events(fixture, scanLimit: scanLimit), fixture.store.log.seen)
            let page = try await fixture.store.log.read { [filter] in
                try events.list(filter, request, upTo: head, of: .first, in: $0)
            }.value
            found += page.items.map(\.change.entity)
            next = page.next
        } while next != nil
        return found
    }

    private static func retryAll(_ fixture: RoleFixture) async throws {
        _ = try await fixture.store.log.write(TestStore.context) { [role = fixture.role] in
            try role.deadLetters.retryAll(.init(), isDryRun: false, in: $0)
        }
    }

    private static func waitForEntries(_ count: Int, _ fixture: RoleFixture) async throws {
        let found = try await fixture.eventually {
            try await fixture.store.database.read { transaction in
                try transaction.first("SELECT COUNT(*) FROM event_index") { $0.int(0) }
            }
        } until: {
            $0 == count
        }
        #expect(found == count)
    }
}
