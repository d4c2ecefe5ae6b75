import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

@Suite("Communities behind large ones", .timeLimit(.minutes(5)))
struct CommunityCandidatesTests {
    private static let tenant = TestStore.context.tenant

    /// Writes nodes with an edge from each to each that comes later.
    private static func writeClique(_ ids: [String], name: String, in world: KnowledgeWorld) async throws {
        try await world.write { [elements = world.role.elements] unit in
            try elements.put(
                ids.map { id in
                    ElementDraft(GraphNode(ElementHeader(id: id, createdAt: unit.now), name: name))
                }, in: unit)
            let pairs = ids.indices.flatMap { left in ids[(left + 1)...].map { (ids[left], $0) } }
            try elements.put(
                pairs.map { source, target in
                    let header = ElementHeader(id: "\(source)-\(target)", createdAt: unit.now)
                    return ElementDraft(GraphEdge(header, from: source, to: target, name: "LIKES"))
                }, in: unit)
        }
    }

    @Test("A large community hides no other, nor do nodes of none", arguments: GraphPlace.allCases)
    func large(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await Self.writeClique((10..<70).map { "a\($0)" }, name: "tea", in: world)
        try await Self.writeClique(["b", "c"], name: "tea of another kind with milk and sugar", in: world)
        for number in 10..<70 { try await Self.writeClique(["l\(number)"], name: "tea", in: world) }
        let ids = ["community:a10", "community:b"]
        try await wait { try world.role.communities(of: nil, limit: 10, Self.tenant).map(\.id) == ids }
        var search = GraphSearch("tea")
        (search.limit, search.isForCommunities) = (2, true)
        for methods in [[SearchMethod.fullText], [.fullText, .breadthFirst]] {
            let hits = try world.role.search(search, .node, SectionSearch(methods), of: Self.tenant)
            let found = try world.role.communities(of: hits, limit: 2, Self.tenant)
            #expect(found.map(\.community.id) == ids, "\(methods)")
            #expect(hits.count { $0.id.hasPrefix("a") } <= 10 && hits.allSatisfy { !$0.id.hasPrefix("l") })
        }
        search.limit = 1
        let first = try world.role.search(search, .node, SectionSearch([.fullText]), of: Self.tenant)
        #expect(Set(first.map { $0.id.prefix(1) }) == ["a"], "as many as are wanted are enough")
    }
}
