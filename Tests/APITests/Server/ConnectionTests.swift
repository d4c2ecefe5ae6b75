import Core
import Telemetry
import TestKit
import Testing

@testable import API

/// Clients that are slow, broken or hostile.
@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
    @Test func requestsInARowAreAnsweredInTheirOrder() async throws {
        try await NotesServer.run { server in
            let connection = try server.connect()
            let requests = (0..<20).map { server.request("POST", "/notes", body: #"{"text":"\#($0)"}"#) }
            try await connection.send(requests.joined())
            for number in 0..<20 {
                #expect(try await connection.response().json.shown("text") == "\(number)")
            }
        }
    }

    @Test func thousandsOfRequestsInOnePacketAreAnsweredWithoutRunningDeep() async throws {
        try await NotesServer.run { server in
            let connection = try server.connect()
            let count = 5_000
            let last = server.request("GET", "/notes", headers: ["Connection": "close"])
            try await connection.send(String(repeating: "GET /notes HTTP/1.1\r\n\r\n", count: count) + last)
            let text = try await connection.rest()
            #expect(text.split(separator: "HTTP/1.1 401 ", omittingEmptySubsequences: false).count - 1 == count)
            #expect(text.contains("HTTP/1.1 200 "))
        }
    }

    @Test func aBodyThatIsTooLargeIsRefusedAtOnce() async throws {
        try await NotesServer.run(settings: ["api.body_limit": "2000", "api.bulk_body_limit": "100000"]) { server in
            let declared = try server.connect()
            try await declared.send(
                server.request(
                    "POST", "/notes", headers: ["Content-Length": "2001", "Content-Type": "application/json"]))
            let answer = try await declared.response()
            #expect(answer.status == 413)
            #expect(answer.code == "body_too_large")
            #expect(answer.json.shown("limit") == "2000")
            #expect(answer.headers["connection"] == "close")

            let chunked = try server.connect()
            let chunk = "3E8\r\n" + String(repeating: " ", count: 1_000) + "\r\n"
            try await chunked.send(
                server.request(
                    "POST", "/notes", headers: ["Transfer-Encoding": "chunked", "Content-Type": "application/json"])
                    + chunk + chunk + chunk)
            #expect(try await chunked.response().status == 413)

            let text = String(repeating: "x", count: 50_000)
            let bulk = try await server.send("POST", "/notes/bulk", body: #"{"texts":["\#(text)"]}"#)
            #expect(bulk.text == "1")
        }
    }

    @Test func aClientThatWaitsIsEncouraged() async throws {
        try await NotesServer.run { server in
            let connection = try server.connect()
            let body = #"{"text":"a"}"#
            try await connection.send(
                server.request(
                    "POST", "/notes",
                    headers: [
                        "Expect": "100-continue", "Content-Length": "\(body.utf8.count)",
                        "Content-Type": "application/json",
                    ]))
            #expect(try await connection.head().hasPrefix("HTTP/1.1 100 "))
            try await connection.send(body)
            #expect(try await connection.response().status == 201)
        }
    }

    @Test(arguments: [
        "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "GET /notes HTTP/1.1\r\nBad Field: 1\r\n\r\n",
    ])
    func whatIsNoHTTPIsToldSo(_ text: String) async throws {
        try await NotesServer.run { server in
            let connection = try server.connect()
            try await connection.send(text)
            let answer = try await connection.response()
            #expect(answer.status == 400)
            #expect(answer.code == "malformed_request")
            #expect(try await connection.rest().isEmpty)
        }
    }

    @Test func aHeaderThatIsTooLargeIsRefused() async throws {
        try await NotesServer.run(settings: ["api.header_limit": "2048"]) { server in
            let connection = try server.connect()
            try await connection.send(
                server.request("GET", "/notes", headers: ["X-Long": String(repeating: "x", count: 4_000)]))
            let answer = try await connection.response()
            #expect(answer.status == 431)
            #expect(answer.code == "header_too_large")
        }
    }

    @Test(arguments: ["GET /notes HT", "POST /notes HTTP/1.1\r\nContent-Le"])
    func aHeaderThatDoesNotEndClosesTheConnection(_ text: String) async throws {
        try await NotesServer.run(settings: ["api.request_timeout": "200"]) { server in
            let connection = try server.connect()
            let start = ContinuousClock.now
            try await connection.send(text)
            #expect(try await connection.rest().isEmpty)
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func aBodyThatDoesNotEndIsTimedOut() async throws {
        try await NotesServer.run(settings: ["api.request_timeout": "200"]) { server in
            let connection = try server.connect()
            try await connection.send(
                server.request(
                    "POST", "/notes", headers: ["Content-Length": "100", "Content-Type": "application/json"])
                    + "{\"te")
            let answer = try await connection.response()
            #expect(answer.status == 408)
            #expect(answer.code == "request_timeout")
            #expect(try await connection.rest().isEmpty)
        }
    }

    @Test func aSilentConnectionIsClosed() async throws {
        // Long enough that a busy machine brings the request in time.
        try await NotesServer.run(settings: ["api.idle_timeout": "3000"]) { server in
            let connection = try server.connect()
            try await connection.send(server.request("GET", "/notes"))
            #expect(try await connection.response().status == 200)
            #expect(try await connection.rest().isEmpty)
        }
    }

    @Test func aClientThatHasSaidAllIsStillAnswered() async throws {
        try await NotesServer.run { server in
            let connection = try server.connect()
            try await connection.send(server.request("GET", "/notes") + server.request("GET", "/health"))
            connection.closeOutput()
            #expect(try await connection.response().status == 200)
            #expect(try await connection.response().status == 200)
            #expect(try await connection.rest().isEmpty)
        }
    }

    @Test func aClientOfHTTP10GetsItsEnd() async throws {
        try await NotesServer.run { server in
            let connection = try server.connect()
            try await connection.send("GET /health HTTP/1.0\r\n\r\n")
            #expect(try await connection.response().status == 200)
            #expect(try await connection.rest().isEmpty)
        }
    }

    @Test func oneConnectionTooManyIsToldSo() async throws {
        try await NotesServer.run(settings: ["api.connections_limit": "2"]) { server in
            let first = try server.connect()
            let second = try server.connect()
            for connection in [first, second] {
                try await connection.send(server.request("GET", "/health"))
                #expect(try await connection.response().status == 200)
            }
            let third = try server.connect()
            #expect(try await third.response().status == 503)
            #expect(try await third.rest().isEmpty)
        }
    }

    @Test func aClientThatReadsNothingHoldsOneAnswer() async throws {
        try await NotesServer.run(settings: ["api.idle_timeout": "3000"]) { server in
            let text = String(repeating: "a", count: 15_000)
            for number in 0..<100 {
                _ = try await server.send("POST", "/notes", body: #"{"text":"\#(number)\#(text)"}"#)
            }
            let connection = try server.connect()
            try await connection.send(
                String(repeating: server.request("GET", "/notes?limit=100"), count: 200))
            let served = server.store.metrics.counter(
                "http_requests_total", "", labels: ["method", "route", "status"]
            ).with("GET", "/notes", "200")
            // The connection is closed once nobody has taken anything for three seconds; until then few were answered.
            try await server.waitUntil { try await server.openConnections() <= 1 }
            #expect(served.value < 20)
        }
    }

    @Test func theBodiesOfAllRequestsHaveOneLimit() async throws {
        let settings = ["api.bodies_limit": "1048576", "api.bulk_body_limit": "10000000"]
        try await NotesServer.run(settings: settings) { server in
            let holder = try server.connect()
            let fields = ["Content-Length": "2000000", "Content-Type": "application/json"]
            try await holder.send(
                server.request("POST", "/notes/bulk", headers: fields) + String(repeating: " ", count: 900_000))
            try await server.waitUntil { try await server.metric("http_request_body_bytes") == "900000" }
            let body = "{\"texts\":[\"" + String(repeating: "x", count: 300_000) + "\"]}"
            let refused = try await server.send("POST", "/notes/bulk", body: body)
            #expect(refused.status == 503)
            #expect(refused.code == "too_many_bodies")
        }
    }
}

extension NotesServer {
    /// The value of a metric without labels.
    func metric(_ name: String) async throws -> String {
        let lines = try await send("GET", "/metrics").text.split(separator: "\n")
        return lines.first { $0.hasPrefix("\(name) ") }.map { String($0.dropFirst(name.count + 1)) } ?? ""
    }

    /// How many connections are open besides the one that asks.
    func openConnections() async throws -> Int {
        (Int(try await metric("http_connections")) ?? 0) - 1
    }

    /// Asks again and again until something holds; the time limit of the suite ends it when it never does.
    func waitUntil(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { await Task.yield() }
    }
}
