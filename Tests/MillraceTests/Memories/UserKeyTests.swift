import Core
import TestKit
import Testing

/// Keys that reach what is kept of one user, on a real server.
@Suite(.timeLimit(.minutes(5))) struct UserKeyTests {
    private static func memory(_ id: String, user: Int) -> String {
        """
        {"point_id":"\(id)","vector":[1,0,0],"payload":{"user_id":\(user),"category":"c","key":"k","value":"v",\
        "source":"s","created":1,"updated":1,"active":true}}
        """
    }

    private static func document(_ id: String, user: Int) -> String {
        """
        {"point_id":"\(id)","vector":[1,0,0],"payload":{"user_id":\(user),"file_id":1,"group_key":"g","file_type":1,\
        "chunk_index":0,"start_line":1,"end_line":2,"text":"t","created":1}}
        """
    }

    /// A server with a memory and a document of two users each, and a key of user 7.
    private static func start() async throws -> (MemoryServer, key: String) {
        let server = try await MemoryServer()
        for user in [7, 8] {
            _ = try await server.post("/memories", memory("m\(user)", user: user))
            #expect(try await server.send("POST", "/documents", document("d\(user)", user: user)).status == 200)
        }
        let made = try await server.send(
            "POST", "/api/v1/keys", #"{"name":"user 7","scopes":["*"],"user_id":7}"#)
        #expect(made.status == 201 && made.json["user_id"] == .integer(7))
        guard case .string(let key)? = made.json["key"] else { throw Failure.internal("There is no key.") }
        return (server, key)
    }

    @Test func whatIsOfTheUserIsReached() async throws {
        let (server, key) = try await Self.start()
        func send(_ method: String, _ path: String, _ body: String? = nil) async throws -> RawConnection.Response {
            try await server.send(method, path, body, key: key)
        }
        #expect(try await send("POST", "/memories", Self.memory("m7", user: 7)).status == 200)
        #expect(try await send("GET", "/memories/m7").status == 200)
        #expect(try await send("PATCH", "/memories/m7", #"{"value":"w"}"#).status == 200)
        let found = try await send("POST", "/memories/search", #"{"user_id":7,"query_vector":[1,0,0]}"#)
        #expect(found.json["count"] == .integer(1))
        #expect(try await send("POST", "/memories/scroll", #"{"user_id":7}"#).json["count"] == .integer(1))
        #expect(try await send("GET", "/documents/d7").status == 200)
        #expect(try await send("GET", "/documents/stats/7").json["total_chunks"] == .integer(1))
        #expect(try await send("POST", "/documents/delete-by-file", #"{"user_id":7,"file_id":1}"#).text == "1")
        #expect(try await send("DELETE", "/memories/m7").status == 200)
        #expect(try await send("GET", "/memories/m7").status == 404)
        #expect(await server.process.stop() == 0)
    }

    @Test func whatIsOfOthersIsNot() async throws {
        let (server, key) = try await Self.start()
        let refused: [(String, String, String?, Int)] = [
            ("POST", "/memories", Self.memory("new", user: 8), 403),
            ("POST", "/memories", Self.memory("m8", user: 7), 403),
            (
                "POST", "/memories/batch",
                "{\"points\":[\(Self.memory("m7", user: 7)),\(Self.memory("x", user: 8))]}", 403
            ),
            ("GET", "/memories/m8", nil, 404),
            ("PATCH", "/memories/m8", #"{"value":"w"}"#, 404),
            ("PATCH", "/memories/m7", #"{"user_id":8}"#, 403),
            ("POST", "/memories/search", #"{"user_id":8,"query_vector":[1,0,0]}"#, 403),
            ("POST", "/memories/scroll", #"{"user_id":8}"#, 403),
            ("DELETE", "/memories/user/8", nil, 403),
            ("POST", "/documents", Self.document("d8", user: 7), 403),
            ("POST", "/documents/batch", "{\"documents\":[\(Self.document("x", user: 8))]}", 403),
            ("POST", "/documents/search", #"{"user_id":8,"vector":[1,0,0]}"#, 403),
            ("GET", "/documents/d8", nil, 404),
            ("POST", "/documents/update-group-key", #"{"user_id":8,"file_id":1,"new_group_key":"h"}"#, 403),
            ("POST", "/documents/delete-by-file", #"{"user_id":8,"file_id":1}"#, 403),
            ("POST", "/documents/delete-by-group", #"{"user_id":8,"group_key":"g"}"#, 403),
            ("POST", "/documents/files-by-group", #"{"user_id":8,"group_key":"g"}"#, 403),
            ("DELETE", "/documents/user/8", nil, 403),
            ("GET", "/documents/stats/8", nil, 403),
            ("GET", "/documents/groups/8", nil, 403),
            ("GET", "/collection/info", nil, 403),
            ("GET", "/collections", nil, 403),
            ("POST", "/collections/user_memories/points/scroll", "{}", 403),
            ("POST", "/api/v1/keys", #"{"name":"all","scopes":["*"]}"#, 403),
            ("GET", "/api/v1/changes", nil, 403),
        ]
        for (method, path, body, status) in refused {
            let response = try await server.send(method, path, body, key: key)
            #expect(response.status == status, "\(method) \(path): \(response.text)")
        }
        // Deleting what is not there is answered like deleting what is out of reach, which stays.
        let deleted = try await server.send("DELETE", "/memories/m8", key: key)
        #expect(deleted.status == 200 && deleted.json["message"] == .string("There was no such memory."))
        #expect(try await server.send("DELETE", "/documents/d8", key: key).status == 200)
        #expect(try await server.send("GET", "/memories/m8").json["payload"]?["value"] == .string("v"))
        #expect(try await server.send("GET", "/documents/d8").json["payload"]?["group_key"] == .string("g"))
        #expect(await server.process.stop() == 0)
    }
}
