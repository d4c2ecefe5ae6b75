import Core
import Foundation
import Knowledge
import TestKit
import Testing

/// What was known at a moment is answered in the same way whoever has the graphs.
@Suite(.timeLimit(.minutes(5))) struct PastRoutesTests {
    private static func settings(_ engine: GraphEngineChoice) async throws -> [String: String] {
        guard engine == .falkordb else { return [:] }
        return [
            "knowledge.engine": "falkordb", "knowledge.falkordb_url": try await FalkorDBServer.shared().url,
            "knowledge.falkordb_prefix": "past-\(UUID())",
        ]
    }

    /// Runs the closure with a server on which three nodes and two edges have changed since a moment.
    private static func withPast(
        _ engine: GraphEngineChoice, _ settings: [String: String] = [:],
        _ body: (LiveServer, _ moment: String) async throws -> Void
    ) async throws {
        let own = try await Self.settings(engine).merging(settings) { $1 }
        try await KnowledgeRoutesFixture.withServer(settings: own) { server in
            let before = """
                {"nodes":[{"uuid":"a","name":"green tea"},{"uuid":"b","name":"tea pot"},{"uuid":"c","name":"cup"}],
                 "edges":[{"uuid":"ab","source_node_uuid":"a","target_node_uuid":"b","name":"IN","fact":"tea is in it"},
                          {"uuid":"bc","source_node_uuid":"b","target_node_uuid":"c","name":"BY","fact":"they match"}]}
                """
            #expect(try await server.send("POST", "/graph/bulk", before).status == 200)
            let last = try await server.send("GET", "/graph/edges/bc").json()["updated_at"]?.string
            let since = #"{"nodes":[{"uuid":"a","name":"coffee"},{"uuid":"d","name":"old tea"}]}"#
            #expect(try await server.send("POST", "/graph/bulk", since).status == 200)
            #expect(try await server.send("DELETE", "/graph/nodes/b").status == 204)
            try await body(server, try #require(last))
        }
    }

    private static func told(_ answer: JSONObject, _ kind: String, _ member: String = "uuid") -> [String?] {
        (answer[kind] ?? .null).elements.map { $0[member]?.string }
    }

    @Test(arguments: GraphEngineChoice.allCases)
    func searchesAndWalksAreOfTheMoment(_ engine: GraphEngineChoice) async throws {
        try await Self.withPast(engine) { server, moment in
            for _ in 0..<2 {
                let body = #"{"query":"tea","as_of":{"known_at":"\#(moment)"}}"#
                let found = try await server.send("POST", "/search", body).json()
                #expect(Set(Self.told(found, "nodes", "name")) == ["green tea", "tea pot"])
                #expect(Self.told(found, "edges") == ["ab"])
                let around = try await server.send("GET", "/graph/nodes/b/neighbors?known_at=\(moment)").json()
                #expect(Self.told(around, "nodes", "name") == ["green tea", "cup"])
                #expect(Self.told(around, "edges") == ["ab", "bc"])
                let paths = try await server.send("GET", "/graph/paths?from=a&to=c&known_at=\(moment)").json()
                #expect((paths["paths"] ?? .null).elements.map { $0["length"] } == [.integer(2)])
                for export in ["", "&center=b"] {
                    let drawn = try await server.send("GET", "/graph/export?known_at=\(moment)\(export)").json()
                    #expect(Self.told(drawn, "nodes") == ["b", "a", "c"] && Self.told(drawn, "edges") == ["ab", "bc"])
                }
            }
            let now = try await server.send("POST", "/search", #"{"query":"tea"}"#).json()
            #expect(Self.told(now, "nodes") == ["d"] && Self.told(now, "edges").isEmpty)
            #expect(try await server.send("GET", "/graph/nodes/b/neighbors").status == 404)
            let drawn = try await server.send("GET", "/graph/export").json()
            #expect(Self.told(drawn, "nodes") == ["a", "c", "d"] && Self.told(drawn, "edges").isEmpty)
        }
    }

    @Test(arguments: GraphEngineChoice.allCases)
    func aModelRanksWhatWasKnownThen(_ engine: GraphEngineChoice) async throws {
        let endpoint = try await WebhookReceiver { RankingEndpoint.answer($0) }
        let model = ["knowledge.reranker.url": endpoint.url("/v1"), "knowledge.reranker.timeout": "60000"]
        try await Self.withPast(engine, model) { server, moment in
            let body = """
                {"query":"tea","as_of":{"known_at":"\(moment)"},
                 "config":{"node_config":{"reranker":"cross_encoder"},"edge_config":{}}}
                """
            let found = try await server.send("POST", "/search", body).json()
            let sent = endpoint.requests.map { RankingEndpoint.texts(of: $0).sorted() }
            #expect(sent == [["green tea", "tea pot"]])
            #expect(Set(Self.told(found, "nodes")) == ["a", "b"] && Self.told(found, "edges") == ["ab"])
        }
    }

    @Test func aGraphThatIsTooLargeIsRefusedAndNowIsNot() async throws {
        try await Self.withPast(.falkordb, ["knowledge.past_elements": "4"]) { server, moment in
            let then = #"{"query":"tea","as_of":{"known_at":"\#(moment)"}}"#
            let refused = try await server.send("POST", "/search/nodes", then)
            #expect(try refused.status == 422 && refused.json()["code"]?.string == "past_too_large")
            let held = #"{"query":"tea","as_of":{"valid_at":"\#(moment)"}}"#
            #expect(Self.told(try await server.send("POST", "/search/nodes", held).json(), "nodes") == ["d"])
            let node = try await server.send("GET", "/graph/nodes/a?known_at=\(moment)").json()
            #expect(node["name"]?.string == "green tea")
        }
    }
}
