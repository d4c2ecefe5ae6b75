import Core
import TestKit
import Testing

/// What is asked of the endpoint that turns texts into vectors, and what is wrong with texts, route by route.
@Suite(.timeLimit(.minutes(5))) struct EmbeddedTextsTests {
    private static let importing = "/api/v1/collections/import"
    private static let ones = #""vector":[1,1,1],"#

    private static func memory(_ id: String, _ key: String, _ value: String, _ vector: String = "") -> String {
        """
        {"point_id":"\(id)",\(vector)"payload":{"user_id":7,"category":"c","key":"\(key)","value":"\(value)",\
        "source":"s","created":1,"updated":1,"active":true}}
        """
    }

    /// Runs the closure with a server and the endpoint that it asks.
    private static func withServer(_ body: (LiveServer, WebhookReceiver) async throws -> Void) async throws {
        let endpoint = try await WebhookReceiver { EmbeddingEndpoint.answer($0, dimensions: 3) }
        let settings = ["embedding.url": endpoint.url("/v1"), "embedding.cache_memory": "0"]
        try await MemoryRoutesFixture.withServer(.sqlite, settings: settings) { try await body($0, endpoint) }
    }

    private static func texts(_ endpoint: WebhookReceiver) -> [[String]] {
        endpoint.requests.map { EmbeddingEndpoint.texts(of: $0).sorted() }
    }

    private static func pointers(_ server: LiveServer, _ method: String, _ path: String, _ body: String)
        async throws -> [String?]
    {
        let answer = try await server.send(method, path, body)
        #expect(answer.status == 422, "\(String(decoding: answer.body, as: UTF8.self))")
        return (try answer.json()["errors"] ?? .null).elements.map { $0["pointer"]?.string }
    }

    @Test func whatIsWrongWithALineHasItsPlaceOnce() async throws {
        try await Self.withServer { server, _ in
            let lines = [Self.memory("a", "drink", "tea"), Self.memory("b", " ", "")].joined(separator: ",")
            let blank = try await Self.pointers(server, "POST", Self.importing, "{\"lines\":[\(lines)]}")
            #expect(blank == ["/lines/1/payload/key"])
            let named = #"{"vectors":{"named":{"size":3,"distance":"Dot"}}}"#
            #expect(try await server.send("PUT", "/collections/user_memories", named).status == 200)
            let texts = [Self.memory("a", "drink", "tea"), Self.memory("b", "drink", "milk", Self.ones)]
            let nameless = try await Self.pointers(
                server, "POST", Self.importing, "{\"lines\":[\(texts.joined(separator: ","))]}")
            #expect(nameless == ["/lines/0/vector", "/lines/1/vector"])
        }
    }

    /// Sends a request that succeeds.
    private static func sends(_ server: LiveServer, _ method: String, _ path: String, _ body: String) async throws {
        let answer = try await server.send(method, path, body)
        #expect(answer.status == 200, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
    }

    @Test func aPatchAsksForTheOldTextOnlyWhereThereIsAVector() async throws {
        let line = """
            {"collection":"user_memories","id":"bare","id_kind":"text","vector":{},"payload":{"user_id":7,\
            "category":"c","key":"drink","value":"tea","source":"s","created":1,"updated":1,"active":true}}
            """
        try await Self.withServer { server, endpoint in
            let definition = #"{"vectors":{"size":3,"distance":"Cosine"}}"#
            try await Self.sends(server, "PUT", "/collections/user_memories", definition)
            try await Self.sends(server, "POST", Self.importing, "{\"lines\":[\(line)]}")
            try await Self.sends(server, "POST", "/memories", Self.memory("own", " ", "", Self.ones))
            try await Self.sends(server, "POST", "/memories", Self.memory("made", "drink", "tea"))
            for id in ["bare", "own", "made"] {
                try await Self.sends(server, "PATCH", "/memories/\(id)", #"{"value":"milk"}"#)
            }
            let texts = Self.texts(endpoint)
            #expect(texts == [["drink: tea"], ["drink: milk"], ["drink: milk", "drink: tea"]])
            let info = try await server.send("GET", "/collection/info").json()
            #expect(info["vectors_count"] == .integer(3))
        }
    }

    @Test func aPatchToATextOfBlanksIsRefused() async throws {
        try await Self.withServer { server, endpoint in
            #expect(try await server.send("POST", "/memories", Self.memory("a", "drink", "tea")).status == 200)
            let patch = #"{"key":" ","value":""}"#
            #expect(try await Self.pointers(server, "PATCH", "/memories/a", patch) == ["/key"])
            let kept = try await server.send("GET", "/memories/a").json()
            #expect(kept["payload"]?["value"] == .string("tea") && endpoint.count == 1)
        }
    }
}
