import Core
import Foundation
import TestKit
import Testing

/// The API of memories and documents on a real server: what a client of the service that it replaces sends and reads.
@Suite(.timeLimit(.minutes(5))) struct MemoryAPITests {
    private static func memory(
        _ id: String, _ vector: String, user: Int, _ value: String = "likes tea", active: Bool = true,
        created: Int = 5
    ) -> String {
        """
        {"point_id":"\(id)","vector":\(vector),"payload":{"user_id":\(user),"category":"taste","key":"drink",\
        "value":"\(value)","source":"chat","message_id":null,"created":\(created),"updated":5,"active":\(active)}}
        """
    }

    private static func document(_ id: String, _ vector: String, user: Int) -> String {
        """
        {"point_id":"\(id)","vector":\(vector),"payload":{"user_id":\(user),"file_id":1,"group_key":"g","file_type":1,\
        "chunk_index":0,"start_line":1,"end_line":2,"text":"t","created":1}}
        """
    }

    private func ids(_ answer: JSONObject, _ list: String = "results") -> [String] {
        (answer[list] ?? .null).elements.compactMap { $0["id"]?.string }
    }

    @Test func memoriesAreFoundByTheirUserOnly() async throws {
        let service = try await MemoryServer()
        let stored = try await service.post("/memories", Self.memory("mem_7_1", "[1,0,0]", user: 7))
        #expect(stored["success"] == .bool(true) && stored["point_id"] == .string("mem_7_1"))
        let batch = [
            Self.memory("mem_7_2", "[0.9,0.1,0]", user: 7, "drinks coffee", created: 9),
            Self.memory("mem_7_3", "[1,0,0]", user: 7, active: false), Self.memory("mem_8_1", "[1,0,0]", user: 8),
            Self.memory("mem_7_4", "\"AACAPwAAAAAAAAAA\"", user: 7, "base64"),
        ]
        let answer = try await service.post("/memories/batch", "{\"points\":[\(batch.joined(separator: ","))]}")
        #expect(answer["success_count"] == .integer(4) && answer["failed_count"] == .integer(0))
        #expect(answer["errors"] == nil)
        let found = try await service.post("/memories/search", #"{"user_id":7,"query_vector":[1,0,0]}"#)
        #expect(ids(found) == ["mem_7_1", "mem_7_4", "mem_7_2"] || ids(found) == ["mem_7_4", "mem_7_1", "mem_7_2"])
        #expect(found["count"] == .integer(3))
        let strict = try await service.post(
            "/memories/search", #"{"user_id":7,"query_vector":[1,0,0],"min_score":0.999,"limit":1}"#)
        #expect(ids(strict).count == 1)
        let words = try await service.post("/memories/search", #"{"user_id":7,"query_text":"COFFEE"}"#)
        #expect(ids(words) == ["mem_7_2"])
        let late = try await service.post("/memories/scroll", #"{"user_id":7,"created_after":6}"#)
        #expect(ids(late, "memories") == ["mem_7_2"])
        let first = try await service.post("/memories/scroll", #"{"user_id":7,"limit":2}"#)
        #expect(ids(first, "memories") == ["mem_7_1", "mem_7_2"] && first["next_cursor"] == .string("mem_7_4"))
        let second = try await service.post("/memories/scroll", #"{"user_id":7,"limit":2,"cursor":"mem_7_4"}"#)
        #expect(ids(second, "memories") == ["mem_7_4"] && second["next_cursor"] == .null)
        let patched = try await service.send("PATCH", "/memories/mem_7_3", #"{"active":true,"note":"back"}"#)
        #expect(patched.status == 200 && patched.text.contains(#""note":"back""#), "\(patched.text)")
        let wiped = try await service.send("DELETE", "/memories/user/7")
        #expect(wiped.json["deleted"] == .integer(4), "\(wiped.text)")
        #expect(try await service.send("GET", "/memories/mem_7_1").status == 404)
        #expect(try await service.send("GET", "/memories/mem_8_1").json["id"] == .string("mem_8_1"))
        #expect(await service.process.stop() == 0)
    }

    @Test func everythingOfAUserGoesAtOnce() async throws {
        let service = try await MemoryServer()
        for (path, body) in [
            ("/memories", Self.memory("a", "[1,0,0]", user: 7)), ("/memories", Self.memory("b", "[1,0,0]", user: 8)),
            ("/memories", Self.memory("c", "[1,0,0]", user: 7).dropLast() + #","namespace":"work"}"#),
            ("/documents", Self.document("d", "[1,0,0]", user: 7)),
            ("/documents", Self.document("e", "[1,0,0]", user: 8)),
        ] {
            let stored = try await service.send("POST", path, body)
            #expect(stored.status == 200, "\(stored.text)")
        }
        _ = try await service.send("PUT", "/collections/other", #"{"vectors":{"size":1,"distance":"Dot"}}"#)
        let both = try await service.send("DELETE", "/memories/user/7?everything=true&namespace=work")
        #expect(both.status == 422, "\(both.text)")
        let wiped = try await service.send("DELETE", "/memories/user/7?everything=true")
        #expect(wiped.json["deleted"] == .integer(3), "\(wiped.text)")
        for (path, status) in [
            ("/memories/a", 404), ("/memories/b", 200), ("/memories/c?namespace=work", 404), ("/documents/d", 404),
            ("/documents/e", 200), ("/memories/c/history?namespace=work", 404),
        ] {
            #expect(try await service.send("GET", path).status == status, "\(path)")
        }
        #expect(await service.process.stop() == 0)
    }

    @Test func whatIsWrongIsNamedAndNothingIsStored() async throws {
        let service = try await MemoryServer()
        let good = Self.memory("a", "[1,0,0]", user: 1)
        let wrong = [
            "{\"points\":[\(good),\(Self.memory("b", "[1,0]", user: 1))]}": "/points/1/vector",
            "{\"points\":[\(good),\(Self.memory("b", "[0,0,0]", user: 1))]}": "/points/1/vector",
            "{\"points\":[\(good),\(Self.memory("b", "[1,1e40,0]", user: 1))]}": "/points/1/vector/1",
            "{\"points\":[\(good),\(good)]}": "/points/1/point_id", "{\"points\":[]}": "/points",
            "{\"points\":[\(good.replacing("\"drink\"", with: "7"))]}": "/points/0/payload/key",
            "{\"points\":[\(good.replacing("\"user_id\":1,", with: ""))]}": "/points/0/payload/user_id",
        ]
        for (body, pointer) in wrong {
            let response = try await service.send("POST", "/memories/batch", body)
            #expect(response.status == 422, "\(body): \(response.text)")
            #expect(response.text.contains("\"pointer\":\"\(pointer)\""), "\(body): \(response.text)")
        }
        #expect(try await service.send("GET", "/memories/a").status == 404)
        let nan = try await service.send("POST", "/memories", Self.memory("b", "[NaN,0,0]", user: 1))
        #expect(nan.status == 400 && nan.code == "malformed_json")
        let bad = [
            #"{"user_id":1}"#, #"{"user_id":1,"query_vector":[1,0,0],"limit":101}"#,
            #"{"user_id":1,"query_vector":[1,0,0],"min_score":1.5}"#, #"{"query_vector":[1,0,0]}"#,
            #"{"user_id":1,"query_vector":[1,0,0],"namespace":"a/b"}"#,
        ]
        for body in bad {
            #expect(try await service.send("POST", "/memories/search", body).status == 422, "\(body)")
        }
        #expect(await service.process.stop() == 0)
    }

    @Test func documentsAreCountedTruly() async throws {
        let service = try await MemoryServer()
        let documents = (0..<6).map { number in
            """
            {"point_id":"doc_\(number)","vector":[1,\(number),0],"payload":{"user_id":1,"file_id":\(number % 2),\
            "group_key":"g\(number % 3)","file_type":1,"chunk_index":\(number),"start_line":1,"end_line":2,\
            "text":"part \(number)","created":1}}
            """
        }
        _ = try await service.post("/documents/batch", "{\"documents\":[\(documents.joined(separator: ","))]}")
        let statistics = try await service.send("GET", "/documents/stats/1").json
        #expect(statistics["total_chunks"] == .integer(6) && statistics["total_groups"] == .integer(3))
        #expect(statistics["chunks_by_group"]?["g0"] == .integer(2))
        #expect(try await service.send("GET", "/documents/groups/1").text == #"["g0","g1","g2"]"#)
        #expect(
            try await service.send("POST", "/documents/files-by-group", #"{"user_id":1,"group_key":"g0"}"#).text
                == #"{"files":{"0":1,"1":1}}"#)
        let one = try await service.send("GET", "/documents/doc_0").json
        #expect(one["score"] != nil && one["vector"]?.elements.count == 3)
        let moved = try await service.send(
            "POST", "/documents/update-group-key", #"{"user_id":1,"file_id":1,"new_group_key":"new"}"#)
        #expect(moved.text == "3")
        let removed = try await service.send("POST", "/documents/delete-by-group", #"{"user_id":1,"group_key":"new"}"#)
        #expect(removed.text == "3")
        #expect(try await service.send("POST", "/documents/delete-by-file", #"{"user_id":1,"file_id":1}"#).text == "0")
        #expect(try await service.send("DELETE", "/documents/user/1").text == "3")
        #expect(try await service.send("GET", "/documents/stats/1").json["total_chunks"] == .integer(0))
        #expect(await service.process.stop() == 0)
    }

    @Test func oneByOneAndInNamespaces() async throws {
        let service = try await MemoryServer()
        let ending = Self.memory("a", "[1,0,0]", user: 1).dropLast() + #","expires_at":"2001-01-01T00:00:00Z"}"#
        _ = try await service.post("/memories", String(ending))
        #expect(try await service.send("GET", "/memories/a").status == 404, "its time has come")
        let named = Self.memory("b", "[1,0,0]", user: 1).dropLast() + #","namespace":"other"}"#
        _ = try await service.post("/memories", String(named))
        #expect(try await service.send("GET", "/memories/b").status == 404)
        #expect(try await service.send("GET", "/memories/b?namespace=other").status == 200)
        let information = try await service.send("GET", "/collection/info?namespace=other").json
        #expect(information["status"] == .string("green") && information["points_count"] == .integer(1))
        #expect(information["vectors_count"] == .integer(1) && information["indexed_vectors_count"] == .integer(1))
        let deleted = try await service.send("DELETE", "/memories/b?namespace=other").json
        #expect(deleted["success"] == .bool(true) && deleted["point_id"] == .string("b"))
        #expect(try await service.send("GET", "/memories/b?namespace=other").status == 404)
        #expect(try await service.send("DELETE", "/memories/b?namespace=other").status == 200)
        let capabilities = try await service.send("GET", "/capabilities")
        #expect(capabilities.json["vector_dimension"] == .integer(3))
        #expect(capabilities.json["embedding"]?["supported"] == .bool(false))
        #expect(capabilities.headers["cache-control"] == "public, max-age=30")
        let served = try await service.send("GET", "/service/info").json
        #expect(served["status"] == .string("healthy") && served["collection"]?["points_count"] != nil)
        let document = """
            {"point_id":"d","vector":[0,1,0],"payload":{"user_id":1,"file_id":2,"group_key":"g","file_type":1,\
            "chunk_index":0,"start_line":1,"end_line":2,"text":"about mills","created":1}}
            """
        #expect(try await service.send("POST", "/documents", document).text.isEmpty)
        let found = try await service.send("POST", "/documents/search", #"{"user_id":1,"vector":[0,1,0]}"#)
        #expect(found.text.hasPrefix(#"[{"id":"d","score":1.0,"payload":{"#), "\(found.text)")
        let others = try await service.send(
            "POST", "/documents/search", #"{"user_id":1,"group_key":"h","query_text":"mills","vector":[0,1,0]}"#)
        #expect(others.text == "[]")
        #expect(try await service.send("DELETE", "/documents/d").status == 200)
        #expect(try await service.send("GET", "/documents/d").status == 404)
        #expect(await service.process.stop() == 0)
    }
}
