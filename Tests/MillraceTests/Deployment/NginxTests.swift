import Core
import Foundation
import TestKit
import Testing

/// nginx with the file of `deploy` before two real servers. They have data of their own, so the tests tell them apart.
@Suite(.timeLimit(.minutes(5))) struct NginxTests {
    private let directory: TemporaryDirectory
    private static let key = "an-administrator-key-of-the-tests-0123456789"

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func server(_ name: String) async throws -> ServerProcess {
        try await ServerProcess(data: directory.file(name), environment: ["MILLRACE_ADMIN_KEY": Self.key])
    }

    private func port(_ server: ServerProcess) throws -> Int {
        try #require(server.address.split(separator: ":").last.flatMap { Int($0) })
    }

    private func request(
        _ path: String, _ fields: [String] = [], method: String = "GET", body: String = ""
    ) -> String {
        let all =
            ["\(method) \(path) HTTP/1.1", "Host: shop", "Authorization: Bearer \(Self.key)"] + fields
            + (body.isEmpty ? [] : ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"])
        return all.map { "\($0)\r\n" }.joined() + "\r\n" + body
    }

    /// How many requests of a route a server has answered, and how many connections it has open.
    private func figures(_ server: ServerProcess, _ route: String) async throws -> (requests: Int, connections: Int) {
        let connection = try RawConnection(port: port(server))
        try await connection.send(request("/metrics"))
        let lines = try await connection.response().text.split(separator: "\n")
        func sum(_ matches: (Substring) -> Bool) -> Int {
            lines.filter(matches).compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0) {
                $0 + Int($1)
            }
        }
        return (
            sum { $0.hasPrefix("http_requests_total{") && $0.contains("route=\"\(route)\"") },
            sum { $0.hasPrefix("http_connections ") }
        )
    }

    @Test func theFileIsAcceptedByNginx() throws {
        let result = try NginxProcess.check(servers: [8_081, 8_082])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("test is successful"))
        #expect(!result.output.contains("[emerg]") && !result.output.contains("[error]"))
    }

    @Test func requestsAreSharedOutOverConnectionsThatStay() async throws {
        let (one, two) = (try await server("one"), try await server("two"))
        let nginx = try NginxProcess(servers: [port(one), port(two)])
        let client = try RawConnection(port: nginx.port)
        for number in 0..<40 {
            try await client.send(request("/health", ["X-Request-Id: request-\(number)"]))
            let response = try await client.response()
            #expect(response.status == 200)
            #expect(response.headers["x-request-id"] == "request-\(number)")
        }
        let figures = (try await figures(one, "/health"), try await figures(two, "/health"))
        #expect(figures.0.requests + figures.1.requests == 40)
        #expect(figures.0.requests >= 10 && figures.1.requests >= 10)
        // One that nginx keeps, and the one that asks.
        #expect((1...2).contains(figures.0.connections) && (1...2).contains(figures.1.connections))
        #expect(await one.stop() == 0)
        #expect(await two.stop() == 0)
    }

    /// What nginx forwards is not taken for local, so nobody reads the state of the server without a key.
    @Test func whoComesThroughNginxIsNotLocal() async throws {
        let (one, two) = (try await server("one"), try await server("two"))
        let nginx = try NginxProcess(servers: [port(one), port(two)])
        let client = try RawConnection(port: nginx.port)
        for path in ["/health", "/ready", "/metrics"] {
            try await client.send("GET \(path) HTTP/1.1\r\nHost: shop\r\n\r\n")
            #expect(try await client.response().status == 401)
        }
        #expect(await one.stop() == 0)
        #expect(await two.stop() == 0)
    }

    @Test func aStreamIsPassedOnAsItComes() async throws {
        let (one, two) = (try await server("one"), try await server("two"))
        let nginx = try NginxProcess(servers: [port(one), port(two)])
        let client = try RawConnection(port: nginx.port)
        try await client.send(request("/api/v1/changes/stream?types=product"))
        #expect(try await client.head().contains("text/event-stream"))
        #expect(try await client.chunk()?.hasPrefix(": changes after") == true)
        for server in [one, two] {
            let direct = try RawConnection(port: port(server))
            try await direct.send(
                request(
                    "/api/v1/products", method: "POST", body: #"{"sku":"A","name":"Apple","price":"1.25"}"#))
            #expect(try await direct.response().status == 201)
        }
        var text = ""
        while !text.contains("\n\n"), let chunk = try await client.chunk() { text += chunk }
        #expect(text.contains("Apple"))
        #expect(await one.stop() == 0)
        #expect(await two.stop() == 0)
    }

    @Test func aBodyBeyondTheLimitIsRefusedByNginx() async throws {
        let (one, two) = (try await server("one"), try await server("two"))
        let nginx = try NginxProcess(servers: [port(one), port(two)])
        let client = try RawConnection(port: nginx.port)
        try await client.send(
            request("/api/v1/products/bulk", ["Content-Length: \((16 << 20) + 1)"], method: "POST"))
        let response = try await client.response()
        #expect(response.status == 413)
        #expect(response.headers["server"] == "nginx")
        #expect(await one.stop() == 0)
        #expect(await two.stop() == 0)
    }

    @Test func whenOneIsGoneTheOtherAnswers() async throws {
        let (one, two) = (try await server("one"), try await server("two"))
        let nginx = try NginxProcess(servers: [port(one), port(two)])
        let client = try RawConnection(port: nginx.port)
        for number in 0..<20 {
            if number == 10 { await one.kill() }
            try await client.send(request("/health"))
            #expect(try await client.response().status == 200, "\(nginx.errors)")
        }
        #expect(await two.stop() == 0)
    }
}
