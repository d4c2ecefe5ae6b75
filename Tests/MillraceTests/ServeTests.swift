import Core
import Foundation
import Server
import TestKit
import Testing

/// The built binary as an operator runs it.
@Suite struct ServeTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var data: String { directory.file("data") }

    @Test func startsShowsItsKeyOnceAndStopsCleanly() async throws {
        let first = try await ServerProcess(data: data)
        #expect(first.address.hasPrefix("http://127.0.0.1:"))
        #expect(!first.address.hasSuffix(":0"))
        #expect(first.greeting.count == 1)
        let key = try #require(first.adminKey)
        #expect(key.hasPrefix("mk_"))
        let client = try ServerClient(first.address, key: key)
        #expect(try await client.json("GET", "/api/v1/products")["items"] == .array([]))
        let made = try await client.json(
            "POST", "/api/v1/products",
            JSONParser.parse(Array(#"{"sku": "A", "name": "Apple", "price": "1.25"}"#.utf8)))
        #expect(await first.stop() == 0)
        // A checkpoint leaves nothing in the write-ahead log.
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(data)/millrace.sqlite-wal")
        #expect((attributes?[.size] as? Int ?? 0) == 0)

        let second = try await ServerProcess(data: data)
        #expect(second.greeting.isEmpty)
        let again = try ServerClient(second.address, key: key)
        let found = try await again.json("GET", "/api/v1/products/\(text(made["id"]))")
        #expect(found["price"] == .string("1.25"))
        #expect(await second.stop() == 0)
    }

    @Test func oneDataDirectoryHasOneServer() async throws {
        let server = try await ServerProcess(data: data)
        let second = try await ServerProcess.run(["serve", "--data", data, "--port", "0"])
        #expect(second.status == 1)
        #expect(second.output.isEmpty)
        #expect(second.errors.contains("is in use by another millrace (process \(server.identifier))"))
        #expect(await server.stop() == 0)
    }

    @Test func aKilledServerLetsTheNextOneIn() async throws {
        let server = try await ServerProcess(data: data)
        let key = try #require(server.adminKey)
        await server.kill()
        let next = try await ServerProcess(data: data)
        #expect(try await ServerClient(next.address, key: key).json("GET", "/health")["status"] == .string("ok"))
        #expect(await next.stop() == 0)
    }

    @Test func clientsThatDawdleDoNotHoldTheEndBack() async throws {
        let server = try await ServerProcess(data: data, arguments: ["--set", "api.drain_timeout=500"])
        let key = try #require(server.adminKey)
        let client = try ServerClient(server.address, key: key)
        _ = try await client.send("GET", "/health")
        let port = try #require(server.address.split(separator: ":").last.flatMap { UInt16($0) })
        let half = try OpenSocket(port: port, sending: "GET /health HTTP/1.1\r\nHost: half\r\n")
        let idle = try OpenSocket(port: port, sending: "")
        let stream = try OpenSocket(
            port: port,
            sending: "GET /api/v1/changes/stream HTTP/1.1\r\nHost: stream\r\nX-API-Key: \(key)\r\n\r\n")
        #expect(stream.read().hasPrefix("HTTP/1.1 200"))
        let start = ContinuousClock.now
        #expect(await server.stop() == 0)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(server.log.contains("stopped"))
        for socket in [half, idle, stream] { socket.close() }
    }

    @Test func asManyConnectionsAsTheSystemAllows() async throws {
        let server = try await ServerProcess(data: data)
        #if os(Linux)
            let limits = try String(contentsOfFile: "/proc/\(server.identifier)/limits", encoding: .utf8)
            let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
            let numbers = line.split(separator: " ").filter { Int($0) != nil || $0 == "unlimited" }
            #expect(numbers.count == 2 && numbers.first == numbers.last)
        #endif
        #expect(await server.stop() == 0)
    }

    @Test func anAdministratorMayChooseTheKey() async throws {
        let key = String(repeating: "k", count: 32)
        let server = try await ServerProcess(data: data, environment: ["MILLRACE_ADMIN_KEY": key])
        #expect(server.greeting.isEmpty)
        _ = try await ServerClient(server.address, key: key).send("GET", "/api/v1/orders")
        await #expect {
            try await ServerClient(server.address, key: "wrong").send("GET", "/api/v1/orders")
        } throws: { ($0 as? Failure)?.kind == .unauthenticated }
        #expect(await server.stop() == 0)
        let short = try await ServerProcess.run(
            ["serve", "--data", data, "--port", "0"], environment: ["MILLRACE_ADMIN_KEY": "short"])
        #expect(short.status == 1)
        #expect(short.errors.contains("MILLRACE_ADMIN_KEY needs 32"))
    }

    @Test func anUnknownSettingStopsTheStart() async throws {
        let file = directory.file("millrace.yaml")
        try "storage: {readesr: 4}\napi: {port: 99999}\n".write(toFile: file, atomically: true, encoding: .utf8)
        let result = try await ServerProcess.run(
            ["serve", "--data", data, "--config", file], environment: ["MILLRACE_STORAGE_READRS": "1"])
        #expect(result.status == 1)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("storage.readesr: \(file) has no such setting. Did you mean storage.readers?"))
        #expect(result.errors.contains("MILLRACE_STORAGE_READRS: environment has no such setting."))
        #expect(result.errors.contains("must be from 0 to 65535 port"))
        #expect(!FileManager.default.fileExists(atPath: data))
    }

    @Test func anAddressInUseIsToldClearly() async throws {
        let server = try await ServerProcess(data: data)
        let port = try #require(server.address.split(separator: ":").last)
        let second = try await ServerProcess.run(["serve", "--data", directory.file("other"), "--port", String(port)])
        #expect(second.status == 1)
        #expect(second.errors.contains("127.0.0.1:\(port) cannot be listened on: Address already in use."))
        #expect(await server.stop() == 0)
    }

    @Test func theSampleIsWhatItPromises() async throws {
        let server = try await ServerProcess(data: data, arguments: ["--sample"])
        let key = try #require(server.adminKey)
        let client = try ServerClient(server.address, key: key)
        #expect(try await client.json("GET", "/api/v1/products?limit=1&count=exact")["total"] == .number("12"))
        for status in ["pending", "processing", "shipped", "delivered", "cancelled"] {
            let page = try await client.json("GET", "/api/v1/orders?status=\(status)&count=exact")
            #expect(page["total"] == .number("1"), "\(status)")
        }
        #expect(await server.stop() == 0)
        let again = try await ServerProcess(data: data, arguments: ["--sample"])
        let total = try await ServerClient(again.address, key: key).json("GET", "/api/v1/orders?count=exact")["total"]
        #expect(total == .number("5"))
        #expect(await again.stop() == 0)
    }

    @Test func logLinesMayBeJSON() async throws {
        let server = try await ServerProcess(data: data, environment: ["MILLRACE_SERVER_LOG_FORMAT": "json"])
        #expect(await server.stop() == 0)
        let lines = server.log.split(separator: "\n")
        #expect(!lines.isEmpty)
        for line in lines {
            guard case .object(let object) = try JSONParser.parse(Array(line.utf8)) else {
                Issue.record("\(line) is no object")
                continue
            }
            #expect(object["level"] != nil && object["message"] != nil && object["time"] != nil)
        }
    }

    private func text(_ value: JSONValue?) -> String {
        if case .string(let text)? = value { text } else { "" }
    }
}
