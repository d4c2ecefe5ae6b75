import ChangeLog
import Core
import TestKit
import Testing

@testable import Knowledge

@Suite("Ranking what was found", .timeLimit(.minutes(5)))
struct RerankerTests {
    @Test("What is like something before it comes later")
    func marginalRelevance() {
        // Two that are the same, and one that is a little less like the query.
        let vectors: [[Double]] = [[1, 0], [1, 0], [0.6, 0.8]]
        func order(_ lambda: Double) -> [Int] {
            MaximalMarginalRelevance(lambda: lambda).order(vectors.map { $0[0] }, limit: 3) { left, right in
                zip(vectors[left], vectors[right]).reduce(0) { $0 + $1.0 * $1.1 }
            }.map(\.place)
        }
        #expect(order(1) == [0, 1, 2])
        // 0.4 * 1 - 0.6 * 1 is less than 0.4 * 0.6 - 0.6 * 0.6.
        #expect(order(0.4) == [0, 2, 1])
    }

    @Test("Maximal marginal relevance is the one of its definition, on random vectors")
    func marginalRelevanceByDefinition() {
        var random = SeededRandom.fresh()
        for _ in 0..<50 {
            let lambda = Double.random(in: 0...1, using: &random)
            let vectors = (0..<9).map { _ in (0..<3).map { _ in Double.random(in: -1...1, using: &random) } }
            func likeness(_ left: [Double], _ right: [Double]) -> Double {
                zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
            }
            let query = [0.2, -0.5, 0.9]
            var (taken, rest): ([Int], [Int]) = ([], Array(vectors.indices))
            while !rest.isEmpty {
                let scores = rest.map { place in
                    let before = taken.map { likeness(vectors[$0], vectors[place]) }.max() ?? 0
                    return lambda * likeness(query, vectors[place]) - (taken.isEmpty ? 0 : (1 - lambda) * before)
                }
                let best = rest.indices.max { scores[$0] < scores[$1] } ?? 0
                taken.append(rest.remove(at: best))
            }
            let order = MaximalMarginalRelevance(lambda: lambda)
                .order(vectors.map { likeness(query, $0) }, limit: 9) { likeness(vectors[$0], vectors[$1]) }
            #expect(order.map(\.place) == taken, "\(random)")
        }
    }

    @Test("Each reranker orders by what it says", arguments: GraphPlace.allCases)
    func rerankers(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        // A line far - near - center, and a hub that many point to. All have the same words.
        let names = ["far twin", "near twin", "center twin", "hub twin", "lone twin"]
        for name in names { try await world.nodes(name) }
        try await world.edge("e1", "far twin", "TO", "near twin")
        try await world.edge("e2", "near twin", "TO", "center twin")
        for number in 0..<6 {
            try await world.nodes("leaf \(number)")
            try await world.edge("h\(number)", "leaf \(number)", "TO", "hub twin")
        }
        try await world.write { [role = world.role] unit in
            try role.elements.put(
                [("p1", ["lone twin", "far twin"]), ("p2", ["lone twin"])].map { id, mentions in
                    ElementDraft(
                        GraphEpisode(
                            ElementHeader(id: id, createdAt: unit.now), name: id, content: "x", validAt: unit.now,
                            mentions: mentions))
                }, in: unit)
        }
        func rank(_ reranker: Reranker) throws -> [String] {
            try world.rank(.node, around: "center twin", by: reranker)
        }
        #expect(try rank(.reciprocalRank) == names.sorted())
        #expect(try rank(.nodeDistance) == ["center twin", "near twin", "far twin", "hub twin", "lone twin"])
        #expect(try rank(.episodeMentions).prefix(2) == ["lone twin", "far twin"])
        try await wait { try rank(.centralityBoosted).first == "hub twin" }
        #expect(throws: Failure.self) { try rank(.marginalRelevance) }
    }

