import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Knowledge

@Suite("Facts that contradict each other", .timeLimit(.minutes(5)))
struct FactTests {
    private static let tenant = TestStore.context.tenant

    private static func year(_ year: Int) -> Timestamp? { Timestamp("\(year)-01-01") }

    /// A world of people and companies, where everybody works at one place and every company has one chief.
    private static func world(_ place: GraphPlace) async throws -> KnowledgeWorld {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("ada", "bob", "acme", "bolt", "core")
        try await world.write { [role = world.role] unit in
            _ = try role.relations.put(Relation(name: "WORKS_AT", cardinality: .manyToOne), in: unit)
            _ = try role.relations.put(Relation(name: "LEADS", cardinality: .oneToOne), in: unit)
        }
        return world
    }

    private struct Period: Equatable, CustomStringConvertible {
        let id: String
        let from: Timestamp?
        let to: Timestamp?
        let isExpired: Bool

        init(_ id: String, _ from: Int?, _ to: Int?, _ isExpired: Bool = true) {
            self.init(id, from.flatMap(FactTests.year), to.flatMap(FactTests.year), isExpired)
        }

        init(_ edge: GraphEdge) { self.init(edge.header.id, edge.validAt, edge.invalidAt, edge.expiredAt != nil) }

        private init(_ id: String, _ from: Timestamp?, _ to: Timestamp?, _ isExpired: Bool) {
            (self.id, self.from, self.to, self.isExpired) = (id, from, to, isExpired)
        }

        var description: String { "\(id) \(from?.description ?? "?") - \(to?.description ?? "?") \(isExpired)" }
    }

    /// Every edge of a world that begins at a node or ends there, by ids.
    private static func periods(of node: String, in world: KnowledgeWorld) async throws -> [Period] {
        try await world.store.log.read { [role = world.role] in
            try role.elements.edges(of: [node], tenant, in: $0)
        }.value.map(Period.init)
    }

