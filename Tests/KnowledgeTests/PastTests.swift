import ChangeLog
import Core
import Storage
import Telemetry
import TestKit
import Testing

@testable import Knowledge

@Suite("The past of a graph", .timeLimit(.minutes(5)))
struct PastTests {
    private static let tenant = TestStore.context.tenant

    /// The graph of a world as it was known at a moment.
    private static func past(_ moment: Timestamp, _ world: KnowledgeWorld) async throws -> PastGraph? {
        try await world.role.past(moment, of: tenant)
    }

    private static func find(
        _ text: String, _ kind: ElementKind, at moment: Timestamp?, in world: KnowledgeWorld,
        _ change: (inout GraphSearch) -> Void = { _ in }
    ) async throws -> [String] {
        var search = GraphSearch(text)
        change(&search)
        let past: PastGraph? = if let moment { try await past(moment, world) } else { nil }
        var methods: [SearchMethod] = text.isEmpty ? [] : [.fullText]
        if search.embedding != nil { methods.append(.similarity) }
        if !search.origins.isEmpty { methods.append(.breadthFirst) }
        return try world.role.search(search, kind, SectionSearch(methods), of: tenant, in: past).map(\.id)
    }

    @Test(
        "What was known at a moment is found as it was, by words, vectors and edges",
        arguments: GraphPlace.allCases)
    func known(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        let start = world.store.time.now()
        world.store.time.advance(bySeconds: 60)
        try await world.nodes("a", "b", "c")
        try await world.edge("ab", "a", "TO", "b", fact: "apples", embedding: [0, 1, 0])
        try await world.edge("stays", "b", "TO", "c", fact: "apples too", embedding: [0, 0.9, 0.1])
        let first = world.store.time.now()
        world.store.time.advance(bySeconds: 60)
        try await world.edge("ab", "a", "TO", "c", fact: "pears", embedding: [1, 0, 0])
        try await world.edge("new", "a", "TO", "b", fact: "apples again", embedding: [0, 1, 0])
        let second = world.store.time.now()
        world.store.time.advance(bySeconds: 60)
        try await world.write { [role = world.role] unit in
            try role.elements.delete(GraphEdge.self, ["ab"], in: unit)
            try role.elements.delete(GraphNode.self, ["b"], in: unit)
        }
        let later = try await KnowledgeWorld(place, settings: place.settingsOfAnother, on: world.store)
        try await later.catchUp(with: world)
        for world in [world, later] {
            func find(_ text: String, at moment: Timestamp?) async throws -> [String] {
                try await Self.find(text, .edge, at: moment, in: world).sorted()
            }
            #expect(try await find("apples", at: first) == ["ab", "stays"])
            #expect(try await find("apples", at: second) == ["new", "stays"])
            #expect(try await find("pears", at: second) == ["ab"])
            #expect(try await find("apples pears", at: nil).isEmpty)
            #expect(try await find("apples pears", at: start).isEmpty)
            func near(_ vector: [Float], at moment: Timestamp) async throws -> [String] {
                try await Self.find("", .edge, at: moment, in: world) { $0.embedding = vector }
            }
            #expect(try await near([0, 1, 0], at: first) == ["ab", "stays"])
            #expect(try await near([0, 1, 0], at: second) == ["new", "stays"])
            #expect(try await near([1, 0, 0], at: second) == ["ab"])
            func reach(at moment: Timestamp?) async throws -> [String] {
                try await Self.find("", .node, at: moment, in: world) { $0.origins = ["a"] }
            }
            #expect(try await reach(at: first) == ["b", "c"])
            #expect(try await reach(at: nil).isEmpty)
            let past = try await Self.past(first, world)
            let paths = try world.role.paths(
                from: "a", to: "c", depth: 3, direction: .outgoing, limit: 5, Self.tenant, in: past)
            #expect(paths.map(\.edges) == [["ab", "stays"]])
        }
    }

    @Test("What was so at a moment is told from what was known then", arguments: GraphPlace.allCases)
    func bothAxes(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("ada", "acme", "bolt")
        try await world.write { [role = world.role] unit in
            _ = try role.relations.put(Relation(name: "WORKS_AT", cardinality: .manyToOne), in: unit)
        }
        try await world.fact("old", "ada", "WORKS_AT", "acme", from: 2010)
        let before = world.store.time.now()
        world.store.time.advance(bySeconds: 60)
        try await world.fact("new", "ada", "WORKS_AT", "bolt", from: 2015)
        func works(in year: Int, known moment: Timestamp?) async throws -> [String] {
            try await Self.find("works", .edge, at: moment, in: world) {
                $0.filters.validAt = Timestamp("\(year)-06-01")
            }
        }
        #expect(try await works(in: 2005, known: nil).isEmpty)
        #expect(try await works(in: 2012, known: nil) == ["old"])
        #expect(try await works(in: 2016, known: nil) == ["new"])
        // By then it was not known yet that she had left.
        #expect(try await works(in: 2016, known: before) == ["old"])
    }

