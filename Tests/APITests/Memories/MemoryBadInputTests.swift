import Core
import TestKit
import Testing

/// What is wrong in a request about memories or documents is refused with its place, and nothing of it is done.
@Suite(.timeLimit(.minutes(5))) struct MemoryBadInputTests {
    private static let memory = """
        "payload":{"user_id":1,"category":"c","key":"k","value":"v","source":"s","created":1,"updated":1,"active":true}
        """
    private static let document = """
        "payload":{"user_id":1,"file_id":1,"group_key":"g","file_type":1,"chunk_index":0,"start_line":1,"end_line":2,\
        "text":"t","created":1}
        """

    /// What of a memory is wrong, in place of its id and vector, and where.
    private static let wrong: [(members: String, place: String)] = [
        (#""point_id":"","vector":[1,0,0]"#, "/point_id"), (#""point_id":7,"vector":[1,0,0]"#, "/point_id"),
        (#""point_id":null,"vector":[1,0,0]"#, "/point_id"), (#""vector":[1,0,0]"#, "/point_id"),
        ("\"point_id\":\"\(String(repeating: "i", count: 1_025))\",\"vector\":[1,0,0]", "/point_id"),
        (#""point_id":"b","vector":[]"#, "/vector"), (#""point_id":"b","vector":[1,0]"#, "/vector"),
        (#""point_id":"b","vector":[1,0,0,0]"#, "/vector"), (#""point_id":"b","vector":[0,0,0]"#, "/vector"),
        (#""point_id":"b","vector":[1,0,"0"]"#, "/vector/2"), (#""point_id":"b","vector":[1,1e400,0]"#, "/vector/1"),
        (#""point_id":"b","vector":"AACAPwAAAAA=""#, "/vector"), (#""point_id":"b","vector":"AAA""#, "/vector"),
        (#""point_id":"b","vector":"AADAfwAAAAAAAAAA""#, "/vector/0"), (#""point_id":"b","vector":{"a":1}"#, "/vector"),
        (#""point_id":"b","vector":[1,0,0],"expires_at":"soon""#, "/expires_at"),
        (#""point_id":"b","vector":[1,0,0],"more":1"#, "/more"),
    ]

    @Test(arguments: TestStore.Engine.allCases)
    func nothingOfABatchWithSomethingWrongIsStored(_ engine: TestStore.Engine) async throws {
        try await MemoryRoutesFixture.withServer(engine) { server in
            let kinds = [("/memories", "points", Self.memory), ("/documents", "documents", Self.document)]
            for (path, list, payload) in kinds {
                for (members, place) in Self.wrong {
                    try await refuses(server, path, "{\(members),\(payload)}", place)
                    let good = "{\"point_id\":\"a\",\"vector\":[1,0,0],\(payload)}"
                    let batch = "{\"\(list)\":[\(good),{\(members),\(payload)}]}"
                    try await refuses(server, path + "/batch", batch, "/\(list)/1" + place)
                }
                let numbers = ["1.5", "\"1\"", "9223372036854775808", "null", "true", "1e999", "[]"]
                for number in numbers {
                    let body = "{\"point_id\":\"a\",\"vector\":[1,0,0],\(payload)}"
                        .replacing("\"user_id\":1", with: "\"user_id\":\(number)")
                    try await refuses(server, path, body, "/payload/user_id")
                }
                #expect(try await server.send("GET", path + "/a").status == 404)
            }
            #expect(try await server.send("GET", "/collection/info").json()["points_count"] == .integer(0))
        }
    }

    @Test func questionsThatCannotBeAnsweredAreRefused() async throws {
        try await MemoryRoutesFixture.withServer(.sqlite) { server in
            let stored = try await server.send(
                "POST", "/memories", "{\"point_id\":\"a\",\"vector\":[1,0,0],\(Self.memory)}")
            #expect(stored.status == 200)
            let part = try await server.send(
                "POST", "/documents", "{\"point_id\":\"a\",\"vector\":[1,0,0],\(Self.document)}")
            #expect(part.status == 200)
            for (path, name) in [("/memories/search", "query_vector"), ("/documents/search", "vector")] {
                let wrong = [
                    "\"\(name)\":[1,0]": "/\(name)", "\"\(name)\":[0,0,0]": "/\(name)",
                    "\"\(name)\":[1,0,1e39]": "/\(name)/2", "\"\(name)\":\"AAA\"": "/\(name)",
                    "\"\(name)\":[1,0],\"query_text\":\"v\"": "/\(name)", "\"\(name)\":null": "/\(name)",
                    "\"query_text\":\"\"": "/query_text", "\"query_text\":5": "/query_text",
                    "\"query_text\":\"v\",\"limit\":0": "/limit", "\"query_text\":\"v\",\"limit\":-5": "/limit",
                    "\"query_text\":\"v\",\"limit\":1000000000": "/limit",
                    "\"query_text\":\"v\",\"min_score\":1e999": "/min_score",
                    "\"query_text\":\"v\",\"created_after\":9223372036854775808": "/created_after",
                    "\"query_text\":\"v\",\"created_after\":2,\"created_before\":1": "/created_before",
                    "\"query_text\":\"v\",\"filter\":{}": "/filter",
                    "\"query_text\":\"v\",\"mode\":\"near\"": "/mode", "\"query_text\":\"v\",\"mode\":5": "/mode",
                    "\"query_text\":\"v\",\"mode\":\"hybrid\"": "/mode",
                    "\"\(name)\":[1,0,0],\"mode\":\"words\"": "/query_text",
                    "\"query_text\":\"v\",\"as_of\":0": "/as_of", "\"query_text\":\"v\",\"as_of\":\"1\"": "/as_of",
                    "\"query_text\":\"v\",\"as_of\":9223372036854775807": "/as_of",
                    "\"query_text\":\"v\",\"as_of\":9223372036854775808": "/as_of",
                ]
                for (members, place) in wrong {
                    try await refuses(server, path, "{\"user_id\":1,\(members)}", place)
                }
                try await refuses(server, path, "{\"query_text\":\"v\"}", "/user_id")
            }
            let scroll = [
                #"{"user_id":1,"limit":10001}"#: "/limit", #"{"user_id":1,"cursor":""}"#: "/cursor",
                #"{"user_id":1,"as_of":-1}"#: "/as_of", #"{"user_id":1,"as_of":9223372036854775807}"#: "/as_of",
                #"{"user_id":1,"cursor":5}"#: "/cursor", #"{"user_id":1,"namespace":"../b"}"#: "/namespace",
            ]
            for (body, place) in scroll { try await refuses(server, "/memories/scroll", body, place) }
            for path in ["/documents/delete-by-file", "/documents/delete-by-group", "/documents/update-group-key"] {
                try await refuses(server, path, #"{"user_id":"1"}"#, "/user_id")
            }
            #expect(try await server.send("GET", "/documents/a").status == 200)
        }
    }

    private func refuses(
        _ server: LiveServer, _ path: String, _ body: String, _ place: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await server.send("POST", path, body)
        let told = "\(path) \(body.prefix(200))"
        #expect(answer.status == 422, "\(told)", sourceLocation: sourceLocation)
        let pointers = (try answer.json()["errors"] ?? .null).elements.compactMap { $0["pointer"]?.string }
        #expect(pointers.contains(place), "\(told): \(pointers)", sourceLocation: sourceLocation)
    }
}