    @Test("A person who works at one place leaves the one before", arguments: GraphPlace.allCases)
    func successor(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        try await world.fact("1", "ada", "WORKS_AT", "acme", from: 2010)
        let (_, ended) = try await world.fact("2", "ada", "WORKS_AT", "bolt", from: 2015)
        #expect(ended.map(\.header.id) == ["1"])
        #expect(
            try await Self.periods(of: "ada", in: world)
                == [Period("1", 2010, 2015), Period("2", 2015, nil, false)])
        // What somebody else does, or what the same person leads, is another matter.
        try await world.fact("3", "bob", "WORKS_AT", "acme", from: 2016)
        try await world.fact("4", "ada", "LEADS", "acme", from: 2016)
        #expect(try await Self.periods(of: "ada", in: world).last == Period("4", 2016, nil, false))
        #expect(try await Self.periods(of: "bob", in: world) == [Period("3", 2016, nil, false)])
        // A company has one chief, and a chief one company.
        try await world.fact("5", "bob", "LEADS", "acme", from: 2018)
        try await world.fact("6", "bob", "LEADS", "core", from: 2020)
        let leads = try await Self.periods(of: "acme", in: world).filter { ["4", "5"].contains($0.id) }
        #expect(leads == [Period("4", 2016, 2018), Period("5", 2018, 2020)])
    }

    @Test("What is learnt late takes its place in the past", arguments: GraphPlace.allCases)
    func lateNews(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        try await world.fact("3", "ada", "WORKS_AT", "core", from: 2020)
        try await world.fact("1", "ada", "WORKS_AT", "acme", from: 2010)
        #expect(
            try await Self.periods(of: "ada", in: world)
                == [Period("1", 2010, 2020), Period("3", 2020, nil, false)])
        try await world.fact("2", "ada", "WORKS_AT", "bolt", from: 2015)
        #expect(
            try await Self.periods(of: "ada", in: world)
                == [Period("1", 2010, 2015), Period("2", 2015, 2020), Period("3", 2020, nil, false)])
        // What was over before, and is not touched by any of them, stays as it is.
        let (facts, ended) = try await world.fact("0", "ada", "WORKS_AT", "bolt", from: 2000, to: 2005)
        #expect(facts.map { Period($0.element) } == [Period("0", 2000, 2005, false)] && ended.isEmpty)
    }

    @Test("A client says itself what is not so any more", arguments: GraphPlace.allCases)
    func named(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        try await world.fact("likes", "ada", "LIKES", "acme", from: 2010)
        try await world.fact("hates", "ada", "HATES", "acme", from: 2012, contradicting: ["likes"])
        #expect(
            try await Self.periods(of: "ada", in: world)
                == [Period("hates", 2012, nil, false), Period("likes", 2010, 2012)])
        let failure = await #expect(throws: Failure.self) {
            try await world.fact("x", "ada", "HATES", "bolt", from: 2012, contradicting: ["nothing"])
        }
        #expect(failure?.code == "edge_not_found")
    }

    @Test("Facts of one batch are written one after the other", arguments: GraphPlace.allCases)
    func batch(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        try await world.write { [role = world.role] unit in
            let drafts = [("1", "acme", 2010), ("2", "bolt", 2012), ("3", "core", 2011)].map { id, target, from in
                FactDraft(
                    ElementDraft(
                        GraphEdge(
                            ElementHeader(id: id, createdAt: unit.now), from: "ada", to: target, name: "WORKS_AT",
                            validAt: Self.year(from))))
            }
            _ = try role.facts.write(drafts, in: unit)
        }
        #expect(
            try await Self.periods(of: "ada", in: world)
                == [Period("1", 2010, 2011), Period("2", 2012, nil, false), Period("3", 2011, 2012)])
    }

    @Test("What is told again is the same fact, with both episodes", arguments: GraphPlace.allCases)
    func again(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        func tell(_ episode: String, _ fact: String, from: Int? = nil, to: Int? = nil) async throws -> GraphEdge {
            let written = try await world.write { [role = world.role] unit in
                var edge = GraphEdge(
                    ElementHeader(id: "", createdAt: unit.now), from: "ada", to: "acme", name: "VISITS", fact: fact,
                    episodes: [episode])
                (edge.validAt, edge.invalidAt) = (from.flatMap(Self.year), to.flatMap(Self.year))
                return try role.facts.write([FactDraft(ElementDraft(edge))], in: unit).facts
            }
            return try #require(written.first).element
        }
        let first = try await tell("one", "Ada visits Acme", from: 2010)
        let second = try await tell("two", " ada  visits acme", to: 2012)
        #expect(second.header.id == first.header.id && second.episodes == ["one", "two"])
        #expect(second.fact == "Ada visits Acme" && second.invalidAt == Self.year(2012) && second.header.version == 2)
        #expect(try await tell("two", "Ada visits Acme", from: 2010).header.version == 2)
        // What becomes true again is another fact, which can be told again too.
        let later = try await tell("three", "Ada visits Acme", from: 2015)
        #expect(later.header.id != first.header.id && later.episodes == ["three"])
        #expect(try await tell("four", "Ada visits Acme", from: 2015).episodes == ["three", "four"])
    }

    @Test("However facts come, no two that exclude each other hold at once", arguments: GraphPlace.allCases)
    func exclusion(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        var random = SeededRandom.fresh()
        for id in 0..<30 {
            let target = ["acme", "bolt", "core"].randomElement(using: &random) ?? ""
            let from = Int.random(in: 1990..<2030, using: &random)
            let to = Bool.random(using: &random) ? from + Int.random(in: 0..<10, using: &random) : nil
            try await world.fact("\(id)", "ada", "WORKS_AT", target, from: from, to: to)
        }
        let edges = try await world.store.log.read { [role = world.role] in
            try role.elements.edges(of: ["ada"], Self.tenant, in: $0)
        }.value
        #expect(edges.count == 30)
        for (index, edge) in edges.enumerated() {
            for other in edges[..<index] where other.target != edge.target {
                let isEmpty = [edge, other].contains { $0.invalidAt == $0.validAt }
                #expect(isEmpty || !FactTimeline.overlap(edge, other), "\(random): \(Period(edge)), \(Period(other))")
            }
        }
    }

    @Test("What was taken back was never so, once that is known", arguments: GraphPlace.allCases)
    func takenBack(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        let (before, since) = (world.store.time.now(), Self.year(2010))
        world.store.time.advance(bySeconds: 60)
        try await world.write { [role = world.role] unit in
            let edges = [("right", "bob"), ("wrong", "acme"), ("over", "bolt")].map { id, target in
                GraphEdge(
                    ElementHeader(id: id, createdAt: unit.now), from: "ada", to: target, name: "KNOWS", validAt: since,
                    invalidAt: id == "over" ? unit.now : nil, expiredAt: id == "right" ? nil : unit.now)
            }
            _ = try role.facts.write(edges.map { FactDraft(ElementDraft($0)) }, in: unit)
        }
        func found(_ asOf: AsOf) throws -> [String] {
            var search = GraphSearch("knows")
            search.filters.limit(to: asOf)
            var query = GraphNeighborhood.Query(of: "ada")
            query.filters = search.filters
            let edges = try world.find(search, .edge, .fullText).sorted()
            #expect(try world.role.neighborhood(query, Self.tenant).edges == edges)
            return edges
        }
        #expect(try found(AsOf(valid: Self.year(2012))) == ["over", "right"])
        #expect(try found(AsOf(valid: Self.year(2012), known: before)) == ["over", "right", "wrong"])
        #expect(try found(AsOf(valid: Self.year(2012), known: world.store.time.now())) == ["over", "right"])
        #expect(try found(AsOf(known: world.store.time.now())) == ["over", "right", "wrong"])
    }

    @Test("Merged nodes have one set of edges, and no edge to themselves", arguments: GraphPlace.allCases)
    func merging(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        try await world.edge("a1", "ada", "KNOWS", "bob", fact: "known")
        try await world.edge("a2", "acme", "NEAR", "bolt")
        try await world.edge("b1", "bolt", "PART_OF", "core", fact: "same")
        try await world.edge("b2", "acme", "PART_OF", "core", fact: "same")
        try await world.edge("b3", "bolt", "SELF", "bolt")
        try await world.write { [role = world.role] unit in
            let header = ElementHeader(id: "said", createdAt: unit.now)
            let episode = GraphEpisode(
                header, name: "", content: "both", validAt: unit.now, mentions: ["bolt", "acme", "ada"])
            try role.elements.put([ElementDraft(episode)], in: unit)
        }
        #expect(try world.role.episodes(mentioning: ["bolt"], of: Self.tenant) == ["said"])
        let mentions = try world.role.mentions(of: ["bolt"], of: Self.tenant)
        try await world.write { [role = world.role] unit in
            _ = try NodeMerger(role.facts).merge(["bolt"], into: "acme", mentions, in: unit)
        }
        _ = try await world.store.log.read { [role = world.role] in
            let edges = try role.elements.edges(of: ["acme", "bolt"], Self.tenant, in: $0)
            #expect(edges.map(\.header.id) == ["b2", "b3"])
            #expect(edges.map(\.source) == ["acme", "acme"] && edges.map(\.target) == ["core", "acme"])
            let episode = try role.elements.require(GraphEpisode.self, "said", of: Self.tenant, in: $0)
            #expect(episode.mentions == ["acme", "ada"])
            #expect(try role.elements.find(GraphNode.self, ["bolt"], of: Self.tenant, in: $0).isEmpty)
        }
        // A node that was mentioned and deleted since is no obstacle.
        try await world.nodes("gone", "core two")
        try await world.write { [role = world.role] unit in
            let header = ElementHeader(id: "later", createdAt: unit.now)
            let episode = GraphEpisode(
                header, name: "", content: "more", validAt: unit.now, mentions: ["gone", "core two"])
            try role.elements.put([ElementDraft(episode)], in: unit)
        }
        try await world.write { [role = world.role] in try role.elements.delete(GraphNode.self, ["gone"], in: $0) }
        let later = try world.role.mentions(of: ["core two"], of: Self.tenant)
        try await world.write { [role = world.role] unit in
            _ = try NodeMerger(role.facts).merge(["core two"], into: "core", later, in: unit)
            let episode = try role.elements.require(
                GraphEpisode.self, "later", of: Self.tenant, in: unit.transaction)
            #expect(episode.mentions == ["core"])
        }
        let around = try world.role.neighborhood(.init(of: "acme"), Self.tenant)
        #expect(around.nodes.map(\.id) == ["core"] && around.edges == ["b2", "b3"])
    }
}
