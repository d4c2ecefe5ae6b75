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

    /// Sends whatever needs a vector of a text while an endpoint makes none, for what a status tells.
    mutating func makeNoVectors(_ endpoint: WebhookReceiver, status: Int) async throws {
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
        endpoint.answer { status == 502 ? EmbeddingEndpoint.answer($0, dimensions: 5) : .silence }
        for (method, path, body) in requests { try await send(method, path, "m", body: body, status: status) }
        let declared = document.operations.filter { $0.responses.contains { $0.name == "\(status)" } }
        #expect(Set(declared.map(\.name)) == Set(requests.map { "\($0.method) \($0.path)" }))
        try await send("GET", "/memories/{id}", "n", status: 404)
    }

    private static func withoutVector(_ body: String) -> String { body.replacing(#""vector": null,"#, with: "") }
}
