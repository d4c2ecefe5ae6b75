import ChangeLog
import Core
import Logging
import Storage
import Telemetry
import TestKit
import Testing

/// A database that belongs to others, with a table of orders, and a log in a schema of it.
final class CaptureFixture: Sendable {
    let server: PostgresServer
    let url: String
    /// How the database is called.
    let name: String
    let capture: Capture
    /// A role that has rights on the tables of the database and on nothing else.
    let writer: String

    init() async throws {
        server = try await PostgresServer.shared()
        url = try server.makeDatabase()
        name = String(try #require(url.split(separator: "/").last))
        writer = "writer_of_\(name)"
        capture = try Capture(url: url)
        try server.execute("CREATE ROLE \(writer) LOGIN")
        try run("CREATE TABLE orders (id bigint PRIMARY KEY, state text NOT NULL, total numeric(12, 2))")
    }

    deinit {
        // A server that is gone has no databases.
        Task.detached { [server, url, writer] in
            try? server.dropDatabase(url)
            _ = try? server.execute("DROP ROLE \(writer)")
        }
    }

    /// Captures tables by their names.
    @discardableResult
    func captured(_ tables: String...) async throws -> [CapturedTable] {
        try await capture.install(tables.map { CaptureRequest(try TableReference($0)) })
    }

    /// Runs statements as somebody with psql does, all in one transaction unless they say otherwise.
    @discardableResult
    func run(_ sql: String) throws -> String { try server.execute(sql, in: name) }

    /// Runs statements as the role that has no rights on the log.
    func runAsWriter(_ sql: String) throws -> String { try run("SET SESSION AUTHORIZATION \(writer); \(sql)") }

    /// A connection of its own to the database.
    func open(_ schema: SchemaName = .ofServer) async throws -> PostgresDatabase {
        var options = PostgresOptions(url: url)
        options.schema = schema
        return try await PostgresDatabase(options, metrics: MetricsRegistry())
    }

    /// Runs a closure with the log and its tail.
    func withLog<T>(_ body: (ChangeLog) async throws -> T) async throws -> T {
        let database = try await open(.millrace)
        let metrics = MetricsRegistry()
        let log = try await ChangeLog(database: database, metrics: metrics)
        let tail = Task { try await LogTail(log, metrics: metrics, logger: Logger(label: "test")).run() }
        defer { tail.cancel() }
        let value = try await body(log)
        await database.close()
        return value
    }

    /// What is in the log, once all that was committed is settled: any transaction on the server may hold that up.
    func changes() async throws -> [Change] {
        let last = LogPosition(Int64(try number("SELECT COALESCE(max(position), 0) FROM millrace.changes")))
        return try await withLog { log in
            try await log.waitUntilSettled(last, atMost: Self.patience)
            return try await log.changes(after: .start, limit: 1_000)
        }
    }

    /// How long anything may take while other tests are at work.
    static let patience = Duration.seconds(120)

    /// How many rows the log has, settled or not.
    func logged() throws -> Int { try number("SELECT count(*) FROM millrace.changes") }

    func number(_ sql: String) throws -> Int {
        let text = try run(sql)
        return try #require(Int(text.filter { $0.isNumber || $0 == "-" }), "\(text)")
    }
}

extension Change {
    /// What it did in a line: operation, changed fields, before and after.
    var line: String {
        let images = [before, after].map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "-" }
        return "\(operation) \(changedFields.joined(separator: "+")) \(images[0]) \(images[1])"
    }

    /// A member of its after image.
    func after(_ name: String) throws -> JSONValue? {
        guard let after, case .object(let object) = try JSONParser.parse(after) else { return nil }
        return object[name]
    }
}
