import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

@Suite("Communities behind large ones", .timeLimit(.minutes(5)))
struct CommunityCandidatesTests {
    private static let tenant = TestStore.context.tenant

    private static func writeNodes(_ ids: [String], name: String, in world: KnowledgeWorld) async throws {
        try await world.write { [elements = world.role.elements] unit in
            try elements.put(
                ids.map { id in
                    ElementDraft(GraphNode(ElementHeader(id: id, createdAt: unit.now), name: name))
                }, in: unit)
        }
    }

    /// Writes nodes with an edge from the first of them to each other.
    private static func writeStar(_ ids: [String], name: String, in world: KnowledgeWorld) async throws {
        try await writeNodes(ids, name: name, in: world)
        try await world.write { [elements = world.role.elements] unit in
            try elements.put(
                ids.dropFirst().map { id in
                    let header = ElementHeader(id: "\(ids[0])-\(id)", createdAt: unit.now)
                    return ElementDraft(GraphEdge(header, from: ids[0], to: id, name: "LIKES"))
                }, in: unit)
        }
    }

    @Test("A large community hides no other, nor do nodes of none", arguments: GraphPlace.allCases)
    func large(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await Self.writeStar((10..<70).map { "a\($0)" }, name: "tea", in: world)
        try await Self.writeStar(["b", "c"], name: "tea of another kind with milk and sugar", in: world)
        try await Self.writeNodes((10..<70).map { "l\($0)" }, name: "tea", in: world)
        let ids = ["community:a10", "community:b"]
        try await wait { try world.role.communities(of: nil, limit: 10, Self.tenant).map(\.id) == ids }
        var search = GraphSearch("tea")
        (search.limit, search.isForCommunities) = (2, true)
        let past = try #require(try await world.role.past(world.store.time.now(), of: Self.tenant))
        let (words, both) = ([SearchMethod.fullText], [SearchMethod.fullText, .breadthFirst])
        for (methods, graph) in [(words, nil), (both, nil), (words, past)] {
            let hits = try world.role.search(search, .node, SectionSearch(methods), of: Self.tenant, in: graph)
            let found = try world.role.communities(of: hits, limit: 2, Self.tenant, in: graph)
            #expect(found.map(\.community.id) == ids, "\(methods)")
            #expect(hits.count { $0.id.hasPrefix("a") } <= 10 && hits.allSatisfy { !$0.id.hasPrefix("l") })
        }
        search.limit = 1
        let first = try world.role.search(search, .node, SectionSearch([.fullText]), of: Self.tenant)
        #expect(Set(first.map { $0.id.prefix(1) }) == ["a"], "as many as are wanted are enough")
    }
}
