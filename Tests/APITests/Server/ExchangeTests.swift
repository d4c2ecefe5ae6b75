import ChangeLog
import Core
import HTTPTypes
import Storage
import Telemetry
import TestKit
import Testing

@testable import API

/// What every request and response carries besides its body.
@Suite(.timeLimit(.minutes(5))) struct ExchangeTests {
    @Test func namesOfTheClientAreEchoedAndKeptWithTheChange() async throws {
        try await NotesServer.run { server in
            let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            let answer = try await server.send(
                "POST", "/notes", body: #"{"text":"a"}"#,
                headers: ["X-Request-Id": "order-17", "traceparent": trace])
            #expect(answer.headers["x-request-id"] == "order-17")
            #expect(answer.headers["traceparent"] == trace)
            let change = try await server.send("GET", "/api/v1/changes?types=note").json.elements("items").first
            #expect(change?.shown("request_id") == "order-17")
            #expect(change?.shown("traceparent") == trace)
            let problem = try await server.send("GET", "/nowhere", headers: ["traceparent": trace])
            #expect(problem.json.shown("trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736")
        }
    }

    @Test(arguments: [
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "junk",
    ])
    func aBrokenTraceIsReplaced(_ trace: String) async throws {
        try await NotesServer.run { server in
            let long = String(repeating: "x", count: 129)
            let answer = try await server.send("GET", "/notes", headers: ["traceparent": trace, "X-Request-Id": long])
            let fresh = answer.headers["traceparent"] ?? ""
            #expect(fresh != trace)
            #expect(fresh.split(separator: "-").map(\.count) == [2, 32, 16, 2])
            #expect(Identifier(answer.headers["x-request-id"] ?? "") != nil)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aWriteAnswersWithAPositionThatAReadCanWaitFor(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine, settings: ["api.position_wait": "300"]) { server in
            let before = server.store.log.seen.value
            let written = try await server.send("POST", "/notes", body: #"{"text":"a"}"#)
            let position = try #require(Int64(written.headers["millrace-position"] ?? ""))
            #expect(position == before + 1)
            let seen = try await server.send("GET", "/notes", headers: ["Millrace-Position": "\(position)"])
            #expect(seen.status == 200)
            #expect(seen.headers["millrace-position"] == "\(position)")

            async let waiting = server.send("GET", "/notes", headers: ["Millrace-Position": "\(position + 1)"])
            _ = try await server.send("POST", "/notes", body: #"{"text":"b"}"#)
            #expect(try await waiting.status == 200)

            let never = try await server.send("GET", "/notes", headers: ["Millrace-Position": "999999"])
            #expect(never.status == 503)
            #expect(never.code == "position_not_reached")
            #expect(never.headers["retry-after"] == "1")
            // Where several write, the head follows a little later.
            let reached = try #require(Int64(never.json.shown("position")))
            #expect(reached == position + 1 || engine == .postgres && reached <= position + 1)
            let broken = try await server.send("GET", "/notes", headers: ["Millrace-Position": "-1"])
            #expect(broken.code == "malformed_position")
        }
    }

    @Test func aVersionGuardsItsUpdate() async throws {
        try await NotesServer.run { server in
            let id = try await server.send("POST", "/notes", body: #"{"text":"a"}"#).json.shown("id")
            let path = "/notes/\(id)"
            #expect(try await server.send("PATCH", path, body: #"{"text":"b"}"#).status == 428)
            let updated = try await server.send(
                "PATCH", path, body: #"{"text":"b"}"#, headers: ["If-Match": "\"1\""])
            #expect(updated.status == 200)
            #expect(updated.headers["etag"] == "\"2\"")
            let stale = try await server.send("PATCH", path, body: #"{"text":"c"}"#, headers: ["If-Match": "\"1\""])
            #expect(stale.status == 412)
            #expect(stale.code == "version_mismatch")
            #expect(stale.json.shown("version") == "2")
            let list = try await server.send(
                "PATCH", path, body: #"{"text":"c"}"#, headers: ["If-Match": "\"1\", \"2\""])
            #expect(list.code == "malformed_if_match")

            let unchanged = try await server.send("GET", path, headers: ["If-None-Match": "\"1\", W/\"2\""])
            #expect(unchanged.status == 304)
            #expect(unchanged.body.isEmpty)
            #expect(unchanged.headers["etag"] == "\"2\"")
            #expect(try await server.send("GET", path, headers: ["If-None-Match": "\"1\""]).status == 200)
        }
    }

    @Test func headTellsWhatGetWould() async throws {
        try await NotesServer.run { server in
            let text = String(repeating: "a", count: 3_000)
            let id = try await server.send("POST", "/notes", body: #"{"text":"\#(text)"}"#).json.shown("id")
            let path = "/notes/\(id)"
            let get = try await server.send("GET", path)
            let head = try await server.send("HEAD", path, headers: ["Accept-Encoding": "gzip"])
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head.headers["content-length"] == "\(get.body.count)")
            #expect(head.headers["etag"] == get.headers["etag"])
        }
    }

    @Test func longAnswersAreCompressedForWhoAsks() async throws {
        try await NotesServer.run { server in
            let text = String(repeating: "a", count: 3_000)
            let id = try await server.send("POST", "/notes", body: #"{"text":"\#(text)"}"#).json.shown("id")
            let plain = try await server.send("GET", "/notes/\(id)")
            #expect(plain.headers["content-encoding"] == nil)
            #expect(plain.headers["vary"] == "Accept-Encoding")
            let packed = try await server.send("GET", "/notes/\(id)", headers: ["Accept-Encoding": "gzip"])
            #expect(packed.headers["content-encoding"] == "gzip")
            #expect(Array(packed.body.prefix(2)) == [0x1F, 0x8B])
            #expect(packed.body.count < 300)
            let short = try await server.send("GET", "/health", headers: ["Accept-Encoding": "gzip"])
            #expect(short.headers["content-encoding"] == nil)
        }
    }

    @Test func aCompressedBodyIsRefusedAsThat() async throws {
        try await NotesServer.run { server in
            func send(_ encoding: String) async throws -> RawConnection.Response {
                try await server.send(
                    "POST", "/notes", body: #"{"text":"a"}"#, headers: ["Content-Encoding": encoding])
            }
            for encoding in ["gzip", "br", "identity, gzip"] {
                let answer = try await send(encoding)
                #expect(answer.status == 415 && answer.code == "unsupported_media_type", "\(encoding)")
                #expect(answer.json.shown("detail").contains("Content-Encoding"))
            }
            #expect(try await send("identity").status == 201)
        }
    }

    @Test func requestsAreCountedByRouteAndNeverByPath() async throws {
        try await NotesServer.run { server in
            for path in ["/notes/1", "/notes/2", "/secret/3"] { _ = try await server.send("GET", path) }
            let metrics = try await server.send("GET", "/metrics").text
            #expect(metrics.contains(#"http_requests_total{method="GET",route="/notes/{id}",status="404"} 2"#))
            #expect(metrics.contains(#"route="unmatched",status="404"} 1"#))
            #expect(!metrics.contains("secret"))
            #expect(metrics.contains("http_connections "))
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aCursorLeadsThroughItsOwnListOnly(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            for number in 0..<25 { _ = try await server.send("POST", "/notes", body: #"{"text":"\#(number)"}"#) }
            var texts: [String] = []
            var path = "/notes?limit=10&count=exact"
            for size in [10, 10, 5] {
                let page = try await server.send("GET", path).json
                let items = page.elements("items")
                #expect(items.count == size)
                #expect(page.shown("total") == "25")
                texts += items.map { $0.shown("text") }
                path = "/notes?limit=10&count=exact&cursor=\(page.shown("next_cursor"))"
            }
            #expect(texts == (0..<25).map(String.init))
            #expect(path.hasSuffix("cursor=null"))
            let cursor = try await server.send("GET", "/notes?limit=10").json.shown("next_cursor")
            let other = try await server.send("GET", "/notes?limit=10&text=x&cursor=\(cursor)")
            #expect(other.status == 400)
            #expect(other.code == "invalid_cursor")
            #expect(try await server.send("GET", "/notes?cursor=bm9uc2Vuc2U").code == "invalid_cursor")
            let second = try await server.send("GET", "/notes?limit=10&page=2").json
            #expect(second.elements("items").first?.shown("text") == "10")
            #expect(second.shown("total") == "missing")
        }
    }

    /// A write by what an index says must not begin where the index lacks what the client has seen.
    @Test func aWriteBeginsWithWhatItsClientHasSeen() async throws {
        let seen = LogPosition(1)
        let route = Route.write(.post, "/following", scope: "notes:write") { _ in
            { unit in
                let id = unit.makeIdentifier()
                try unit.transaction.execute(
                    "INSERT INTO notes (tenant, id, text, version) VALUES (\(unit.tenant), \(id), 'a', 1)")
                return .ok(Int64(1))
            }
        }.reaching { position in
            guard position != seen else { throw Failure(.unavailable, code: "index_behind", "Wait.", retryAfter: 1) }
        }
        try await NotesServer.run(routes: [route]) { server in
            _ = try await server.send("POST", "/notes", body: #"{"text":"b"}"#)
            let early = try await server.send("POST", "/following", headers: ["Millrace-Position": "\(seen)"])
            #expect(early.code == "index_behind")
            #expect(try await server.countNotes() == 1)
            #expect(try await server.send("POST", "/following").status == 200)
            #expect(try await server.countNotes() == 2)
        }
    }
}
