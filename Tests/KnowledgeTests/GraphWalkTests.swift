import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

@Suite("Walking through a graph", .timeLimit(.minutes(5)))
struct GraphWalkTests {
    private static let tenant = TestStore.context.tenant

    @Test("Neighbours are the nearest first, with the edges between them", arguments: GraphPlace.allCases)
    func neighbors(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b", "c", "d", "e")
        try await world.edge("ab", "a", "TO", "b")
        try await world.edge("ac", "a", "TO", "c")
        try await world.edge("bc", "b", "BESIDE", "c")
        try await world.edge("cd", "c", "TO", "d")
        try await world.edge("de", "d", "TO", "e")
        func around(
            _ node: String, _ depth: Int, _ direction: EdgeDirection = .both, types: [String]? = nil, limit: Int = 10
        ) throws -> GraphNeighborhood {
            var query = GraphNeighborhood.Query(of: node)
            (query.depth, query.direction, query.filters.edgeTypes, query.limit) = (depth, direction, types, limit)
            return try world.role.neighborhood(query, Self.tenant)
        }
        var alone = GraphNeighborhood.Query(of: "a")
        alone.wantsEdges = false
        #expect(try world.role.neighborhood(alone, Self.tenant).nodes == around("a", 1).nodes)
        #expect(try world.role.neighborhood(alone, Self.tenant).edges.isEmpty)
        let near = try around("a", 1)
        #expect(near.nodes.map(\.id) == ["b", "c"] && near.edges == ["ab", "ac", "bc"] && !near.isCut)
        #expect(try around("a", 3).nodes.map(\.depth) == [1, 1, 2, 3])
        #expect(try around("a", 2, limit: 2).isCut)
        #expect(try around("a", 2, limit: 2).nodes.map(\.id) == ["b", "c"])
        #expect(try around("c", 1, .outgoing).nodes.map(\.id) == ["d"])
        #expect(try around("b", 5, types: ["BESIDE"]).nodes.map(\.id) == ["c"])
        #expect(try around("a", 0).nodes.isEmpty)
        #expect(throws: Failure.self) { try around("nobody", 1) }
    }

    @Test(
        "Ways are all of the shortest ones, in an order that does not depend on chance",
        arguments: GraphPlace.allCases)
    func paths(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("s", "x", "y", "t", "far")
        for (id, from, to) in [("3", "s", "y"), ("1", "s", "x"), ("4", "y", "t"), ("2", "x", "t"), ("5", "x", "t")] {
            try await world.edge(id, from, "TO", to)
        }
        func find(_ from: String, _ to: String, depth: Int = 5, _ direction: EdgeDirection = .both, limit: Int = 10)
            throws -> [[String]]
        {
            try world.role.paths(from: from, to: to, depth: depth, direction: direction, limit: limit, Self.tenant)
                .map(\.edges)
        }
        #expect(try find("s", "t") == [["1", "2"], ["1", "5"], ["3", "4"]])
        #expect(try find("s", "t", limit: 2) == [["1", "2"], ["1", "5"]])
        #expect(try find("t", "s", .incoming).count == 3)
        #expect(try find("t", "s", .outgoing).isEmpty)
        #expect(try find("s", "t", depth: 1).isEmpty)
        #expect(try find("s", "s") == [[]])
        #expect(try find("s", "far").isEmpty)
    }

    @Test("Ways and distances are those of a plain search, in random graphs")
    func randomGraphs() throws {
        var random = SeededRandom.fresh()
        for _ in 0..<40 {
            let count = Int.random(in: 2...12, using: &random)
            var graph = GraphSnapshot(dimensions: 3)
            let moment = Timestamp(microseconds: 0)
            for node in 0..<count {
                let node = GraphNode(ElementHeader(id: "\(node)", createdAt: moment), name: "n")
                try graph.set(.node, StoredFields(JSONWriter.bytes(of: node)), embedding: nil)
            }
            var lengths = [[Int]](repeating: [Int](repeating: 1_000, count: count), count: count)
            for node in 0..<count { lengths[node][node] = 0 }
            for number in 0..<Int.random(in: 0...20, using: &random) {
                let (from, to) = (Int.random(in: 0..<count, using: &random), Int.random(in: 0..<count, using: &random))
                let header = ElementHeader(id: "\(number)", createdAt: moment)
                let edge = GraphEdge(header, from: "\(from)", to: "\(to)", name: "TO")
                try graph.set(.edge, StoredFields(JSONWriter.bytes(of: edge)), embedding: nil)
                if from != to { lengths[from][to] = 1 }
            }
            // Floyd and Warshall.
            for middle in 0..<count {
                for from in 0..<count {
                    for to in 0..<count {
                        lengths[from][to] = min(lengths[from][to], lengths[from][middle] + lengths[middle][to])
                    }
                }
            }
            let walk = ShortestPaths(in: graph, direction: .outgoing, depth: 50)
            for from in 0..<count {
                let start = try #require(graph.nodes.slot(of: "\(from)"))
                for to in 0..<count {
                    let end = try #require(graph.nodes.slot(of: "\(to)"))
                    let found = walk.find(from: start, to: end, limit: 100)
                    #expect(Set(found.map(\.edges)).count == found.count, "\(random)")
                    #expect(found.isEmpty == (lengths[from][to] >= 1_000), "\(random)")
                    #expect(found.allSatisfy { $0.edges.count == lengths[from][to] }, "\(random)")
                }
            }
        }
    }

    @Test("What is done in the background changes no answer")
    func background() throws {
        var random = SeededRandom.fresh()
        let graph = TenantGraph(GraphSnapshot(dimensions: 3))
        func add(_ nodes: Range<Int>) {
            graph.update { graph in
                for number in nodes {
                    let other = Int.random(in: 0..<max(1, number), using: &random)
                    graph.set([.init(edge: "e\(number)", source: "n \"\(number)\"", target: "n \"\(other)\"")])
                }
            }
        }
        func answers() throws -> [[UInt8]] {
            try ["n \"0\"", "n \"1\"", "n \"7\""].flatMap { center in
                try [10, 10_000].map { limit in
                    var query = GraphNeighborhood.Query(of: center)
                    (query.depth, query.limit, query.wantsEdges) = (6, limit, false)
                    let around = try graph.present.graph.neighborhood(query)
                    let all = around.nodes.map { node in
                        let id = node.id.replacing("\"", with: #"\""#)
                        return #"{"uuid":"\#(id)","depth":\#(node.depth)}"#
                    }
                    var json = JSONWriter()
                    around.writeNodes(to: &json)
                    #expect(json.bytes == Array("[\(all.joined(separator: ","))]".utf8), "\(random)")
                    return json.bytes
                }
            }
        }
        for nodes in [0..<3_000, 3_000..<3_200] {
            add(nodes)
            let before = try answers()
            #expect(before.contains { $0.count > 10_000 }, "\(random)")
            let isFirst = nodes.lowerBound == 0
            // Few that have come since are not worth it.
            #expect(graph.sort() == isFirst)
            #expect(try answers() == before, "\(random)")
            #expect(graph.compress() && !graph.compress())
            #expect(try answers() == before, "\(random)")
        }
    }
}
