import Core
import TestKit
import Testing

/// Answers are of one graph, whatever is written while they are made.
@Suite(.timeLimit(.minutes(5))) struct TornAnswerTests {
    private static let colors = ["red", "blue"]
    private static let size = 24

    /// A batch that gives a color to nodes, to edges that lead to them from the hub of that color, and to episodes.
    private static func batch(_ color: String) -> String {
        let numbers = 0..<size
        let nodes = numbers.map { #"{"uuid":"n\#($0)","name":"n\#($0)","summary":"\#(color)"}"# }
        let edges = numbers.map { number in
            let ends = #""source_node_uuid":"\#(color)","target_node_uuid":"n\#(number)""#
            return "{\"uuid\":\"e\(number)\",\(ends),\"name\":\"TO\",\"fact\":\"\(color)\"}"
        }
        let episodes = numbers.map { #"{"uuid":"p\#($0)","content":"\#(color)"}"# }
        return [("nodes", nodes), ("edges", edges), ("episodes", episodes)]
            .map { "\"\($0)\":[\($1.joined(separator: ","))]" }.joined(separator: ",").enclosed
    }

    @Test(arguments: TestStore.Engine.allCases)
    func everythingThatIsAnsweredIsOfOneMoment(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        try await KnowledgeRoutesFixture.withServer(engine) { server in
            let hubs = Self.colors.map { #"{"uuid":"\#($0)","name":"hub"}"# }.joined(separator: ",")
            for body in ["{\"nodes\":[\(hubs)]}", Self.batch(Self.colors[0])] {
                #expect(try await server.send("POST", "/graph/bulk", body).status == 200)
            }
            let isOver = StopFlag()
            let seen = try await withThrowingTaskGroup(of: Set<Int>.self) { group in
                for color in Self.colors + Self.colors {
                    let seed = random.next()
                    group.addTask {
                        var (random, seen) = (SeededRandom(seed: seed), Set<Int>())
                        while !isOver.isRaised {
                            seen.insert(try await Self.search(color, &random, server))
                            try await Self.look(around: color, server)
                        }
                        return seen
                    }
                }
                for round in 1...120 {
                    let written = try await server.send("POST", "/graph/bulk", Self.batch(Self.colors[round % 2]))
                    #expect(written.status == 200)
                }
                isOver.raise()
                return try await group.reduce(into: Set<Int>()) { $0.formUnion($1) }
            }
            #expect(seen == [0, Self.size], "both were seen")
        }
    }

    /// Searches for everything of a color: all of it is found or nothing.
    private static func search(
        _ color: String, _ random: inout SeededRandom, _ server: LiveServer
    ) async throws -> Int {
        // No two ask for the same, so that none is answered from a cache.
        let score = Double.random(in: 1e-9...1e-5, using: &random)
        let body = #"{"query":"\#(color)","limit":100,"reranker_min_score":\#(score)}"#
        let answer = try await server.send("POST", "/search", body).json()
        let counts = ["nodes", "edges", "episodes"].map { (answer[$0] ?? .null).elements.count }
        #expect(Set(counts).count == 1, "\(counts)")
        expectOneColor(answer, "search")
        return counts[0]
    }

    private static func look(around hub: String, _ server: LiveServer) async throws {
        let answer = try await server.send("GET", "/graph/nodes/\(hub)/neighbors?limit=1000").json()
        let counts = ["nodes", "edges"].map { (answer[$0] ?? .null).elements.count }
        #expect(counts == [0, 0] || counts == [size, size], "\(counts)")
        expectOneColor(answer, "neighbors")
    }

    /// The tables were read at one moment too.
    private static func expectOneColor(_ answer: JSONObject, _ what: String) {
        let told = [("nodes", "summary"), ("edges", "fact"), ("episodes", "content")].flatMap { kind, member in
            (answer[kind] ?? .null).elements.compactMap { $0[member]?.string }
        }
        #expect(Set(told).count <= 1, "\(what): \(Set(told))")
    }
}

extension String {
    fileprivate var enclosed: String { "{\(self)}" }
}
