import Core
import TestKit
import Testing

/// A real server whose memories have vectors of three components.
final class MemoryServer: Sendable {
    let process: ServerProcess
    private let directory: TemporaryDirectory
    private let key: String

    /// - parameter settings: settings beside those of every such server, or in their place.
    convenience init(_ settings: [String: String] = [:]) async throws {
        try await self.init(settings, in: TemporaryDirectory(), key: nil)
    }

    private init(_ settings: [String: String], in directory: TemporaryDirectory, key: String?) async throws {
        self.directory = directory
        let all = ["memories.dimensions": "3"].merging(settings) { $1 }
        process = try await ServerProcess(
            data: directory.file("data"), arguments: all.flatMap { ["--set", "\($0.key)=\($0.value)"] })
        try await process.waitUntilReady()
        self.key = try #require(key ?? process.adminKey)
    }

    /// Stops it, and starts another with other settings on the same data.
    func restarted(_ settings: [String: String]) async throws -> MemoryServer {
        #expect(await process.stop() == 0)
        return try await MemoryServer(settings, in: directory, key: key)
    }

    /// - parameters:
    ///   - field: the header field that the key is sent in; nil sends none.
    ///   - other: a key in place of the administrator's.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, keyIn field: String? = "X-API-Key",
        key other: String? = nil
    ) async throws -> RawConnection.Response {
        let port = try #require(process.address.split(separator: ":").last.flatMap { Int($0) })
        let client = try RawConnection(port: port)
        let bytes = Array((body ?? "").utf8)
        let credential = field.map { "\($0): \(other ?? key)\r\n" } ?? ""
        try await client.send(
            "\(method) \(path) HTTP/1.1\r\nHost: millrace\r\n\(credential)Connection: close\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(bytes.count)\r\n\r\n")
        try await client.send(bytes)
        return try await client.response()
    }

    /// Runs a verb of the command line against the server, in a directory of its own.
    func run(_ arguments: String..., input: String = "") async throws -> ServerProcess.Result {
        try await run(arguments, input: input)
    }

    /// Runs a verb of the command line with a list of arguments.
    func run(_ arguments: [String], input: String = "") async throws -> ServerProcess.Result {
        try await ServerProcess.run(
            arguments, environment: ["MILLRACE_SERVER": process.address, "MILLRACE_KEY": key], in: directory.path,
            input: input)
    }

    /// The path of a file in that directory.
    func file(_ name: String) -> String { directory.file(name) }

    /// Sends a file as a form does.
    func upload(_ path: String, _ file: [UInt8]) async throws -> RawConnection.Response {
        let port = try #require(process.address.split(separator: ":").last.flatMap { Int($0) })
        let client = try RawConnection(port: port)
        let part = "--frontier\r\nContent-Disposition: form-data; name=\"snapshot\"; filename=\"f\"\r\n\r\n"
        let body = Array(part.utf8) + file + Array("\r\n--frontier--\r\n".utf8)
        try await client.send(
            "POST \(path) HTTP/1.1\r\nHost: millrace\r\nX-API-Key: \(key)\r\nConnection: close\r\n"
                + "Content-Type: multipart/form-data; boundary=frontier\r\nContent-Length: \(body.count)\r\n\r\n")
        try await client.send(body)
        return try await client.response()
    }

    /// What a request that succeeds is answered.
    func post(_ path: String, _ body: String) async throws -> JSONObject {
        let response = try await send("POST", path, body)
        #expect(response.status == 200, "\(path): \(response.text)")
        return response.json
    }
}
