import Core
import TestKit
import Testing

/// Bodies that are made to take memory or time are answered soon, and the server keeps to its memory.
@Suite(.timeLimit(.minutes(5))) struct MemoryLimitTests {
    /// How large the bodies are. The server takes larger ones; tests run it without optimisation.
    private static let size = 2_000_000

    /// Where such a body goes, how it begins, and what it repeats.
    private static let floods: [(method: String, path: String, opening: String, part: String)] = [
        ("POST", "/collections/c/points/query", #"{"filter":{"must":["#, "{},"),
        ("POST", "/collections/c/points/query", #"{"filter":{"must":[{"has_id":["#, "1,"),
        ("POST", "/collections/c/points/query", #"{"query":["#, "1,"),
        ("POST", "/collections/c/points/query", #"{"query":{"recommend":{"positive":["#, "1,"),
        ("POST", "/collections/c/points/query", #"{"prefetch":["#, "{},"),
        ("POST", "/collections/c/points/query", "", "["), ("POST", "/collections/c/points/query", "", #"{"prefetch":"#),
        ("POST", "/collections/c/points/query/batch", #"{"searches":["#, "{},"),
        ("POST", "/collections/c/points/count", #"{"filter":{"must":[{"key":"a","match":{"any":["#, "1,"),
        ("POST", "/collections/c/points", #"{"ids":["#, "1,"),
        ("POST", "/collections/c/points/delete", #"{"points":["#, "1,"),
        ("PUT", "/collections/c/points", #"{"points":["#, #"{"id":1,"vector":{}},"#),
        ("PUT", "/collections/c/points", #"{"batch":{"ids":["#, "1,"),
        ("POST", "/collections/c/points/batch", #"{"operations":["#, #"{"delete":{"points":[9]}},"#),
        ("PUT", "/collections/c/index", #"{"field_name":""#, "a"),
        ("POST", "/memories/batch", #"{"points":["#, "{},"), ("POST", "/memories/batch", "", "{"),
        ("POST", "/memories/search", #"{"user_id":1,"query_vector":["#, "1,"),
        ("POST", "/documents/batch", #"{"documents":[{"vector":""#, "A"),
    ]

    @Test func floodsAreRefused() async throws {
        try await Shop.run { shop in
            let collection = #"{"vectors":{"size":2,"distance":"Dot"}}"#
            #expect(try await shop.send("PUT", "/collections/c", collection).status == 200)
            let before = try shop.residentMemory()
            for (method, path, opening, part) in Self.floods {
                let body = opening + String(repeating: part, count: Self.size / part.utf8.count)
                let answer = try await shop.send(method, path, body)
                #expect((400..<500).contains(answer.status), "\(path) \(opening): \(answer.text.prefix(200))")
            }
            let used = try shop.residentMemory() - before
            #expect(used < 400_000, "\(used) KiB")
            #expect(try await shop.send("GET", "/collections/c").json["result"]?["points_count"] == .integer(0))
            #expect(!shop.process.log.contains("defect"), "\(shop.process.log.suffix(2_000))")
        }
    }

    @Test func aBodyOf100MegabytesIsRefusedBeforeItCame() async throws {
        try await Shop.run { shop in
            for path in ["/memories", "/memories/batch", "/collections/c/points/query", "/collections/c/points/batch"] {
                let connection = try shop.connect()
                let start = ContinuousClock.now
                try await connection.send(
                    "POST \(path) HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer \(Shop.key)\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 100000000\r\n\r\n{\"points\":[")
                let answer = try await connection.response()
                #expect(answer.status == 413, "\(path): \(answer.text)")
                let isQdrants = path.hasPrefix("/collections")
                #expect(isQdrants == (answer.json["status"]?["error"] != nil), "\(path): \(answer.text)")
                #expect(ContinuousClock.now - start < .seconds(2))
            }
        }
    }
}