    @Test("Only the episodes that were known count, and as they were", arguments: GraphPlace.embedded)
    func mentions(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("old twin", "new twin")
        func write(_ edges: [(String, [String])], _ episodes: [(String, [String])]) async throws {
            try await world.write { [role = world.role] unit in
                try role.elements.put(
                    episodes.map { id, mentioned in
                        let header = ElementHeader(id: id, createdAt: unit.now)
                        return ElementDraft(
                            GraphEpisode(header, name: id, content: "x", validAt: unit.now, mentions: mentioned))
                    }, in: unit)
                try role.elements.put(
                    edges.map { id, episodes in
                        let header = ElementHeader(id: id, createdAt: unit.now)
                        return ElementDraft(
                            GraphEdge(
                                header, from: "old twin", to: "new twin", name: "IS", fact: "twin", episodes: episodes))
                    }, in: unit)
            }
        }
        try await write([("old fact", ["p1", "p2"]), ("new fact", ["p1"])], [("p1", ["old twin"]), ("p2", [])])
        let moment = world.store.time.now()
        world.store.time.advance(bySeconds: 60)
        let later = ["p3", "p4", "p5"].map { ($0, ["new twin"]) }
        try await write([("new fact", ["p1", "p3", "p4"])], later + [("p1", []), ("p2", ["new twin"])])
        func told(_ kind: ElementKind, at moment: Timestamp?) async throws -> [String] {
            let past: PastGraph? = if let moment { try await Self.past(moment, world) } else { nil }
            var section = SectionSearch([.fullText])
            section.reranker = .episodeMentions
            return try world.role.search(GraphSearch("twin"), kind, section, of: Self.tenant, in: past)
                .map { "\($0.id) \($0.score)" }
        }
        #expect(try await told(.node, at: nil) == ["new twin 4.0", "old twin 0.0"])
        #expect(try await told(.node, at: moment) == ["old twin 1.0", "new twin 0.0"])
        #expect(try await told(.edge, at: nil) == ["new fact 3.0", "old fact 2.0"])
        #expect(try await told(.edge, at: moment) == ["old fact 2.0", "new fact 1.0"])
    }

    @Test("Versions follow each other without a gap, also over deletion", arguments: GraphPlace.embedded)
    func versions(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b")
        var moments: [Timestamp] = []
        for fact in ["one", "two", "three"] {
            moments.append(world.store.time.now())
            try await world.edge("ab", "a", "TO", "b", fact: fact)
            world.store.time.advance(bySeconds: 1)
        }
        moments.append(world.store.time.now())
        try await world.write { [role = world.role] in try role.elements.delete(GraphEdge.self, ["ab"], in: $0) }
        world.store.time.advance(bySeconds: 1)
        try await world.edge("ab", "a", "TO", "b", fact: "four")
        // What begins and ends at once was never known.
        try await world.edge("ab", "a", "TO", "b", fact: "five")
        _ = try await world.store.log.read { [role = world.role, moments] transaction in
            func page(_ before: Timestamp?, _ limit: Int) throws -> [ElementVersion] {
                try role.elements.history.versions(
                    of: "ab", .edge, before: before, limit: limit, of: Self.tenant, in: transaction)
            }
            let versions = try page(nil, 10)
            #expect(versions.map(\.endedAt) == [moments[3], moments[2], moments[1]])
            #expect(versions.map(\.recordedAt) == [moments[2], moments[1], moments[0]])
            #expect(try page(versions[0].endedAt, 1).map(\.endedAt) == [moments[2]])
            func fact(at moment: Timestamp) throws -> String? {
                let found = try role.elements.history.documents(
                    .edge, ["ab"], of: Self.tenant, at: moment, in: transaction)
                return try found["ab"].map { try GraphEdge(StoredFields($0)).fact }
            }
            #expect(try moments.map { try fact(at: $0) } == ["one", "two", "three", nil])
            #expect(try fact(at: role.log.time.now()) == "five")
            #expect(try fact(at: Timestamp(microseconds: moments[1].microseconds - 1)) == "one")
        }
    }

    @Test("What was kept for long enough goes, and is not asked for any more", arguments: GraphPlace.allCases)
    func sweeping(_ place: GraphPlace) async throws {
        let settings = ["knowledge.history_age": "1", "knowledge.sweep_interval": "100"]
        let world = try await KnowledgeWorld(place, settings: settings)
        try await world.nodes("a", "b")
        try await world.edge("ab", "a", "TO", "b", fact: "one")
        let moment = world.store.time.now()
        world.store.time.advance(bySeconds: 1)
        try await world.edge("ab", "a", "TO", "b", fact: "two")
        func kept() async throws -> Int64? {
            try await world.store.log.read {
                try $0.first("SELECT COUNT(*) FROM graph_versions") { $0.integer(0) }
            }.value
        }
        world.store.time.advance(bySeconds: 3_599)
        _ = try await Self.past(moment, world)
        #expect(try await world.role.sweeper.sweep() == 0)
        #expect(try await kept() == 1)
        world.store.time.advance(bySeconds: 2)
        let start = ContinuousClock.now
        try await wait { try await kept() == 0 }
        // A tenth of a second between two looks, and not the minute that is usual.
        #expect(ContinuousClock.now - start < .seconds(30))
        // The sweep counts what it deleted after its transaction.
        let deleted = world.store.metrics.counter("graph_versions_deleted_total", "").with()
        try await wait { deleted.value == 1 }
        let failure = await #expect(throws: Failure.self) { try await Self.past(moment, world) }
        #expect(failure?.code == "history_gone")
    }
}
