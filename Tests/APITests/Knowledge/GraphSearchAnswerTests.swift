import Core
import TestKit
import Testing

/// Searches find all that they are asked for, however clients of Graphiti ask.
@Suite(.timeLimit(.minutes(5))) struct GraphSearchAnswerTests {
    /// Five facts between two nodes whose vectors lie all around one.
    private static func withFacts(_ body: (LiveServer) async throws -> Void) async throws {
        try await KnowledgeRoutesFixture.withServer { server in
            let vectors = ["[1,0,0]", "[0.99,0.1,0]", "[0.98,0.2,0]", "[0.97,0.25,0]", "[0.96,0.28,0]"]
            let edges = vectors.enumerated().map { number, vector in
                """
                {"uuid":"e\(number)","source_node_uuid":"a","target_node_uuid":"b","name":"IS\(number)","fact":"tea",
                 "embedding":\(vector)}
                """
            }
            let batch = """
                {"nodes":[{"uuid":"a","name":"tea a"},{"uuid":"b","name":"tea b"}],
                 "edges":[\(edges.joined(separator: ","))]}
                """
            #expect(try await server.send("POST", "/graph/bulk", batch).status == 200)
            try await body(server)
        }
    }

    /// What a search finds of a kind.
    private static func found(
        _ body: String, _ kind: String = "edges", _ server: LiveServer
    ) async throws -> [JSONValue] {
        let answer = try await server.send("POST", "/search/\(kind)", body)
        #expect(answer.status == 200, "\(body): \(String(decoding: answer.body, as: UTF8.self))")
        return (try answer.json()[kind] ?? .null).elements
    }

    private static func ids(
        _ body: String, _ kind: String = "edges", _ server: LiveServer
    ) async throws -> [String] {
        try await found(body, kind, server).compactMap { $0["uuid"]?.string }.sorted()
    }

    private static let all = (0..<5).map { "e\($0)" }

    @Test func whatIsUnlikeTheRestIsFoundThoughItScoresBelowZero() async throws {
        try await Self.withFacts { server in
            func find(_ lambda: Double, _ least: String = "") async throws -> [JSONValue] {
                let config = #"{"search_methods":["similarity"],"reranker":"mmr","mmr_lambda":\#(lambda)\#(least)}"#
                return try await Self.found(#"{"query_vector":[1,0,0],"config":\#(config)}"#, "edges", server)
            }
            for lambda in [0.2, 0.5, 0.8] {
                #expect(try await find(lambda).count == 5, "\(lambda)")
            }
            let scores = try await find(0.2).compactMap { hit -> Double? in
                if case .number(let text)? = hit["score"] { Double(text) } else { nil }
            }
            #expect(scores.count == 5 && (scores.last ?? 0) < 0)
            #expect(try await find(0.2, #","reranker_min_score":0"#).count == scores.count { $0 >= 0 })
            #expect(try await find(0.2, #","reranker_min_score":-0.59"#).count == scores.count { $0 >= -0.59 })
            #expect(try await find(0.2, #","reranker_min_score":-1"#).count == 5)
        }
    }

    @Test func anEmptyListAsksForNothing() async throws {
        try await Self.withFacts { server in
            for part in [
                #""group_ids":[]"#, #""filters":{"group_ids":[]}"#, #""filters":{"node_labels":[],"node_types":[]}"#,
                #""filters":{"edge_types":[]}"#, #""filters":{"edge_uuids":[]}"#, #""config":{"search_methods":[]}"#,
                #""group_ids":[""]"#,
            ] {
                let body = #"{"query":"tea",\#(part)}"#
                #expect(try await Self.ids(body, "edges", server) == Self.all, "\(part)")
                #expect(try await Self.ids(body, "nodes", server) == ["a", "b"], "\(part)")
            }
            let others = try await Self.ids(#"{"query":"tea","group_ids":["x"]}"#, "edges", server)
            #expect(others.isEmpty)
        }
    }

    @Test func filtersAreTakenAsGraphitiSendsThem() async throws {
        try await Self.withFacts { server in
            let rest = #""valid_at":null,"invalid_at":null,"created_at":null,"expired_at":null,"property_filters":null"#
            let none = #""node_labels":null,"edge_types":null,"edge_uuids":null"#
            let body = #"{"query":"tea","filters":{\#(none),\#(rest)}}"#
            #expect(try await Self.ids(body, "edges", server) == Self.all)
            let some = #"{"query":"tea","filters":{"edge_uuids":["e1","e3","none"],\#(rest)}}"#
            #expect(try await Self.ids(some, "edges", server) == ["e1", "e3"])
            // It is edges that are named.
            #expect(try await Self.ids(some, "nodes", server) == ["a", "b"])
            let naive = #"[[{"date":"2024-01-01T00:00:00","comparison_operator":">"}]]"#
            let dated = #"{"query":"tea","filters":{"valid_at":\#(naive)}}"#
            let refused = try await server.send("POST", "/search/edges", dated)
            #expect(refused.status == 422)
            #expect(String(decoding: refused.body, as: UTF8.self).contains("2024-01-01T00:00:00Z"))
        }
    }

    @Test func nodesTellHowCentralTheyAre() async throws {
        try await Self.withFacts { server in
            #expect(try await server.send("PUT", "/graph/nodes/lone", #"{"name":"tea alone"}"#).status == 201)
            try await wait {
                let found = try await Self.found(#"{"query":"tea"}"#, "nodes", server)
                let told = found.map { hit -> Double? in
                    if case .number(let text)? = hit["centrality"] { Double(text) } else { nil }
                }
                // By their words all are as good, so they come by their ids.
                return told.count == 3 && told[0] == 1 && told[1] == 1 && told[2].map { 0 < $0 && $0 < 1 } == true
            }
        }
    }

    @Test func aVectorOfZerosIsToldOfWhereItStands() async throws {
        try await Self.withFacts { server in
            for name in ["query_vector", "search_vector"] {
                for reranker in ["rrf", "mmr"] {
                    let body = #"{"\#(name)":[0,0,0],"config":{"reranker":"\#(reranker)"}}"#
                    let answer = try await server.send("POST", "/search/edges", body)
                    let error = (try answer.json()["errors"] ?? .null).elements.first
                    #expect(answer.status == 422 && error?["pointer"]?.string == "/\(name)")
                }
            }
        }
    }
}
