import Core
import TestKit
import Testing

/// Memories and the parts of documents.
extension ContractClient {
    static func memory(_ id: String, _ vector: String = "[1, 0, 0]", _ more: String = "") -> String {
        """
        {"point_id": "\(id)", "vector": \(vector)\(more),
         "payload": {"user_id": 7, "category": "taste", "key": "drink", "value": "likes green tea", "source": "chat",
          "message_id": null, "created": 5, "updated": 6, "active": true, "own": {"any": [1]}}}
        """
    }

    static func document(_ id: String, file: Int, group: String = "g") -> String {
        """
        {"point_id": "\(id)", "vector": [1, \(file), 0],
         "payload": {"user_id": 7, "file_id": \(file), "group_key": "\(group)", "file_type": 1, "chunk_index": 0,
          "start_line": 1, "end_line": 9, "text": "About mills", "created": 5}}
        """
    }

    mutating func keepMemories() async throws {
        let stored = try await send("POST", "/memories", body: Self.memory("m/1"))
        #expect(stored.text("point_id") == "m/1")
        try await send("POST", "/memories", body: "{", status: 400)
        try await send("POST", "/memories", body: "{}", headers: ["Content-Type": "text/plain"], status: 415)
        try await send("POST", "/memories", body: Self.memory("m", "[0, 0, 0]"), status: 422)
        let more = #", "namespace": "other", "expires_at": "2100-01-01T00:00:00Z""#
        let batch = [
            Self.memory("m2", #""AACAPwAAAAAAAAAA""#), Self.memory("m3"), Self.memory("m4", "[0, 1, 0]", more),
        ]
        let outcome = try await send(
            "POST", "/memories/batch", body: "{\"points\": [\(batch.joined(separator: ", "))]}")
        #expect(outcome.text("success_count") == "3")
        try await send("POST", "/memories/batch", body: #"{"points": []}"#, status: 422)
        let path = "/memories/{id}"
        #expect(try await send("GET", path, "m/1").id == "m/1")
        try await send("GET", path, "m4", status: 404)
        try await send("GET", path, "m4", query: "namespace=other")
        try await send("GET", path, "m4", query: "namespace=a%2Fb", status: 422)
        try await send("GET", path, "m4", query: "user=7", status: 400)
        let patched = try await send("PATCH", path, "m2", body: #"{"value": "likes coffee", "own": null}"#)
        #expect(patched.json["payload"]?["value"] == .string("likes coffee"))
        try await send("PATCH", path, "none", body: "{}", status: 404)
        try await send("PATCH", path, "m2", body: #"{"user_id": null}"#, status: 422)
        try await send("DELETE", path, "m2")
        try await send("DELETE", path, "m2")
    }

    mutating func readWhatMemoriesWere() async throws {
        let (path, history) = ("/memories/{id}", "/memories/{id}/history")
        let versions = try await send("GET", history, "m2").list("versions")
        try #require(versions.count == 2)
        #expect(versions[1].json["payload"]?["value"] == .string("likes green tea"))
        let first = try await send("GET", history, "m2", query: "limit=1")
        let second = try await send("GET", history, "m2", query: "limit=1&cursor=\(first.text("next_cursor"))")
        let position = versions[1].text("position")
        #expect(second.list("versions").map { $0.text("position") } == [position])
        #expect(second.json["next_cursor"] == .null)
        let other = try await send("GET", history, "m4", query: "namespace=other").list("versions")
        #expect(other.map { $0.json["until_position"] } == [.null])
        try await send("GET", history, "none", status: 404)
        try await send("GET", history, "m2", query: "limit=0", status: 400)
        try await send("GET", history, "m2", query: "namespace=!", status: 422)
        let past = try await send("GET", path, "m2", query: "as_of=\(position)")
        #expect(past.json["payload"]?["value"] == .string("likes green tea"))
        try await send("GET", path, "m2", query: "as_of=9223372036854775807", status: 422)
        try await send("GET", path, "m2", query: "as_of=0", status: 400)
        let found = try await send(
            "POST", "/memories/search",
            body: #"{"user_id": 7, "query_text": "green", "mode": "words", "as_of": \#(position)}"#)
        #expect(found.list("results").map(\.id).contains("m2"))
        let page = try await send("POST", "/memories/scroll", body: #"{"user_id": 7, "as_of": \#(position)}"#)
        #expect(page.list("memories").map(\.id).contains("m2"))
        for body in [#"{"user_id": 7, "query_text": "tea", "as_of": 0}"#, #"{"user_id": 7, "as_of": 1.5}"#] {
            try await send("POST", "/memories/search", body: body, status: 422)
            try await send("POST", "/memories/scroll", body: body, status: 422)
        }
    }

    mutating func findMemories() async throws {
        let found = try await send(
            "POST", "/memories/search",
            body: """
                {"user_id": 7, "query_vector": [1, 0, 0], "query_text": "tea", "category": "taste", "namespace": null,
                 "created_after": 5, "created_before": 5, "limit": 10, "min_score": 0.5}
                """)
        #expect(Set(found.list("results").map(\.id)) == ["m/1", "m3"])
        try await send("POST", "/memories/search", body: #"{"user_id": 7, "query_vector": [1, 0]}"#, status: 422)
        try await send("POST", "/memories/search", body: #"{"user_id": 7}"#, status: 422)
        let first = try await send("POST", "/memories/scroll", body: #"{"user_id": 7, "limit": 1}"#)
        #expect(first.list("memories").map(\.id) == ["m/1"])
        let cursor = first.text("next_cursor")
        let second = try await send("POST", "/memories/scroll", body: #"{"user_id": 7, "cursor": "\#(cursor)"}"#)
        #expect(second.list("memories").map(\.id) == ["m3"] && second.json["next_cursor"] == .null)
        try await send("POST", "/memories/scroll", body: #"{"user_id": 7, "limit": 10001}"#, status: 422)
        let figures = try await send("GET", "/collection/info", query: "namespace=other")
        #expect(figures.text("points_count") == "1")
        try await send("GET", "/collection/info", query: "namespace=!", status: 422)
        try await send("GET", "/service/info")
        try await send("GET", "/capabilities")
        try await send("GET", "/capabilities", query: "a=b", status: 400)
        let wiped = try await send("DELETE", "/memories/user/{user}", "7")
        #expect(wiped.text("deleted") == "2")
        try await send("DELETE", "/memories/user/{user}", "7", query: "namespace=other")
        try await send("DELETE", "/memories/user/{user}", "seven", status: 422)
    }

    mutating func keepDocuments() async throws {
        let stored = try await send("POST", "/documents", body: Self.document("d/1", file: 1))
        try await send("POST", "/documents", body: #"{"point_id": "d"}"#, status: 422)
        let batch = [Self.document("d2", file: 2), Self.document("d3", file: 3, group: "h")]
        try await send("POST", "/documents/batch", body: "{\"documents\": [\(batch.joined(separator: ", "))]}")
        try await send("POST", "/documents/batch", body: #"{"documents": [{}]}"#, status: 422)
        #expect(try await send("GET", "/documents/{id}", "d/1").id == "d/1")
        try await send("GET", "/documents/{id}", "none", status: 404)
        try await send(
            "POST", "/documents/search",
            body: #"{"user_id": 7, "vector": [1, 1, 0], "query_text": "mills", "group_key": "g", "min_score": 0}"#)
        try await send("POST", "/documents/search", body: #"{"vector": [1, 1, 0]}"#, status: 422)
        try await send(
            "POST", "/documents/search",
            body: #"{"user_id": 7, "vector": [1, 1, 0], "mode": "vector", "as_of": \#(stored.position)}"#)
        let statistics = try await send("GET", "/documents/stats/{user}", "7")
        #expect(statistics.text("total_files") == "3")
        try await send("GET", "/documents/stats/{user}", "seven", status: 422)
        try await send("GET", "/documents/groups/{user}", "7")
        let files = try await send("POST", "/documents/files-by-group", body: #"{"user_id": 7, "group_key": "g"}"#)
        #expect(files.json["files"]?.members.count == 2)
        try await send(
            "POST", "/documents/update-group-key", body: #"{"user_id": 7, "file_id": 3, "new_group_key": "i"}"#)
        try await send("POST", "/documents/update-group-key", body: #"{"user_id": "7"}"#, status: 422)
        try await send("POST", "/documents/delete-by-file", body: #"{"user_id": 7, "file_id": 2}"#)
        try await send("POST", "/documents/delete-by-group", body: #"{"user_id": 7, "group_key": "i"}"#)
        try await send("POST", "/documents/delete-by-group", body: #"{"user_id": 7}"#, status: 422)
        try await send("DELETE", "/documents/{id}", "d/1")
        try await send("DELETE", "/documents/user/{user}", "7")
    }
}
