import Core
import Telemetry
import TestKit
import Testing

/// One request takes no more than the settings say, whatever it asks for.
@Suite(.timeLimit(.minutes(5))) struct SearchBudgetTests {
    private static let path = "/collections/c/points"

    /// Runs the closure with a server that has points with payloads of 10,000 bytes.
    private func withPoints(
        _ count: Int, _ engine: TestStore.Engine = .sqlite, settings: [String: String],
        _ body: (LiveServer) async throws -> Void
    ) async throws {
        try await MemoryRoutesFixture.withServer(engine, settings: settings) { server in
            let made = try await server.send("PUT", "/collections/c", #"{"vectors":{"size":2,"distance":"Dot"}}"#)
            #expect(made.status == 200)
            let text = String(repeating: "x", count: 10_000)
            let points = (1...count).map { #"{"id":\#($0),"vector":[\#($0),1],"payload":{"text":"\#(text)"}}"# }
            let put = try await server.send("PUT", Self.path, "{\"points\":[\(points.joined(separator: ","))]}")
            #expect(put.status == 200)
            try await body(server)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anAnswerHasNoMoreThanTheSettingSays(_ engine: TestStore.Engine) async throws {
        try await withPoints(30, engine, settings: ["memories.answer_limit": "200000"]) { server in
            let all = (1...30).map(String.init).joined(separator: ",")
            let ten = #"{"query":[1,2],"limit":10,"with_payload":true}"#
            let tooMuch = [
                "": "{\"ids\":[\(all)]}", "/query": #"{"query":[1,2],"limit":30}"#, "/scroll": #"{"limit":30}"#,
                "/query/batch": "{\"searches\":[\(ten),\(ten),\(ten)]}",
                "/scroll?timeout=1": #"{"limit":30,"filter":{"must_not":[{"has_id":[99]}]}}"#,
            ]
            for (path, body) in tooMuch {
                let answer = try await server.send("POST", Self.path + path, body)
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(answer.status == 400 && text.contains("memories.answer_limit"), "\(path): \(text.prefix(200))")
            }
            #expect(try await server.send("POST", Self.path + "/query", ten).status == 200)
            let once = "{\"ids\":[\(Array(repeating: "1", count: 1_000).joined(separator: ","))]}"
            let read = try await server.send("POST", Self.path, once).json()
            #expect(read["result"]?.elements.count == 1, "an id that stands there twice is answered once")
        }
    }

    @Test func refusalsOfTooMuchAreCountedUnderTheStatusOfTheInterface() async throws {
        try await withPoints(30, settings: ["memories.answer_limit": "200000"]) { server in
            let text = String(repeating: "x", count: 10_000)
            let memories = (1...30).map { number in
                #"{"point_id":"m\#(number)","vector":[\#(number),1,1],"payload":{"user_id":7,"category":"c","key":"k","#
                    + #""value":"\#(text)","source":"s","created":1,"updated":1,"active":true}}"#
            }
            let put = try await server.send(
                "POST", "/memories/batch", "{\"points\":[\(memories.joined(separator: ","))]}")
            #expect(put.status == 200)
            let refused = server.store.metrics.counter(
                "http_requests_total", "", labels: ["method", "route", "status"])
            let (query, scroll) = ("/collections/{collection}/points/query", "/memories/scroll")
            #expect(try await server.send("POST", scroll, #"{"user_id":7,"limit":30}"#).status == 422)
            // It is counted a little after it is answered; the time limit of the suite ends the wait.
            while refused.with("POST", scroll, "422").value < 1 { await Task.yield() }
            let answer = try await server.send("POST", Self.path + "/query", #"{"query":[1,2],"limit":30}"#)
            #expect(answer.status == 400)
            while refused.with("POST", query, "400").value < 1 { await Task.yield() }
        }
    }

    @Test func aSearchTakesNoLongerThanTheSettingSays() async throws {
        try await withPoints(1_000, settings: ["memories.search_time": "1"]) { server in
            let query = #"{"filter":{"must":[{"key":"text","match":{"substring":"y"}}]}}"#
            for (path, body) in ["/query": query, "/count": query, "/delete": query] {
                let answer = try await server.send("POST", Self.path + path, body)
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(answer.status == 400 && text.contains("memories.search_time"), "\(path): \(text.prefix(200))")
            }
            #expect(try await server.send("GET", Self.path + "/1").status == 200)
        }
    }

    @Test func whatCanBeAskedAtOnceIsBounded() async throws {
        try await withPoints(1, settings: [:]) { server in
            let operations = Array(repeating: #"{"clear_payload":{"points":[1]}}"#, count: 1_001).joined(separator: ",")
            let paths = Array(repeating: "\"a\"", count: 1_001).joined(separator: ",")
            let points = Array(repeating: #"{"id":1,"vector":{}}"#, count: 100_001).joined(separator: ",")
            let searches = Array(repeating: "{}", count: 1_001).joined(separator: ",")
            let tooMany = [
                ("POST", "/batch", "{\"operations\":[\(operations)]}", "/operations"),
                ("POST", "/query", "{\"with_payload\":[\(paths)]}", "/with_payload"),
                ("POST", "/query/batch", "{\"searches\":[\(searches)]}", "/searches"),
                ("PUT", "", "{\"points\":[\(points)]}", "/points"),
                (
                    "PUT", "",
                    "{\"batch\":{\"ids\":[\(Array(repeating: "1", count: 100_001).joined(separator: ","))]}}",
                    "/batch/ids"
                ),
            ]
            for (method, path, body, place) in tooMany {
                let answer = try await server.send(method, Self.path + path, body)
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(answer.status == 400 && text.contains(place), "\(path): \(text.prefix(200))")
            }
        }
    }
}
