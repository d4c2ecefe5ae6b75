import Core
import TestKit
import Testing

/// A real server that has texts turned into vectors by an endpoint over HTTP.
@Suite(.timeLimit(.minutes(5))) struct EmbeddingFlowTests {
    private func server(
        _ endpoint: WebhookReceiver, _ settings: [String: String] = [:]
    ) async throws -> MemoryServer {
        let own = [
            "memories.dimensions": "\(EmbeddingEndpoint.dimensions)", "embedding.url": endpoint.url("/v1"),
            "embedding.model": "letters", "embedding.api_key": "sk-1",
        ]
        return try await MemoryServer(own.merging(settings) { $1 })
    }

    private func endpoint() async throws -> WebhookReceiver {
        try await WebhookReceiver { EmbeddingEndpoint.answer($0) }
    }

    private static func memory(_ id: String, _ key: String, _ value: String, vector: [Float]? = nil) -> String {
        let vector = vector.map { #""vector":[\#($0.map(\.description).joined(separator: ","))],"# } ?? ""
        return """
            {"point_id":"\(id)",\(vector)"payload":{"user_id":7,"category":"taste","key":"\(key)",\
            "value":"\(value)","source":"chat","created":5,"updated":5,"active":true}}
            """
    }

    private static func document(_ id: String, _ text: String) -> String {
        """
        {"point_id":"\(id)","payload":{"user_id":7,"file_id":1,"group_key":"g","file_type":1,"chunk_index":0,\
        "start_line":1,"end_line":2,"text":"\(text)","created":1}}
        """
    }

    private func texts(_ endpoint: WebhookReceiver) -> [[String]] {
        endpoint.requests.map { EmbeddingEndpoint.texts(of: $0) }
    }

    private func ids(_ answer: JSONObject) -> [String] {
        (answer["results"] ?? .null).elements.compactMap { $0["id"]?.string }
    }

    private func search(_ server: MemoryServer, _ members: String) async throws -> [String] {
        ids(try await server.post("/memories/search", #"{"user_id":7,"min_score":0.4,\#(members)}"#))
    }

    @Test func memoriesAreFoundByTheirMeaning() async throws {
        let endpoint = try await endpoint()
        let server = try await server(endpoint)
        _ = try await server.post("/memories", Self.memory("tea", "drink", "tea"))
        #expect(texts(endpoint) == [["drink: tea"]])
        #expect(endpoint.requests[0]["authorization"] == "Bearer sk-1")
        let ones = [Float](repeating: 1, count: EmbeddingEndpoint.dimensions)
        let batch = [
            Self.memory("run", "sport", "running"),
            Self.memory("own", "own", "x", vector: ones),
            Self.memory("void", "zebra", ""),
        ]
        _ = try await server.post("/memories/batch", "{\"points\":[\(batch.joined(separator: ","))]}")
        #expect(texts(endpoint).last == ["sport: running", "zebra"], "a vector that is sent is not asked for")
        // No word of these is in the memory; by its letters it is near.
        #expect(try await search(server, #""query_text":"tisane","mode":"words""#).isEmpty)
        #expect(try await search(server, #""query_text":"tisane","mode":"vector""#) == ["tea"])
        #expect(try await search(server, #""query_text":"tisane""#) == ["tea"], "both, if nothing is said")
        #expect(try await search(server, #""query_text":"running dogs","mode":"hybrid""#) == ["run", "tea"])
        #expect(endpoint.count == 4, "words alone need no vector, and tisane is known by then")
        let vector = EmbeddingEndpoint.vector(of: "sport").map(\.description).joined(separator: ",")
        let own = #""query_text":"tea","query_vector":[\#(vector)]"#
        #expect(Set(try await search(server, own)) == ["run", "tea"])
        #expect(try await search(server, own + #","mode":"vector""#) == ["run"])
        #expect(try await search(server, own + #","mode":"words""#) == ["tea"])
        #expect(endpoint.count == 4)
        #expect(await server.process.stop() == 0)
    }

    @Test func documentsAreFoundByTheirMeaning() async throws {
        let endpoint = try await endpoint()
        let server = try await server(endpoint)
        #expect(try await server.send("POST", "/documents", Self.document("a", "wind mills")).status == 200)
        let batch = [Self.document("b", "tall towers"), Self.document("c", "wind mills")]
        _ = try await server.post("/documents/batch", "{\"documents\":[\(batch.joined(separator: ","))]}")
        #expect(texts(endpoint) == [["wind mills"], ["tall towers"]])
        let found = try await server.send(
            "POST", "/documents/search", #"{"user_id":7,"query_text":"windy meadows","mode":"vector"}"#)
        #expect(found.text.contains(#""id":"a""#) && found.text.contains(#""id":"c""#), "\(found.text)")
        #expect(!found.text.contains(#""id":"b""#))
        let blank = try await server.send("POST", "/documents", Self.document("d", " "))
        #expect(blank.status == 422 && blank.text.contains(#""pointer":"/payload/text""#), "\(blank.text)")
        #expect(await server.process.stop() == 0)
    }

    @Test func aPatchOfTheTextMakesTheVectorAnew() async throws {
        let endpoint = try await endpoint()
        let server = try await server(endpoint)
        let own = [Float](repeating: 1, count: 26)
        _ = try await server.post("/memories", Self.memory("tea", "drink", "tea"))
        _ = try await server.post("/memories", Self.memory("own", "drink", "tea", vector: own))
        #expect(try await server.send("PATCH", "/memories/tea", #"{"active":true,"note":"x"}"#).status == 200)
        #expect(endpoint.count == 1, "the text is the same")
        for id in ["tea", "own"] {
            #expect(try await server.send("PATCH", "/memories/\(id)", #"{"value":"milk"}"#).status == 200)
        }
        #expect(texts(endpoint) == [["drink: tea"], ["drink: milk"]])
        #expect(try await search(server, #""query_text":"tisane","mode":"vector""#).isEmpty)
        let found = try await server.post(
            "/memories/search", #"{"user_id":7,"min_score":0,"query_text":"drink: milk","mode":"vector"}"#)
        let scores = (found["results"] ?? .null).elements.map { ($0["id"]?.string, $0["score"]) }
        #expect(scores.map(\.0) == ["tea", "own"])
        guard case .number(let score)? = scores.first?.1 else { throw Failure.notFound("score", "of tea") }
        #expect((Double(score) ?? 0) > 0.999, "a vector that the client made stays")
        #expect(try await server.send("PATCH", "/memories/none", #"{"value":"milk"}"#).status == 404)
        #expect(await server.process.stop() == 0)
    }

    @Test func aPatchOfATextThatIsNoMoreIsRefused() async throws {
        let endpoint = try await endpoint()
        let server = try await server(endpoint)
        let own = [Float](repeating: 1, count: EmbeddingEndpoint.dimensions)
        _ = try await server.post("/memories", Self.memory("tea", "drink", "tea"))
        endpoint.answer { EmbeddingEndpoint.answer($0, after: .seconds(2)) }
        let patch = Task { try await server.send("PATCH", "/memories/tea", #"{"value":"milk"}"#) }
        try await endpoint.waitForRequests(2)
        _ = try await server.post("/memories", Self.memory("tea", "drink", "water", vector: own))
        let answer = try await patch.value
        #expect(answer.status == 409 && answer.code == "memory_changed", "\(answer.text)")
        #expect(try await server.send("GET", "/memories/tea").text.contains("water"))
        #expect(await server.process.stop() == 0)
    }

    @Test func failuresSayWhatToDo() async throws {
        let endpoint = try await endpoint()
        let server = try await server(endpoint, ["embedding.timeout": "1500"])
        endpoint.answer { EmbeddingEndpoint.answer($0, dimensions: 5) }
        let wrong = try await server.send("POST", "/memories", Self.memory("a", "b", "c"))
        #expect(wrong.status == 502 && wrong.code == "embedding_dimensions_differ", "\(wrong.text)")
        endpoint.answer { _ in .status(429, headers: [("retry-after", "9")]) }
        let busy = try await server.send("POST", "/memories", Self.memory("a", "b", "d"))
        #expect(busy.status == 503 && busy.headers["retry-after"] == "9", "\(busy.text)")
        endpoint.answer { _ in .silence }
        let slow = try await server.send("POST", "/memories/search", #"{"user_id":7,"query_text":"e"}"#)
        #expect(slow.status == 504 && slow.code == "embedding_timeout", "\(slow.text)")
        endpoint.answer { request in EmbeddingEndpoint.answer(request) { _ in false } }
        let refused = try await server.send("POST", "/memories", Self.memory("a", "b", "f"))
        #expect(refused.status == 422 && refused.code == "text_refused", "\(refused.text)")
        #expect(try await server.send("GET", "/memories/a").status == 404, "nothing of it is stored")
        let metrics = try await server.send("GET", "/metrics").text
        for code in ["embedding_dimensions_differ", "embedding_unavailable", "embedding_timeout", "text_refused"] {
            #expect(metrics.contains(#"embedding_failures_total{code="\#(code)"} 1"#), "\(code)")
        }
        #expect(await server.process.stop() == 0)
        #expect(!server.process.log.contains("sk-1"))
    }

    @Test func aSlowEndpointHoldsUpNobodyElse() async throws {
        let endpoint = try await WebhookReceiver { EmbeddingEndpoint.answer($0, after: .seconds(4)) }
        let server = try await server(endpoint, ["storage.readers": "1", "embedding.concurrency": "1"])
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await server.send("POST", "/memories", Self.memory("m\(number)", "a", "tea \(number)")).status
                }
            }
            for number in 0..<5 {
                let body = #"{"user_id":7,"query_text":"tea leaves \#(number)"}"#
                group.addTask { try await server.send("POST", "/memories/search", body).status }
            }
            try await endpoint.waitForRequests(1)
            let start = ContinuousClock.now
            let vector = [Float](repeating: 1, count: 26)
            _ = try await server.post("/memories", Self.memory("own", "a", "b", vector: vector))
            #expect(try await server.send("GET", "/memories/own").status == 200)
            #expect(ContinuousClock.now - start < .seconds(3))
            for try await status in group { #expect(status == 200) }
        }
        #expect(texts(endpoint).map(\.count).reduce(0, +) == 25 && endpoint.count <= 4)
        #expect(await server.process.stop() == 0)
    }

    @Test func theServerEndsThoughTheEndpointIsSilent() async throws {
        let endpoint = try await WebhookReceiver { _ in .silence }
        let server = try await server(endpoint, ["embedding.timeout": "600000", "api.drain_timeout": "500"])
        let request = Task { try await server.send("POST", "/memories", Self.memory("a", "drink", "tea")).status }
        try await endpoint.waitForRequests(1)
        let start = ContinuousClock.now
        #expect(await server.process.stop() == 0)
        #expect(ContinuousClock.now - start < .seconds(10))
        // Whether it is told in time or cut off, it is not told that the memory is stored.
        if case .success(let status) = await request.result { #expect(status == 503) }
    }

    @Test(arguments: [true, false])
    func graphsShareTheEndpointIfTheyAreTo(_ isOn: Bool) async throws {
        let endpoint = try await endpoint()
        let settings = [
            "knowledge.dimensions": "\(EmbeddingEndpoint.dimensions)", "knowledge.embedding": "\(isOn)",
            "knowledge.embedding_patience": "60000",
        ]
        let server = try await server(endpoint, settings)
        _ = try await server.post("/memories", Self.memory("tea", "drink", "tea"))
        let node = try await server.send("PUT", "/graph/nodes/tea", #"{"name":"drink: tea"}"#)
        #expect(node.status == 201 && (node.json["embedding_dimensions"] == .null) == !isOn, "\(node.text)")
        #expect(texts(endpoint) == [["drink: tea"]], "what is known of one role is known of the other")
        let found = try await server.post("/search", #"{"query":"drain time"}"#)
        #expect((found["nodes"] ?? .null).elements.count == (isOn ? 1 : 0))
        #expect(await server.process.stop() == 0)
    }

    @Test func whatIsToldIsTrue() async throws {
        let endpoint = try await endpoint()
        let server = try await server(endpoint)
        let embedding = try await server.send("GET", "/capabilities").json["embedding"]
        #expect(embedding?["supported"] == .bool(true) && embedding?["backend"] == .string("openai"))
        #expect(embedding?["model"] == .string("letters") && embedding?["vector_dimension"] == .integer(26))
        let service = try await server.send("GET", "/service/info").json
        #expect(service["embedding"]?["model"] == .string("letters"))
        #expect(await server.process.stop() == 0)
        let without = try await MemoryServer()
        let none = try await without.send("GET", "/capabilities").json["embedding"]
        #expect(none?["supported"] == .bool(false) && none?["model"] == .null)
        #expect(await without.process.stop() == 0)
    }

    @Test func withoutAnEndpointTextsAreFoundByTheirWords() async throws {
        let server = try await MemoryServer()
        _ = try await server.post("/memories", Self.memory("tea", "drink", "tea"))
        let batch = [Self.memory("run", "sport", "running"), Self.memory("cup", "likes", "a cup", vector: [1, 0, 0])]
        _ = try await server.post("/memories/batch", "{\"points\":[\(batch.joined(separator: ","))]}")
        _ = try await server.post("/documents", Self.document("part", "leaves of tea"))
        #expect(try await search(server, #""query_text":"tea""#) == ["tea"])
        #expect(try await search(server, #""query_text":"running","mode":"words""#) == ["run"])
        #expect(try await search(server, #""query_vector":[1,0,0]"#) == ["cup"])
        #expect(try await search(server, #""query_text":"running","query_vector":[1,0,0]"#).sorted() == ["cup", "run"])
        let found = try await server.send("POST", "/documents/search", #"{"user_id":7,"query_text":"leaves"}"#)
        #expect(found.text.contains(#""id":"part""#), "\(found.text)")
        #expect(try await server.send("GET", "/documents/part").json["vector"] == .array([]))
        let info = try await server.send("GET", "/collection/info").json
        #expect(info["points_count"] == .integer(3) && info["vectors_count"] == .integer(1))
        for mode in ["vector", "hybrid"] {
            let body = #"{"user_id":7,"query_text":"tea","mode":"\#(mode)"}"#
            let response = try await server.send("POST", "/memories/search", body)
            #expect(response.status == 422 && response.text.contains("embedding.url"), "\(response.text)")
            #expect(response.text.contains(#""pointer":"/mode""#), "\(response.text)")
        }
        let mode = try await server.send(
            "POST", "/memories/search", #"{"user_id":7,"query_vector":[1,0,0],"mode":"words"}"#)
        #expect(mode.status == 422 && mode.text.contains(#""pointer":"/query_text""#))
        #expect(await server.process.stop() == 0)
    }

    @Test func importedTextsGetTheirVectors() async throws {
        let endpoint = try await endpoint()
        let server = try await server(endpoint)
        let ones = [Float](repeating: 1, count: EmbeddingEndpoint.dimensions)
        let lines = [
            Self.memory("tea", "drink", "tea"), Self.memory("own", "own", "x", vector: ones),
            Self.memory("blank", " ", ""), Self.memory("run", "sport", "running"),
        ]
        let result = try await server.run("import", "memories", "-", input: lines.joined(separator: "\n"))
        #expect(result.status == 1 && result.output.hasPrefix("4 rows read, 3 written"), "\(result.output)")
        #expect(result.errors.contains("line 3: payload/key: "), "\(result.errors)")
        #expect(texts(endpoint).last == ["drink: tea", "sport: running"])
        #expect(try await search(server, #""query_text":"tea","mode":"vector","limit":1"#) == ["tea"])
        #expect(try await server.send("GET", "/collection/info").json["vectors_count"] == .integer(3))
        #expect(await server.process.stop() == 0)
    }

    /// A memory that was stored before there was an endpoint gets its vector once its text changes.
    @Test func aPatchGivesAVectorToAMemoryThatHasNone() async throws {
        let endpoint = try await endpoint()
        let size = ["memories.dimensions": "\(EmbeddingEndpoint.dimensions)"]
        let before = try await MemoryServer(size)
        _ = try await before.post("/memories", Self.memory("a", "drink", "tea"))
        let after = try await before.restarted(size.merging(["embedding.url": endpoint.url("/v1")]) { $1 })
        #expect(try await after.send("GET", "/collection/info").json["vectors_count"] == .integer(0))
        _ = try await after.send("PATCH", "/memories/a", #"{"value":"cocoa"}"#)
        #expect(try await search(after, #""query_text":"cocoa","mode":"vector""#) == ["a"])
        #expect(await after.process.stop() == 0)
    }
}
