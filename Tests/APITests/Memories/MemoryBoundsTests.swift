import ChangeLog
import Core
import TestKit
import Testing

/// What is stored can be read again, however many requests made it: else one client could stop the index of all.
@Suite(.timeLimit(.minutes(5))) struct MemoryBoundsTests {
    private static let path = "/collections/c/points"

    /// Expects that a request is refused, with a place in its body.
    private func refuses(
        _ server: LiveServer, _ method: String, _ path: String, _ body: String, at pointer: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await server.send(method, path, body)
        let text = String(decoding: answer.body, as: UTF8.self)
        let status = path.hasPrefix("/collections") ? 400 : 422
        #expect(
            answer.status == status && text.contains(pointer), "\(text.prefix(300))", sourceLocation: sourceLocation)
    }

    /// Expects that a point that is written now is found.
    private func findsWhatIsWritten(
        _ server: LiveServer, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let put = try await server.send("PUT", Self.path, #"{"points": [{"id": 99, "vector": [5, 5]}]}"#)
        #expect(put.status == 200, "\(String(decoding: put.body, as: UTF8.self))", sourceLocation: sourceLocation)
        let found = try await server.send("POST", Self.path + "/query", #"{"query": [5, 5], "limit": 1}"#).json()
        let id = found["result"]?["points"]?.elements.first?["id"]
        #expect(id == .integer(99), sourceLocation: sourceLocation)
    }

    private static func nested(_ depth: Int) -> String {
        String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
    }

    private static func members(_ range: Range<Int>) -> String {
        "{" + range.map { "\"m\($0)\":1" }.joined(separator: ",") + "}"
    }

    private func withPoint(_ engine: TestStore.Engine, _ body: (LiveServer) async throws -> Void) async throws {
        try await MemoryRoutesFixture.withServer(engine) { server in
            let made = try await server.send("PUT", "/collections/c", #"{"vectors": {"size": 2, "distance": "Dot"}}"#)
            #expect(made.status == 200)
            let put = try await server.send("PUT", Self.path, #"{"points": [{"id": 1, "vector": [1, 2]}]}"#)
            #expect(put.status == 200)
            try await body(server)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func payloadsStayReadable(_ engine: TestStore.Engine) async throws {
        try await withPoint(engine) { server in
            let payload = Self.path + "/payload"
            let key = Array(repeating: "a", count: 60).joined(separator: ".")
            try await refuses(
                server, "POST", payload, "{\"payload\":{\"x\":1},\"key\":\"\(key)\",\"points\":[1]}", at: "/payload")
            try await refuses(
                server, "POST", payload, "{\"payload\":\(Self.nested(60)),\"points\":[1]}", at: "/payload")
            try await refuses(
                server, "PUT", Self.path, "{\"points\":[{\"id\":1,\"vector\":[1,2],\"payload\":\(Self.nested(60))}]}",
                at: "/points/0/payload")
            for (range, status) in [(0..<6_000, 200), (6_000..<12_000, 400)] {
                let body = "{\"payload\":\(Self.members(range)),\"points\":[1]}"
                #expect(try await server.send("POST", payload, body).status == status)
            }
            try await findsWhatIsWritten(server)
            let big = String(repeating: "x", count: 9_000_000)
            try await refuses(
                server, "PUT", payload, "{\"payload\":{\"a\":\"\(big)\"},\"points\":[1]}", at: "/payload")
        }
    }

    @Test func memoriesStayReadable() async throws {
        try await withPoint(.sqlite) { server in
            let whole = """
                {"user_id": 7, "category": "c", "key": "k", "value": "v", "source": "s", "created": 1, "updated": 1,
                 "active": true}
                """
            let memory = "{\"point_id\":\"m\",\"vector\":[1,0,0],\"payload\":\(whole)}"
            #expect(try await server.send("POST", "/memories", memory).status == 200)
            try await refuses(server, "PATCH", "/memories/m", Self.nested(64), at: "\"pointer\":\"\"")
            #expect(try await server.send("PATCH", "/memories/m", Self.members(0..<9_990)).status == 200)
            try await refuses(server, "PATCH", "/memories/m", Self.members(9_990..<12_000), at: "\"pointer\":\"\"")
            try await findsWhatIsWritten(server)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func definitionsStayReadable(_ engine: TestStore.Engine) async throws {
        try await withPoint(engine) { server in
            let schema = #"{"type":"keyword","more":"# + Self.nested(60) + "}"
            try await refuses(
                server, "PUT", "/collections/c/index", "{\"field_name\":\"f\",\"field_schema\":\(schema)}",
                at: "/field_schema")
            let long = String(repeating: "n", count: 300)
            for name in [long, "\\u0001"] {
                try await refuses(
                    server, "PUT", "/collections/d", "{\"vectors\":{\"\(name)\":{\"size\":2,\"distance\":\"Dot\"}}}",
                    at: "/vectors/")
            }
            for (range, status) in [(0..<6_000, 200), (6_000..<12_000, 400)] {
                let body = "{\"metadata\":\(Self.members(range))}"
                #expect(try await server.send("PATCH", "/collections/c", body).status == status)
            }
            try await refuses(
                server, "PATCH", "/collections/c", "{\"metadata\":\(Self.nested(60))}", at: "/metadata")
            #expect(try await server.send("GET", "/collections/c").status == 200)
            #expect(try await server.send("GET", "/collections").status == 200)
            try await findsWhatIsWritten(server)
        }
    }

    /// Names are told apart by their bytes, as in the tables, though Swift takes these two for the same text.
    @Test(arguments: TestStore.Engine.allCases)
    func namesThatLookAlikeAreDifferentCollections(_ engine: TestStore.Engine) async throws {
        try await withPoint(engine) { server in
            let (composed, decomposed) = ("/collections/%C3%A9", "/collections/e%CC%81")
            for path in [composed, decomposed] {
                let made = try await server.send("PUT", path, #"{"vectors": {"size": 2, "distance": "Dot"}}"#)
                #expect(made.status == 200)
            }
            let put = try await server.send("PUT", composed + "/points", #"{"points": [{"id": 1, "vector": [1, 2]}]}"#)
            #expect(put.status == 200)
            for (path, count) in [(composed, 1), (decomposed, 0)] {
                let answer = try await server.send("POST", path + "/points/count", "{}").json()
                #expect(answer["result"]?["count"] == .integer(count), "\(path)")
            }
            #expect(try await server.send("DELETE", decomposed).status == 200)
            #expect(try await server.send("GET", composed).status == 200)
        }
    }

    @Test func scoresAreNumbers() async throws {
        try await withPoint(.sqlite) { server in
            try await refuses(
                server, "PUT", Self.path, #"{"points": [{"id": 2, "vector": [1e38, 1e38]}]}"#, at: "/points/0/vector")
            try await refuses(server, "POST", Self.path + "/query", #"{"query": [3e38, 3e38]}"#, at: "/query")
        }
    }
}
