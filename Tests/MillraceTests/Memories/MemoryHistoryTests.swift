import Core
import TestKit
import Testing

/// What memories were, asked of a real server.
@Suite(.timeLimit(.minutes(5))) struct MemoryHistoryTests {
    private static func memory(_ value: String, _ vector: String, user: Int = 7) -> String {
        """
        {"point_id":"m","vector":\(vector),"payload":{"user_id":\(user),"category":"c","key":"k","value":"\(value)",\
        "source":"s","created":1,"updated":1,"active":true}}
        """
    }

    /// Writes and returns the position of that.
    private static func put(_ server: MemoryServer, _ body: String) async throws -> Int64 {
        let response = try await server.send("POST", "/memories", body)
        #expect(response.status == 200)
        return try #require(response.headers["millrace-position"].flatMap { Int64($0) })
    }

    @Test func aMemoryIsReadAsItWas() async throws {
        let server = try await MemoryServer()
        let first = try await Self.put(server, Self.memory("likes tea", "[1,0,0]"))
        let second = try await Self.put(server, Self.memory("likes coffee", "[0,1,0]"))
        let deleted = try await server.send("DELETE", "/memories/m")
        let third = try #require(deleted.headers["millrace-position"].flatMap { Int64($0) })

        let then = try await server.send("GET", "/memories/m?as_of=\(first)")
        #expect(then.json["payload"]?["value"] == .string("likes tea"))
        let later = try await server.send("GET", "/memories/m?as_of=\(second)")
        #expect(later.json["payload"]?["value"] == .string("likes coffee"))
        #expect(try await server.send("GET", "/memories/m?as_of=\(third)").status == 404)
        let early = try await server.send("GET", "/memories/m?as_of=\(third + 1_000_000)")
        #expect(early.status == 422 && early.text.contains("as_of"))

        func search(_ members: String) async throws -> JSONObject {
            try await server.post("/memories/search", "{\"user_id\":7,\(members)}")
        }
        #expect(try await search("\"query_vector\":[1,0,0]")["count"] == .integer(0))
        #expect(try await search("\"query_vector\":[1,0,0],\"as_of\":\(first)")["count"] == .integer(1))
        #expect(try await search("\"query_vector\":[1,0,0],\"as_of\":\(second)")["count"] == .integer(0))
        #expect(try await search("\"query_text\":\"coffee\",\"as_of\":\(second)")["count"] == .integer(1))
        #expect(try await search("\"query_text\":\"coffee\",\"as_of\":\(first)")["count"] == .integer(0))
        let scrolled = try await server.post("/memories/scroll", "{\"user_id\":7,\"as_of\":\(first)}")
        #expect(scrolled["count"] == .integer(1))

        let history = try await server.send("GET", "/memories/m/history").json
        guard case .array(let versions)? = history["versions"] else { throw Failure.internal("no versions") }
        #expect(versions.map { $0["position"] } == [.integer(second), .integer(first)])
        #expect(versions.map { $0["until_position"] } == [.integer(third), .integer(second)])
        let page = try await server.send("GET", "/memories/m/history?limit=1").json
        #expect(page["next_cursor"] == .integer(second))
        let next = try await server.send("GET", "/memories/m/history?limit=1&cursor=\(second)").json
        guard case .array(let rest)? = next["versions"] else { throw Failure.internal("no versions") }
        #expect(rest.map { $0["version"] } == [.integer(1)] && next["next_cursor"] == .null)
        #expect(try await server.send("GET", "/memories/none/history").status == 404)
        #expect(await server.process.stop() == 0)
    }

    @Test func aUserWhoIsWipedLeavesNoHistory() async throws {
        let server = try await MemoryServer()
        let first = try await Self.put(server, Self.memory("likes tea", "[1,0,0]"))
        _ = try await Self.put(server, Self.memory("likes coffee", "[0,1,0]"))
        let wiped = try await server.send("DELETE", "/memories/user/7")
        #expect(wiped.json["deleted"] == .integer(1))
        #expect(try await server.send("GET", "/memories/m/history").status == 404)
        #expect(try await server.send("GET", "/memories/m?as_of=\(first)").status == 404)
        #expect(await server.process.stop() == 0)
    }
}
