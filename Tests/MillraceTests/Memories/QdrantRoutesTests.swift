import Core
import TestKit
import Testing

/// What of Qdrant's REST API its latest client no longer calls, and how failures are told.
@Suite(.timeLimit(.minutes(5))) struct QdrantRoutesTests {
    private func server() async throws -> MemoryServer {
        let server = try await MemoryServer()
        let made = try await server.send(
            "PUT", "/collections/c", #"{"vectors":{"size":2,"distance":"Dot"},"metadata":{"a":1}}"#)
        #expect(made.status == 200 && made.json["result"] == .bool(true), "\(made.text)")
        let points = (1...4).map { #"{"id":\#($0),"vector":[\#($0),1],"payload":{"n":\#($0)}}"# }
        let put = try await server.send(
            "PUT", "/collections/c/points?wait=true", "{\"points\":[\(points.joined(separator: ","))]}")
        #expect(put.json["result"]?["status"] == .string("completed") && put.json["status"] == .string("ok"))
        return server
    }

    private func ids(_ value: JSONValue?) -> [JSONValue] { (value ?? .null).elements.map { $0["id"] ?? .null } }

    @Test func olderCallsAreServed() async throws {
        let server = try await server()
        let path = "/collections/c/points"
        let search = try await server.post(path + "/search", #"{"vector":[1,0],"limit":2,"with_payload":true}"#)
        #expect(ids(search["result"]) == [.integer(4), .integer(3)])
        #expect(search["result"]?.elements.first?["payload"]?["n"] == .integer(4))
        let batch = try await server.post(
            path + "/search/batch", #"{"searches":[{"vector":[1,0],"limit":1},{"vector":[-1,0],"limit":1}]}"#)
        #expect((batch["result"] ?? .null).elements.map { ids($0) } == [[.integer(4)], [.integer(1)]])
        let like = try await server.post(path + "/recommend", #"{"positive":[4],"negative":[1],"limit":2}"#)
        #expect(ids(like["result"]) == [.integer(3), .integer(2)])
        let one = try await server.send("GET", path + "/3").json["result"]
        #expect(one?["vector"] == .array([.number("3.0"), .number("1.0")]) && one?["payload"]?["n"] == .integer(3))
        #expect(try await server.send("GET", path + "/9").status == 404)
        let patched = try await server.send("PATCH", "/collections/c", #"{"metadata":{"b":2}}"#)
        #expect(patched.json["result"] == .bool(true))
        let metadata = try await server.send("GET", "/collections/c").json["result"]?["config"]?["metadata"]
        #expect(metadata?["a"] == .integer(1) && metadata?["b"] == .integer(2))
        #expect(try await server.send("GET", "/", keyIn: nil).json["version"] == .string("1.20.0"))
        #expect(await server.process.stop() == 0)
    }

    @Test func failuresHaveQdrantsForm() async throws {
        let server = try await server()
        let path = "/collections/c/points"
        let wrong: [(method: String, path: String, body: String?, status: Int, part: String)] = [
            ("GET", "/collections/none", nil, 404, "no collection none"),
            ("PUT", "/collections/c", #"{"vectors":{"size":2,"distance":"Dot"}}"#, 409, "already"),
            ("PUT", "/collections/d", #"{"vectors":{"size":0,"distance":"Dot"}}"#, 400, "/vectors/size"),
            ("PUT", path, #"{"points":[{"id":5,"vector":[1,2,3]}]}"#, 400, "/points/0/vector"),
            ("PUT", path, #"{"points":[{"id":-5,"vector":[1,2]}]}"#, 400, "/points/0/id"),
            ("PUT", path, #"{"points":[{"id":5,"vector":{"indices":[1],"values":[2]}}]}"#, 400, "/points/0/vector"),
            ("POST", path + "/query", #"{"query":[1,2],"filter":{"must":[{"key":"n","nonsense":1}]}}"#, 400, "/filter"),
            ("POST", path + "/query", #"{"query":[1"#, 400, "not valid JSON"),
            ("POST", path + "/payload", #"{"payload":{"a":1},"points":[1,77]}"#, 404, "77"),
        ]
        for (method, path, body, status, part) in wrong {
            let response = try await server.send(method, path, body)
            #expect(response.status == status, "\(path) \(body ?? ""): \(response.text)")
            let text = response.json["status"]?["error"]?.string
            #expect(text?.contains(part) == true && response.json["time"] != nil, "\(response.text)")
        }
        let one = try await server.send("GET", path + "/1").json["result"]?["payload"]
        #expect(one == .object(JSONObject([.init("n", .integer(1))])), "nothing of what failed was done")
        #expect(try await server.send("GET", "/collections", keyIn: nil).status == 401)
        #expect(try await server.send("GET", "/collections", keyIn: "api-key").status == 200)
        #expect(await server.process.stop() == 0)
    }
}
