import ChangeLog
import Core
import Knowledge
import TestKit
import Testing

@testable import API

/// What is asked of the endpoint that turns texts into vectors when graphs are written and searched.
@Suite(.timeLimit(.minutes(5))) struct GraphEmbeddingTests {
    private static let dimensions = EmbeddingEndpoint.dimensions

    /// Runs the closure with a server and the endpoint that it asks.
    private static func withServer(
        _ settings: [String: String] = [:], _ body: (LiveServer, WebhookReceiver) async throws -> Void
    ) async throws {
        let endpoint = try await WebhookReceiver { EmbeddingEndpoint.answer($0) }
        let own = [
            "embedding.url": endpoint.url("/v1"), "embedding.cache_memory": "0",
            "knowledge.dimensions": "\(dimensions)", "knowledge.embedding_patience": "60000",
        ]
        try await KnowledgeRoutesFixture.withServer(settings: own.merging(settings) { $1 }) {
            try await body($0, endpoint)
        }
    }

    private static func texts(_ endpoint: WebhookReceiver) -> [String] {
        endpoint.requests.flatMap { EmbeddingEndpoint.texts(of: $0) }
    }

    @discardableResult
    private static func sends(
        _ server: LiveServer, _ method: String, _ path: String, _ body: String, status: Int = 200,
        headers: [String: String] = [:]
    ) async throws -> JSONObject {
        let answer = try await server.send(method, path, body, headers: headers)
        #expect(answer.status == status, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
        return try answer.json()
    }

    private static func ids(_ found: JSONObject, _ kind: String = "nodes") -> [String?] {
        (found[kind] ?? .null).elements.map { $0["uuid"]?.string }
    }

    private static func writeDrinks(_ server: LiveServer) async throws {
        for name in ["tea", "running"] {
            try await sends(server, "PUT", "/graph/nodes/\(name)", #"{"name":"\#(name)"}"#, status: 201)
        }
    }

    @Test func whatComesWithoutAVectorGetsThatOfItsText() async throws {
        try await Self.withServer { server, endpoint in
            let node = try await Self.sends(server, "POST", "/graph/nodes", #"{"name":"tea","uuid":"t"}"#, status: 201)
            #expect(node["embedding_dimensions"] == .integer(Int64(Self.dimensions)))
            try await Self.sends(server, "PUT", "/graph/nodes/u", #"{"name":"user","summary":"drinks"}"#, status: 201)
            let edge = #""source_node_uuid":"u","target_node_uuid":"t","name":"LIKES""#
            try await Self.sends(server, "PUT", "/graph/edges/e", "{\(edge),\"fact\":\"likes tea\"}", status: 201)
            try await Self.sends(server, "PUT", "/graph/edges/f", "{\(edge)}", status: 201)
            try await Self.sends(
                server, "POST", "/graph/episodes", #"{"content":"said so","name":"chat"}"#, status: 201)
            #expect(Self.texts(endpoint) == ["tea", "user", "likes tea", "LIKES", "said so"])
            let blank = try await Self.sends(server, "PUT", "/graph/episodes/b", #"{"content":" "}"#, status: 201)
            #expect(blank["embedding_dimensions"] == .null && endpoint.count == 5)
        }
    }

    @Test func aVectorIsMadeAnewOnlyOfANewText() async throws {
        try await Self.withServer { server, endpoint in
            let path = "/graph/nodes/n"
            try await Self.sends(server, "PUT", path, #"{"name":"tea"}"#, status: 201)
            try await Self.sends(server, "PUT", path, #"{"name":"tea","summary":"hot"}"#)
            try await Self.sends(server, "POST", "/graph/nodes", #"{"name":"tea","summary":"warm","uuid":"n"}"#)
            #expect(Self.texts(endpoint) == ["tea"], "its vector is of that text")
            let own = [Float](repeating: 1, count: Self.dimensions).map(\.description).joined(separator: ",")
            try await Self.sends(server, "PUT", path, #"{"name":"milk","embedding":[\#(own)]}"#)
            try await Self.sends(server, "PUT", path, #"{"name":"milk","summary":"cold"}"#)
            #expect(Self.texts(endpoint) == ["tea"], "one that was sent stays as well")
            let written = try await Self.sends(server, "PUT", path, #"{"name":"cocoa"}"#)
            #expect(Self.texts(endpoint) == ["tea", "cocoa"])
            #expect(written["embedding_dimensions"] == .integer(Int64(Self.dimensions)))
            let near = #"{"query":"cola","config":{"search_methods":["similarity"]}}"#
            #expect(Self.ids(try await Self.sends(server, "POST", "/search/nodes", near)) == ["n"])
        }
    }

    @Test func aVectorOfAnotherSizeIsMadeAnew() async throws {
        try await Self.withServer { server, endpoint in
            // Written by a server with another setting, as before a restart with a new one.
            let written = try await server.store.log.write(TestStore.context) { unit in
                let elements = GraphElements(dimensions: 3)
                let node = GraphNode(ElementHeader(id: "tea", createdAt: unit.now), name: "tea")
                try elements.put([try elements.draft(node, embedding: [1, 0, 0])], in: unit)
            }
            let headers = ["Millrace-Position": "\(written.position.value)"]
            let near = #"{"query":"tea","config":{"search_methods":["similarity"]}}"#
            #expect(Self.ids(try await Self.sends(server, "POST", "/search/nodes", near, headers: headers)) == [])
            let node = try await Self.sends(server, "PUT", "/graph/nodes/tea", #"{"name":"tea"}"#)
            #expect(node["embedding_dimensions"] == .integer(Int64(Self.dimensions)))
            #expect(Self.ids(try await Self.sends(server, "POST", "/search/nodes", near)) == ["tea"])
            #expect(Self.texts(endpoint) == ["tea", "tea", "tea"])
        }
    }

    @Test func whatLostItsVectorMeanwhileIsSentAgain() throws {
        var node = GraphNode(ElementHeader(id: "n", createdAt: Timestamp(microseconds: 0)), name: "tea")
        let kept = EmbeddedDraft(draft: ElementDraft(node), keepsVector: true)
        let failure = #expect(throws: Failure.self) { try kept.check(node) }
        #expect(failure?.code == "element_changed" && failure?.kind == .conflict)
        try EmbeddedDraft(draft: ElementDraft(node)).check(node)
        node.header.dimensions = 3
        try kept.check(node)
    }

    @Test func aVectorComesWithTheTextThatItWasMadeOf() async throws {
        try await Self.withServer { server, endpoint in
            let path = "/graph/nodes/n"
            try await Self.sends(server, "PUT", path, #"{"name":"tea"}"#, status: 201)
            endpoint.answer { EmbeddingEndpoint.answer($0, after: .seconds(1)) }
            let slow = Task { try await server.send("PUT", path, #"{"name":"milk"}"#).status }
            try await endpoint.waitForRequests(2)
            try await Self.sends(server, "PUT", path, #"{"name":"tea","summary":"hot"}"#)
            #expect(try await slow.value == 200)
            let now = try await Self.sends(server, "PUT", path, #"{"name":"milk","summary":"cold"}"#)
            #expect(now["embedding_dimensions"] == .integer(Int64(Self.dimensions)) && endpoint.count == 2)
        }
    }

    @Test func whatGetsNoVectorIsNotWritten() async throws {
        try await Self.withServer(["embedding.timeout": "5000"]) { server, endpoint in
            endpoint.answer { EmbeddingEndpoint.answer($0, dimensions: 5) }
            let wrong = try await Self.sends(server, "PUT", "/graph/nodes/n", #"{"name":"tea"}"#, status: 502)
            #expect(wrong["code"]?.string == "embedding_dimensions_differ")
            #expect(wrong["detail"]?.string?.contains("the graph has 26") == true)
            #expect(wrong["detail"]?.string?.contains("knowledge.dimensions to 5") == true)
            endpoint.answer { _ in .silence }
            try await Self.sends(server, "PUT", "/graph/nodes/n", #"{"name":"tea"}"#, status: 504)
            endpoint.answer { _ in .status(400, body: "too long") }
            let refused = try await Self.sends(server, "PUT", "/graph/nodes/n", #"{"name":"tea"}"#, status: 422)
            #expect(refused["code"]?.string == "text_refused")
            #expect(try await server.send("GET", "/graph/nodes/n").status == 404)
        }
    }

    @Test func whatWasWrittenIsAnsweredAgainWithoutTheEndpoint() async throws {
        try await Self.withServer { server, endpoint in
            let key = ["Idempotency-Key": "one"]
            let body = #"{"name":"tea"}"#
            let first = try await Self.sends(server, "POST", "/graph/nodes", body, status: 201, headers: key)
            endpoint.answer { _ in .status(401) }
            let again = try await Self.sends(server, "POST", "/graph/nodes", body, status: 201, headers: key)
            #expect(first["uuid"] == again["uuid"])
            try await Self.sends(server, "POST", "/graph/nodes", body, status: 502)
        }
    }

    @Test func aQueryIsAskedForOnceAndOnlyWhereItHelps() async throws {
        try await Self.withServer { server, endpoint in
            try await Self.writeDrinks(server)
            // No word of the query is in the node; by its letters it is near.
            #expect(Self.ids(try await Self.sends(server, "POST", "/search", #"{"query":"tisane"}"#)) == ["tea"])
            #expect(Self.texts(endpoint) == ["tea", "running", "tisane"], "once for all kinds")
            let found = try await Self.sends(server, "POST", "/search/nodes", #"{"query":"tea"}"#)
            let methods = (found["nodes"] ?? .null).elements.first?["methods"]
            #expect(methods?["fulltext"] != nil && methods?["similarity"] != nil && found["degraded"] == nil)
            #expect(endpoint.count == 4)
            for config in [#"{"search_methods":["fulltext"]}"#, #"{"search_methods":["bm25","bfs"]}"#] {
                let words = #"{"query":"tisane","config":\#(config)}"#
                #expect(Self.ids(try await Self.sends(server, "POST", "/search/nodes", words)).isEmpty)
            }
            let nothing = #"{"query":" ","bfs_origin_node_uuids":["tea"]}"#
            try await Self.sends(server, "POST", "/search/nodes", nothing)
            #expect(endpoint.count == 4, "neither words alone nor blanks are asked for")
            let various = #"{"query":"tisane","config":{"search_methods":["fulltext"],"reranker":"mmr"}}"#
            try await Self.sends(server, "POST", "/search/nodes", various)
            #expect(endpoint.count == 5, "variety is one of vectors")
            let blank = #"{"query":" ","config":{"search_methods":["similarity"]}}"#
            try await Self.sends(server, "POST", "/search/nodes", blank, status: 422)
        }
    }

    @Test func aSearchGoesOnByWordsAndSaysSo() async throws {
        try await Self.withServer { server, endpoint in
            try await Self.writeDrinks(server)
            endpoint.answer { _ in .status(401) }
            let found = try await Self.sends(server, "POST", "/search", #"{"query":"tea"}"#)
            #expect(Self.ids(found) == ["tea"] && found["degraded"] == .array([.string("similarity")]))
            let named = #"{"query":"tea","config":{"search_methods":["fulltext","similarity"]}}"#
            let failure = try await Self.sends(server, "POST", "/search/nodes", named, status: 502)
            #expect(failure["code"]?.string == "embedding_refused")
            let half = #"{"query":"tea","config":{"node_config":{},"edge_config":{"reranker":"mmr"}}}"#
            try await Self.sends(server, "POST", "/search", half, status: 502)
        }
    }

    @Test func aSearchWaitsNoLongerThanItMustForWhatItCanDoWithout() async throws {
        let settings = ["embedding.timeout": "60000", "knowledge.embedding_patience": "200"]
        try await Self.withServer(settings) { server, endpoint in
            try await Self.writeDrinks(server)
            endpoint.answer { _ in .silence }
            let start = ContinuousClock.now
            let found = try await Self.sends(server, "POST", "/search/nodes", #"{"query":"tea"}"#)
            #expect(found["degraded"] == .array([.string("similarity")]) && Self.ids(found) == ["tea"])
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    @Test func withoutAnEndpointWhatNeedsAVectorSaysWhatToSet() async throws {
        try await Self.withServer(["embedding.url": ""]) { server, _ in
            try await Self.writeDrinks(server)
            let found = try await Self.sends(server, "POST", "/search/nodes", #"{"query":"tea"}"#)
            #expect(Self.ids(found) == ["tea"] && found["degraded"] == nil)
            for config in [#"{"search_methods":["similarity"]}"#, #"{"reranker":"mmr"}"#] {
                let body = #"{"query":"tea","config":\#(config)}"#
                let refused = try await Self.sends(server, "POST", "/search/nodes", body, status: 422)
                let error = (refused["errors"] ?? .null).elements.first
                #expect(error?["pointer"]?.string == "/query_vector")
                #expect(error?["detail"]?.string?.contains("embedding.url") == true)
            }
        }
    }
}
