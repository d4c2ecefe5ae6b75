import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Knowledge

@Suite("What a cross-encoder ranks", .timeLimit(.minutes(5)))
struct RankingCandidateTests {
    private func candidates(_ world: KnowledgeWorld, _ kind: ElementKind, limit: Int = 10) async throws
        -> [RankingCandidate]
    {
        var search = GraphSearch("twin")
        (search.limit, search.minimumScore) = (limit, 5)
        var section = SectionSearch([.fullText])
        section.reranker = .crossEncoder
        let tenant = TestStore.context.tenant
        let hits = try world.role.searchForRanking(search, kind, section, of: tenant, in: nil)
        let documents = try await world.store.log.read { [role = world.role] transaction in
            try role.elements.documents(kind, hits.map(\.id), of: tenant, in: transaction)
        }.value
        return try world.role.candidates(hits, kind, documents)
    }

    @Test("Texts are those that say most, never blank and never too long", arguments: GraphPlace.allCases)
    func texts(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b twin")
        try await world.edge("e1", "a", "TWIN OF", "b twin")
        try await world.edge("e2", "a", "KNOWS", "b twin", fact: "a knows its twin")
        try await world.write { [role = world.role] unit in
            let node = GraphNode(ElementHeader(id: "n", createdAt: unit.now), name: "n twin", summary: "in short")
            try role.elements.put([ElementDraft(node)], in: unit)
            let contents = [("p1", "  "), ("p2", "twin " + String(repeating: "x", count: 20_000))]
            try role.elements.put(
                contents.map { id, content in
                    let header = ElementHeader(id: id, createdAt: unit.now)
                    return ElementDraft(GraphEpisode(header, name: "twin", content: content, validAt: unit.now))
                }, in: unit)
        }
        let nodes = try await candidates(world, .node)
        #expect(Set(nodes.map(\.text)) == ["b twin", "n twin\nin short"])
        #expect(Set(try await candidates(world, .edge).map(\.text)) == ["TWIN OF", "a knows its twin"])
        let episodes = try await candidates(world, .episode)
        #expect(episodes.first { $0.hit.id == "p1" }?.text == "p1")
        #expect(episodes.first { $0.hit.id == "p2" }?.text.count == 8_192)
    }

    @Test("There are twice as many as are wanted, and a search alone waits for nobody")
    func count() async throws {
        let world = try await KnowledgeWorld(.sqlite)
        for number in 0..<9 { try await world.nodes("twin \(number)") }
        #expect(try await candidates(world, .node, limit: 3).map(\.hit.id) == (0..<6).map { "twin \($0)" })
        #expect(throws: Failure.self) { try world.rank(.node, around: "twin 1", by: .crossEncoder) }
    }

    @Test("The best come first, equal ones by their ids")
    func order() {
        let found = ["d", "c", "b", "a"].map { id in
            RankingCandidate(hit: GraphHit(id: id, score: 9, findings: []), text: id)
        }
        var search = GraphSearch("x")
        let hits = search.ranked(found, by: [-2, 1, 0.5, 1])
        #expect(hits.map(\.id) == ["a", "c", "b", "d"] && hits.map(\.score) == [1, 1, 0.5, -2])
        search.minimumScore = 0.5
        #expect(search.ranked(found, by: [-2, 1, 0.5, 1]).map(\.id) == ["a", "c", "b"])
        search.limit = 2
        #expect(search.ranked(found, by: [-2, 1, 0.5, 1]).map(\.id) == ["a", "c"])
    }
}