    @Test(
        "Facts about what is near the centre come first, and those that most episodes tell of",
        arguments: GraphPlace.allCases)
    func edges(_ place: GraphPlace) async throws {
        let world = try await KnowledgeWorld(place)
        try await world.nodes("a", "b", "c", "d")
        try await world.edge("ab", "a", "TWIN", "b")
        try await world.edge("bc", "b", "TWIN", "c")
        try await world.edge("cd", "c", "TWIN", "d")
        try await world.write { [role = world.role] unit in
            let header = ElementHeader(id: "cd", createdAt: unit.now)
            let edge = GraphEdge(header, from: "c", to: "d", name: "TWIN", episodes: ["p1", "p2"])
            try role.elements.put([ElementDraft(edge)], in: unit)
        }
        func rank(_ reranker: Reranker) throws -> [String] { try world.rank(.edge, around: "d", by: reranker) }
        #expect(try rank(.reciprocalRank) == ["ab", "bc", "cd"])
        #expect(try rank(.nodeDistance) == ["cd", "bc", "ab"])
        #expect(try rank(.episodeMentions) == ["cd", "ab", "bc"])
    }
}

@Suite("What follows from a graph as a whole")
struct GraphAnalysisTests {
    private func graph(_ edges: [(String, String)], alone: [String] = []) throws -> GraphSnapshot {
        var graph = GraphSnapshot(dimensions: 3)
        for name in Set(edges.flatMap { [$0.0, $0.1] } + alone).shuffled() {
            let header = ElementHeader(id: name, createdAt: Timestamp(microseconds: 0))
            try graph.set(.node, StoredFields(JSONWriter.bytes(of: GraphNode(header, name: name))), embedding: nil)
        }
        for (number, edge) in edges.enumerated().shuffled() {
            let header = ElementHeader(id: "\(number)", createdAt: Timestamp(microseconds: 0))
            let fact = GraphEdge(header, from: edge.0, to: edge.1, name: "TO")
            try graph.set(.edge, StoredFields(JSONWriter.bytes(of: fact)), embedding: nil)
        }
        return graph
    }

    private func ranks(_ graph: GraphSnapshot) -> [String: Float] {
        let analysis = GraphAnalysis(graph)
        return Dictionary(uniqueKeysWithValues: graph.nodes.all.map { (graph.nodes.id($0), analysis.rank(of: $0)) })
    }

    private func communities(_ graph: GraphSnapshot) -> [String: String] {
        let analysis = GraphAnalysis(graph)
        return Dictionary(
            uniqueKeysWithValues: graph.nodes.all.map {
                (graph.nodes.id($0), graph.nodes.id(analysis.communities[Int($0)]))
            })
    }

    @Test("Ranks are those of a walk along the edges")
    func pageRank() throws {
        // A star of four: by hand, the middle has x and each leaf y with x = base + 0.85 * 3 y, y = base + 0.85 x / 3.
        let found = ranks(try graph([("m", "a"), ("b", "m"), ("m", "c")]))
        let base = 0.15 / 4
        let middle = (base + 0.85 * 3 * base) / (1 - 0.85 * 0.85)
        let leaf = base + 0.85 * middle / 3
        #expect(found["m"] == 1)
        for name in ["a", "b", "c"] { #expect(abs(Double(found[name] ?? 0) - leaf / middle) < 1e-4) }
    }

    @Test("Who is related to nobody has little, and an empty graph has nothing")
    func lonely() throws {
        let found = ranks(try graph([("a", "b"), ("b", "c"), ("c", "a")], alone: ["z"]))
        #expect(try #require(found["z"]) < 0.5)
        #expect(ranks(try graph([])).isEmpty)
    }

    @Test("Communities are those that hang together, named after the least id, however they were written")
    func labels() throws {
        func clique(_ names: [String]) -> [(String, String)] {
            names.indices.flatMap { left in names[(left + 1)...].map { (names[left], $0) } }
        }
        let edges = clique(["a", "b", "c", "d"]) + clique(["w", "x", "y", "z"]) + [("d", "w")]
        for _ in 0..<5 {
            let found = communities(try graph(edges, alone: ["lone"]))
            #expect(found.filter { $0.value == "a" }.keys.sorted() == ["a", "b", "c", "d"])
            #expect(found.filter { $0.value == "w" }.keys.sorted() == ["w", "x", "y", "z"])
            #expect(found["lone"] == "lone")
        }
    }
}
