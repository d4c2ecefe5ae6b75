import Core
import TestKit
import Testing

/// What a search finds is ranked by a model that reads it together with the query.
@Suite(.timeLimit(.minutes(5))) struct GraphRankingTests {
    /// Runs the closure with a server that has three teas and a little more, and the endpoint that ranks.
    private static func withTeas(
        _ settings: [String: String] = [:], _ body: (LiveServer, WebhookReceiver) async throws -> Void
    ) async throws {
        let endpoint = try await WebhookReceiver { RankingEndpoint.answer($0) }
        let own = ["knowledge.reranker.url": endpoint.url("/v1"), "knowledge.reranker.timeout": "60000"]
        try await KnowledgeRoutesFixture.withServer(settings: own.merging(settings) { $1 }) { server in
            // By their words the last is the best: it has nothing else.
            for (id, name, summary) in [("a", "black tea", "hot tea"), ("b", "tea pot", "tea"), ("c", "tea", "")] {
                let node = #"{"name":"\#(name)","summary":"\#(summary)"}"#
                #expect(try await server.send("PUT", "/graph/nodes/\(id)", node).status == 201)
            }
            let ends = #""source_node_uuid":"a","target_node_uuid":"b""#
            let edge = "{\(ends),\"name\":\"TEA\",\"fact\":\"tea goes into the pot\"}"
            #expect(try await server.send("PUT", "/graph/edges/e", edge).status == 201)
            let episode = #"{"content":"we had tea","name":"tea"}"#
            #expect(try await server.send("PUT", "/graph/episodes/p", episode).status == 201)
            try await body(server, endpoint)
        }
    }

    private static func search(
        _ server: LiveServer, _ body: String, path: String = "/search/nodes", status: Int = 200
    ) async throws -> JSONObject {
        let answer = try await server.send("POST", path, body)
        #expect(answer.status == status, "\(String(decoding: answer.body, as: UTF8.self))")
        return try answer.json()
    }

    private static func found(_ answer: JSONObject, _ kind: String = "nodes") -> [[String?]] {
        (answer[kind] ?? .null).elements.map { [$0["uuid"]?.string, $0["score"].flatMap(Self.number)] }
    }

    private static func number(_ value: JSONValue) -> String? {
        guard case .number(let text) = value else { return nil }
        return text
    }

    @Test func theModelSaysWhatIsBest() async throws {
        try await Self.withTeas { server, endpoint in
            endpoint.answer { _ in
                .status(
                    200,
                    body: #"""
                        {"results":[{"index":1,"relevance_score":-0.5},{"index":0,"relevance_score":-4},
                         {"index":2,"relevance_score":-0.5}]}
                        """#)
            }
            let body = #"{"query":"tea","config":{"reranker":"cross_encoder"}}"#
            let texts = ["tea", "tea pot\ntea", "black tea\nhot tea"]
            let hits = Self.found(try await Self.search(server, body))
            let sent = RankingEndpoint.texts(of: try #require(endpoint.requests.first))
            try #require(sent.sorted() == texts.sorted())
            let ids = ["tea": "c", "tea pot\ntea": "b", "black tea\nhot tea": "a"]
            let equal = [sent[1], sent[2]].compactMap { ids[$0] }.sorted()
            let wanted = [[equal[0], "-0.5"], [equal[1], "-0.5"], [ids[sent[0]], "-4.0"]]
            #expect(hits == wanted, "equal ones come by their ids")
        }
    }

    @Test func asMuchIsReadAsIsWantedTwice() async throws {
        try await Self.withTeas { server, endpoint in
            let one = #"{"query":"tea pot","limit":1,"config":{"reranker":"cross_encoder"}}"#
            let hits = Self.found(try await Self.search(server, one))
            #expect(endpoint.requests.map { RankingEndpoint.texts(of: $0).count } == [2])
            #expect(hits.count == 1 && hits.first?.last == "1.0")
            let least = #"{"query":"tea","config":{"reranker":"cross_encoder","reranker_min_score":0.6}}"#
            #expect(Self.found(try await Self.search(server, least)).map(\.first) == ["c", "b"])
            let none = #"{"query":"coffee","config":{"reranker":"cross_encoder"}}"#
            #expect(Self.found(try await Self.search(server, none)).isEmpty && endpoint.count == 2)
        }
    }

    @Test func allKindsAreRankedAtOnceAndOthersAsTheySay() async throws {
        try await Self.withTeas { server, endpoint in
            let body = """
                {"query":"tea","config":{"node_config":{},"edge_config":{"reranker":"cross_encoder"},
                 "episode_config":{"reranker":"cross_encoder"}}}
                """
            let answer = try await Self.search(server, body, path: "/search")
            let sent = endpoint.requests.map { RankingEndpoint.texts(of: $0) }
            #expect(sent == [["tea goes into the pot", "we had tea"]])
            #expect(Self.found(answer, "edges") == [["e", "0.2"]])
            #expect(Self.found(answer, "episodes") == [["p", "\(1.0 / 3)"]])
            #expect(Self.found(answer, "nodes").count == 3)
            let methods = (answer["edges"] ?? .null).elements.first?["methods"]
            #expect(methods?["fulltext"]?["rank"] == .integer(1))
        }
    }

    @Test func failuresSayWhatToDo() async throws {
        try await Self.withTeas(["knowledge.reranker.timeout": "5000"]) { server, endpoint in
            let body = #"{"query":"tea","config":{"reranker":"cross_encoder"}}"#
            endpoint.answer { _ in .status(403) }
            #expect(try await Self.search(server, body, status: 502)["code"]?.string == "reranker_refused")
            endpoint.answer { _ in .status(429, headers: [("retry-after", "9")]) }
            #expect(try await Self.search(server, body, status: 503)["code"]?.string == "reranker_unavailable")
            endpoint.answer { _ in .silence }
            #expect(try await Self.search(server, body, status: 504)["code"]?.string == "reranker_timeout")
            let blank = #"{"query":" ","bfs_origin_node_uuids":["a"],"config":{"reranker":"cross_encoder"}}"#
            let refused = try await Self.search(server, blank, status: 422)
            #expect((refused["errors"] ?? .null).elements.first?["pointer"]?.string == "/query")
        }
    }

    @Test(arguments: [false, true])
    func withoutAnEndpointTheSettingIsNamed(hasVectorsMade: Bool) async throws {
        let other = try await WebhookReceiver { EmbeddingEndpoint.answer($0, dimensions: 3) }
        let settings = ["knowledge.reranker.url": "", "embedding.url": hasVectorsMade ? other.url("/v1") : ""]
        try await Self.withTeas(settings) { server, _ in
            let one = #"{"reranker":"cross_encoder"}"#
            let all = "{\"node_config\":{},\"edge_config\":\(one)}"
            let requests = [
                ("/search/edges", one, "/config/reranker"), ("/search", all, "/config/edge_config/reranker"),
            ]
            for (path, config, pointer) in requests {
                let body = "{\"query\":\"tea\",\"config\":\(config)}"
                let error = try await Self.search(server, body, path: path, status: 422)["errors"]?.elements.first
                #expect(error?["pointer"]?.string == pointer)
                #expect(error?["detail"]?.string?.contains("knowledge.reranker.url") == true)
            }
        }
    }
}
