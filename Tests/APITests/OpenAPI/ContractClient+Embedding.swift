import Core
import TestKit
import Testing

/// Memories and parts of documents whose vectors the server has made.
extension ContractClient {
    mutating func turnTextsIntoVectors() async throws {
        try await send("POST", "/memories", body: Self.withoutVector(Self.memory("t1", "null")))
        try await send("POST", "/memories", body: Self.memory("t2", "null"))
        let batch = "\(Self.withoutVector(Self.memory("t3", "null"))), \(Self.memory("t4"))"
        try await send("POST", "/memories/batch", body: "{\"points\": [\(batch)]}")
        try await send("PATCH", "/memories/{id}", "t1", body: #"{"value": "likes milk"}"#)
        for mode in ["null", "\"words\"", "\"vector\"", "\"hybrid\""] {
            let body = #"{"user_id": 7, "query_text": "drink: likes green tea", "mode": \#(mode)}"#
            let found = try await send("POST", "/memories/search", body: body)
            #expect(found.list("results").map(\.id).contains("t2"), "\(mode)")
        }
        let part = Self.withoutVector(Self.document("t1", file: 1).replacing("[1, 1, 0]", with: "null"))
        try await send("POST", "/documents", body: part)
        try await send("POST", "/documents/batch", body: "{\"documents\": [\(part)]}")
        try await send(
            "POST", "/documents/search", body: #"{"user_id": 7, "query_text": "About mills", "mode": "vector"}"#)
        let embedding = try await send("GET", "/capabilities").json["embedding"]
        #expect(embedding?["supported"] == .bool(true) && embedding?["model"] != .null)
        try await send("DELETE", "/memories/user/{user}", "7")
        try await send("DELETE", "/documents/user/{user}", "7")
    }

    mutating func turnTextsOfGraphsIntoVectors() async throws {
        let node = "/graph/nodes/{id}"
        let ada = try await send("PUT", node, "ada", body: #"{"name": "Ada", "embedding": null}"#, status: 201)
        #expect(ada.text("embedding_dimensions") == "3")
        #expect(try await send("PUT", node, "ada", body: #"{"name": "Ada", "labels": []}"#).text("version") == "1")
        for methods in ["null", #"["similarity"]"#, #"["fulltext", "cosine_similarity"]"#] {
            let body = #"{"query": "Ada", "config": {"search_methods": \#(methods), "reranker": "mmr"}}"#
            let found = try await send("POST", "/search/nodes", body: body)
            #expect(found.list("nodes").map { $0.text("uuid") } == ["ada"] && found.json["degraded"] == nil)
        }
        let read = #"{"query": "Ada", "config": {"node_config": {"reranker": "cross_encoder"}}}"#
        #expect(try await send("POST", "/search", body: read).list("nodes").map { $0.text("score") } == ["1.0"])
    }

    /// Sends whatever of memories needs a vector of a text while an endpoint makes none, for what a status tells.
    ///
    /// - returns: the names of the operations.
    mutating func makeNoVectors(_ endpoint: WebhookReceiver, status: Int) async throws -> Set<String> {
        try await send("POST", "/memories", body: Self.memory("m"))
        let item = Self.memory("n", "null")
        let part = Self.document("n", file: 1).replacing("[1, 1, 0]", with: "null")
        let requests: [(method: String, path: String, body: String)] = [
            ("POST", "/memories", item), ("POST", "/memories/batch", "{\"points\": [\(item)]}"),
            ("POST", "/memories/search", #"{"user_id": 7, "query_text": "tea"}"#),
            ("PATCH", "/memories/{id}", #"{"value": "milk"}"#), ("POST", "/documents", part),
            ("POST", "/documents/batch", "{\"documents\": [\(part)]}"),
            ("POST", "/documents/search", #"{"user_id": 7, "query_text": "tea"}"#),
        ]
        let refused = try await refuseVectors(requests, of: "m", endpoint, status: status)
        try await send("GET", "/memories/{id}", "n", status: 404)
        return refused
    }

    /// Sends whatever of graphs needs a vector of a text while an endpoint makes none, for what a status tells.
    ///
    /// - parameter half: which half of the requests is sent, 0 or 1: after all of them the endpoint would be left
    ///   alone.
    /// - returns: the names of the operations.
    mutating func makeNoGraphVectors(
        _ endpoint: WebhookReceiver, status: Int, half: Int
    ) async throws -> Set<String> {
        let edge = #"{"source_node_uuid": "a", "target_node_uuid": "b", "name": "KNOWS"}"#
        let elements = [("nodes", #"{"name": "Ada"}"#), ("edges", edge), ("episodes", #"{"content": "x"}"#)]
        let near = #"{"query": "x", "config": {"search_methods": ["similarity"]}}"#
        let all = #"{"query": "x", "config": {"node_config": {"search_methods": ["similarity"]}}}"#
        let triplet = #"{"source_node": {"name": "Ada"}, "edge": {"name": "IS"}, "target_node": {"name": "Eve"}}"#
        let batches = [
            ("POST", "/graph/triplets", triplet), ("POST", "/graph/bulk", #"{"nodes": [{"name": "Ada"}]}"#),
        ]
        let requests: [(method: String, path: String, body: String)] =
            elements.flatMap {
                [("POST", "/graph/\($0)", $1), ("PUT", "/graph/\($0)/{id}", $1), ("POST", "/search/\($0)", near)]
            } + [("POST", "/search", all), ("POST", "/search/communities", near)] + batches
        let sent = requests.indices.filter { $0 % 2 == half }.map { requests[$0] }
        let refused = try await refuseVectors(sent, of: "n", endpoint, status: status)
        try await send("GET", "/graph/nodes/{id}", "n", status: 404)
        let found = try await send("POST", "/search", body: #"{"query": "x"}"#)
        #expect(found.json["degraded"] == .array([.string("similarity")]))
        return refused
    }

    private mutating func refuseVectors(
        _ requests: [(method: String, path: String, body: String)], of id: String, _ endpoint: WebhookReceiver,
        status: Int
    ) async throws -> Set<String> {
        endpoint.answer { status == 502 ? EmbeddingEndpoint.answer($0, dimensions: 5) : .silence }
        for (method, path, body) in requests { try await send(method, path, id, body: body, status: status) }
        return Set(requests.map { "\($0.method) \($0.path)" })
    }

    private static func withoutVector(_ body: String) -> String { body.replacing(#""vector": null,"#, with: "") }
}
