import Core
import Foundation
import TestKit
import Testing

/// A server process with a small shop in it, and the administrator's key to it.
struct Shop: Sendable {
    /// The key of every shop.
    static let key = "administrator-of-the-fault-tests-0123456789"

    let process: ServerProcess
    let port: Int

    /// Starts a server on a data directory.
    ///
    /// - parameters:
    ///   - settings: settings as name=value.
    ///   - database: where the data is, if not in the directory.
    ///   - environment: variables of the process beside those of the tests.
    init(
        data: String, settings: [String] = [], database: String? = nil, environment: [String: String] = [:]
    ) async throws {
        let settings = settings + (database.map { ["storage.url=\($0)"] } ?? [])
        process = try await ServerProcess(
            data: data, arguments: settings.flatMap { ["--set", $0] },
            environment: environment.merging(["MILLRACE_ADMIN_KEY": Self.key]) { $1 })
        port = try #require(process.address.split(separator: ":").last.flatMap { Int($0) })
    }

    /// Runs a closure with a server on an empty directory, and stops the server.
    static func run(settings: [String] = [], _ body: (Shop) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let shop = try await Shop(data: directory.file("data"), settings: settings)
        do { try await body(shop) } catch {
            await shop.process.kill()
            throw error
        }
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
    }

    func connect() throws -> RawConnection { try RawConnection(port: port) }

    /// Sends one request on a connection of its own.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, headers: [String] = []
    ) async throws -> RawConnection.Response {
        try await connect().exchange(method, path, body, headers: headers)
    }

    /// Lets clients write until the server is killed.
    ///
    /// - parameter client: what one of them does, by its number, until its connection breaks.
    func storm<Storm: Sendable>(
        _ clients: Int, killedAfter life: Duration, _ client: @escaping @Sendable (Int) async -> Storm
    ) async throws -> [Storm] {
        try await withThrowingTaskGroup(of: Storm?.self) { group in
            for number in 0..<clients { group.addTask { await client(number) } }
            group.addTask {
                try await Task.sleep(for: life)
                await process.kill()
                return nil
            }
            return try await group.reduce(into: []) { storms, storm in if let storm { storms.append(storm) } }
        }
    }

    /// Makes products `s0`, `s1`, … with units of each on hand.
    func stock(_ count: Int, units: Int) async throws {
        let connection = try connect()
        for index in 0..<count {
            let product = #"{"sku":"s\#(index)","name":"Thing \#(index)","price":"3.33","currency":"USD"}"#
            try #require(try await connection.exchange("POST", "/api/v1/products", product).status == 201)
            let received = #"{"sku":"s\#(index)","quantity":\#(units)}"#
            try #require(try await connection.exchange("POST", "/api/v1/inventory/receive", received).status < 300)
        }
    }

    /// The resident memory of the server in KiB.
    func residentMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(
            line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) })
    }

    /// A value of `/metrics` that has no labels.
    func metric(_ name: String) async throws -> Double? {
        try await send("GET", "/metrics").text.split(separator: "\n")
            .first { $0.hasPrefix("\(name) ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }
}

extension RawConnection {
    /// Sends a request with the administrator's key and returns the answer.
    func exchange(
        _ method: String, _ path: String, _ body: String? = nil, headers: [String] = []
    ) async throws -> Response {
        try await exchange(method, path, bytes: body.map { Array($0.utf8) }, headers: headers)
    }

    /// Sends a request with the administrator's key and a body of any bytes, and returns the answer.
    func exchange(
        _ method: String, _ path: String, bytes: [UInt8]?, headers: [String] = []
    ) async throws -> Response {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: shop", "Authorization: Bearer \(Shop.key)"] + headers
        if let bytes {
            if !headers.contains(where: { $0.lowercased().hasPrefix("content-type:") }) {
                lines.append("Content-Type: application/json")
            }
            lines.append("Content-Length: \(bytes.count)")
        }
        try await send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (bytes ?? []))
        return try await response(hasBody: method != "HEAD")
    }
}

extension RawConnection.Response {
    /// A member of the answer as text.
    subscript(name: String) -> String? { json[name]?.string }
}

/// Asks again until something holds.
///
/// - returns: whether it did in time.
func eventually(within time: Duration = .seconds(10), _ holds: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + time
    while ContinuousClock.now < end {
        if try await holds() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return false
}
