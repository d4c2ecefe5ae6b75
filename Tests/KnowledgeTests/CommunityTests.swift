import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

@Suite("Communities that are found", .timeLimit(.minutes(5)))
struct CommunityTests {
    private static let tenant = TestStore.context.tenant

    /// Two circles of friends with one friendship between them, and one of another part of the graph.
    private static func world(_ place: GraphPlace) async throws -> KnowledgeWorld {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("red ant", "red bee", "red cat", "blue dog", "blue eel", "blue fox", "loner")
        try await world.nodes("red owl", "blue pig", group: "zoo")
        let friends = [
            ("red ant", "red bee"), ("red bee", "red cat"), ("red cat", "red ant"), ("blue dog", "blue eel"),
            ("blue eel", "blue fox"), ("blue fox", "blue dog"), ("red cat", "blue dog"), ("red owl", "blue pig"),
            ("red owl", "red ant"), ("red owl", "red bee"), ("red owl", "red cat"),
        ]
        for (left, right) in friends { try await world.edge("\(left)-\(right)", left, "LIKES", right) }
        try await settle(world, place)
        return world
    }

    /// Waits until the communities are those of the graph as it is: they are found out while edges come, and once more
    /// after the last.
    private static func settle(_ world: KnowledgeWorld, _ place: GraphPlace) async throws {
        let beside = place == .falkorDB ? try await KnowledgeWorld(.sqlite, on: world.store) : world
        try await beside.catchUp(with: world)
        var graph = try #require(beside.role.present(of: tenant)).graph
        graph.analysis = GraphAnalysis(graph)
        let wanted = Self.unordered(graph.communities(of: nil, limit: 1_000))
        try #require(!wanted.isEmpty)
        try await wait { Self.unordered(try world.role.communities(of: nil, limit: 1_000, tenant)) == wanted }
        try await wait { world.role.isAnalysed(tenant, in: world.role.present(of: tenant).map(PastGraph.init)) }
    }

    /// Communities whose members stand in the order of their ids, since how central they are is a sum of fractions.
    private static func unordered(_ communities: [GraphCommunity]) -> [[String]] {
        communities.map { [$0.id] + $0.members.sorted() }
    }

    @Test("After a restart they are there again, though nothing is written", arguments: GraphPlace.allCases)
    func restart(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        let wanted = Self.unordered(try world.role.communities(of: nil, limit: 10, Self.tenant))
        await world.stop()
        let second = try await KnowledgeWorld(place, on: world.store)
        try await second.catchUp(with: world)
        try await wait { Self.unordered(try second.role.communities(of: nil, limit: 10, Self.tenant)) == wanted }
    }

    @Test("FalkorDB has the same ones, as it is found out again after changes")
    func agreement() async throws {
        var random = SeededRandom.fresh()
        let world = try await KnowledgeWorld(.falkorDB)
        for round in 0..<4 {
            let seed = random.next()
            try await world.write { [elements = world.role.elements] unit in
                var random = SeededRandom(seed: seed)
                let nodes = (0..<20).map { number in
                    let group = ["", "zoo"].randomElement(using: &random) ?? ""
                    let header = ElementHeader(id: "\(round) n\(number)", group: group, createdAt: unit.now)
                    return ElementDraft(GraphNode(header, name: "n"))
                }
                try elements.put(nodes, in: unit)
                let edges = (0..<45).map { number in
                    let ends = (0..<2).map { _ in nodes.randomElement(using: &random)?.element.header.id ?? "" }
                    let header = ElementHeader(id: "\(round) e\(number)", createdAt: unit.now)
                    return ElementDraft(GraphEdge(header, from: ends[0], to: ends[1], name: "TO"))
                }
                try elements.put(edges, in: unit)
                if round > 0 { try elements.delete(GraphNode.self, ["\(round - 1) n3"], in: unit) }
            }
            try await Self.settle(world, .falkorDB)
        }
    }

    @Test("Nodes that belong together are told, the largest first", arguments: GraphPlace.allCases)
    func listed(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        let all = try world.role.communities(of: nil, limit: 10, Self.tenant)
        #expect(all.map(\.id) == ["community:blue dog", "community:red ant", "community:blue pig"])
        #expect(all.map { $0.members.sorted() }[0] == ["blue dog", "blue eel", "blue fox"])
        // The one with a friend beyond is the most central.
        #expect(all[0].members.first == "blue dog")
        #expect(try world.role.communities(of: ["zoo"], limit: 10, Self.tenant).map(\.id) == ["community:blue pig"])
        #expect(try world.role.communities(of: nil, limit: 1, Self.tenant).count == 1)
        #expect(try world.role.community("community:red ant", Self.tenant) == all[1])
        for id in ["community:red bee", "red ant", "community:loner", "community:"] {
            let failure = #expect(throws: Failure.self) { try world.role.community(id, Self.tenant) }
            #expect(failure?.code == "community_not_found")
        }
    }

    @Test("They are found by their nodes, each once", arguments: GraphPlace.allCases)
    func found(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        func find(_ text: String, limit: Int = 10, _ change: (inout GraphFilters) -> Void = { _ in }) throws -> [String]
        {
            var search = GraphSearch(text)
            change(&search.filters)
            let hits = try world.role.search(search, .node, SectionSearch([.fullText]), of: Self.tenant)
            return try world.role.communities(of: hits, limit: limit, Self.tenant)
                .map { "\($0.community.id) by \($0.best.id)" }
        }
        #expect(try find("red") == ["community:red ant by red ant", "community:blue pig by red owl"])
        #expect(try find("eel cat") == ["community:blue dog by blue eel", "community:red ant by red cat"])
        #expect(try find("red", limit: 1) == ["community:red ant by red ant"])
        #expect(try find("red") { $0.groups = ["zoo"] } == ["community:blue pig by red owl"])
        #expect(try find("loner").isEmpty)
    }

    @Test("What leaves is no member any more", arguments: GraphPlace.allCases)
    func changing(_ place: GraphPlace) async throws {
        let world = try await Self.world(place)
        try await world.write { [role = world.role] in try role.elements.delete(GraphNode.self, ["blue fox"], in: $0) }
        try await wait {
            try world.role.community("community:blue dog", Self.tenant).members == ["blue dog", "blue eel"]
        }
    }
}
