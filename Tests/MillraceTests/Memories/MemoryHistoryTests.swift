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

    /// Neither a restore nor a deletion makes that anybody is told of a past that was not so.
    @Test func aPastThatIsNotKnownIsRefused() async throws {
        let server = try await MemoryServer()
        let first = try await Self.put(server, Self.memory("likes tea", "[1,0,0]"))
        let made = try await server.post("/collections/user_memories/snapshots", "{}")
        let name = try #require(made["result"]?["name"]?.string)
        _ = try await Self.put(server, Self.memory("likes coffee", "[0,1,0]"))
        let recovery = try await server.send(
            "PUT", "/collections/user_memories/snapshots/recover", "{\"location\":\"\(name)\"}")
        let restored = try #require(recovery.headers["millrace-position"].flatMap { Int64($0) })

        func expectGone(_ oldest: Int64) async throws {
            let past = "{\"user_id\":7,\"as_of\":\(first)"
            for answer in [
                try await server.send("GET", "/memories/m?as_of=\(first)"),
                try await server.send("POST", "/memories/search", past + ",\"query_text\":\"tea\"}"),
                try await server.send("POST", "/memories/scroll", past + "}"),
            ] {
                #expect(answer.status == 404 && answer.json["code"] == .string("history_gone"), "\(answer.text)")
                #expect(answer.json["oldest_position"] == .integer(oldest))
            }
        }
        try await expectGone(restored)
        let then = try await server.send("GET", "/memories/m?as_of=\(restored)")
        #expect(then.json["payload"]?["value"] == .string("likes tea"))

        let deletion = try await server.send("DELETE", "/collections/user_memories")
        let deleted = try #require(deletion.headers["millrace-position"].flatMap { Int64($0) })
        try await expectGone(deleted)
        func scroll(_ members: String) async throws -> (status: Int, text: String) {
            let answer = try await server.send("POST", "/memories/scroll", "{\"user_id\":7,\(members)}")
            return (answer.status, answer.text)
        }
        #expect(try await scroll("\"as_of\":\(deleted)").status == 200, "there was nothing then")
        #expect(try await scroll("\"namespace\":\"never\",\"as_of\":\(first)").status == 200)
        let early = try await scroll("\"namespace\":\"never\",\"as_of\":\(deleted + 1_000_000)")
        #expect(early.status == 422 && early.text.contains("as_of"))
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
