import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

/// Parts of a graph as they are drawn.
@Suite struct GraphPartTests {
    private func part(
        _ world: KnowledgeWorld, limit: Int, in past: PastGraph? = nil,
        _ change: (inout GraphFilters) -> Void = { _ in }
    ) throws -> GraphPart {
        var filters = GraphFilters()
        change(&filters)
        return try world.role.part(filters, limit: limit, of: TestStore.context.tenant, in: past)
    }

    @Test(arguments: GraphPlace.allCases)
    func theNodesWithTheMostEdgesComeFirst(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b", "c", "d")
        try await world.nodes("e", group: "other")
        try await world.edge("cd", "c", "KNOWS", "d")
        try await world.edge("bd", "b", "KNOWS", "d")
        try await world.edge("ed", "e", "LIKES", "d")
        try await world.edge("ce", "c", "LIKES", "e", group: "other")
        #expect(
            try part(world, limit: 5)
                == GraphPart(nodes: ["d", "c", "e", "b", "a"], edges: ["bd", "cd", "ce", "ed"], isCut: false))
        #expect(
            try part(world, limit: 3) == GraphPart(nodes: ["d", "c", "e"], edges: ["cd", "ce", "ed"], isCut: true))
        #expect(
            try part(world, limit: 2) { $0.edgeTypes = ["LIKES"] }
                == GraphPart(nodes: ["e", "c"], edges: ["ce"], isCut: true))
        #expect(
            try part(world, limit: 4) { $0.groups = [""] }
                == GraphPart(nodes: ["d", "b", "c", "a"], edges: ["bd", "cd"], isCut: false))
        // An edge to itself counts at both of its ends, and one to what is not there at neither.
        try await world.edge("aa", "a", "KNOWS", "a")
        try await world.edge("bb", "b", "KNOWS", "b")
        try await world.write { [elements = world.role.elements] in
            try elements.delete(GraphNode.self, ["e"], in: $0)
        }
        #expect(
            try part(world, limit: 3)
                == GraphPart(nodes: ["b", "a", "d"], edges: ["aa", "bb", "bd"], isCut: true))
        #expect(try world.role.part(GraphFilters(), limit: 5, of: Tenant(99)) == .empty)
    }

    @Test(arguments: GraphPlace.allCases)
    func aPartIsOfAMomentToo(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        let moment = world.store.time.now()
        world.store.time.advance(bySeconds: 60)
        try await world.nodes("a", "b")
        try await world.fact("then", "a", "KNOWS", "b", from: 2000, to: 2010)
        let edges = try part(world, limit: 5) { $0.validAt = Timestamp("2005-01-01") }.edges
        #expect(edges == ["then"])
        #expect(try part(world, limit: 5) { $0.validAt = Timestamp("2015-01-01") }.edges == [])
        let tenant = TestStore.context.tenant
        let past = try await world.role.past(moment, of: tenant)
        #expect(try part(world, limit: 5, in: past).nodes == [])
    }
}
