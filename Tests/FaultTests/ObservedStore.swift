import Core
import Foundation
import Telemetry
import TestKit

@testable import Storage

/// A database with a file of observers, which outlives the servers on it.
struct ObservedStore: Sendable {
    private let directory: TemporaryDirectory
    /// Where the data is, on PostgreSQL.
    let url: String?
    private let server: PostgresServer?

    /// Makes the database, with a table of its own for statements of observers.
    ///
    /// - parameter observers: the file of observers.
    init(_ engine: TestStore.Engine, file observers: String) async throws {
        directory = try TemporaryDirectory()
        server = engine == .postgres ? try PostgresServer() : nil
        url = try server?.makeDatabase()
        try FileManager.default.createDirectory(atPath: directory.file("data0"), withIntermediateDirectories: true)
        try observers.write(toFile: directory.file("observers.yaml"), atomically: true, encoding: .utf8)
        let database: any Database
        if let url {
            database = try await PostgresDatabase(PostgresOptions(url: url), metrics: MetricsRegistry())
        } else {
            database = try SQLiteDatabase(path: file, metrics: MetricsRegistry())
        }
        _ = try await database.write {
            try $0.execute("CREATE TABLE tallies (position BIGINT PRIMARY KEY, times BIGINT NOT NULL)")
        }
        await database.close()
    }

    /// The file of the data, on SQLite.
    private var file: String { directory.file("data0/millrace.sqlite") }

    /// Starts a server on the data directory of this number.
    func start(_ index: Int = 0, settings: [String] = []) async throws -> Shop {
        let settings =
            [
                "observers.file=\(directory.file("observers.yaml"))", "outbound.allowed_networks=127.0.0.0/8",
                "outbound.connections_per_destination=64",
            ] + settings
        return try await Shop(data: directory.file("data\(index)"), settings: settings, database: url)
    }

    /// The rows of a query beside the servers.
    func rows<T: Sendable>(_ query: SQL, _ read: @escaping @Sendable (Row) throws -> T) async throws -> [T] {
        guard let url else {
            // A whole database would make a checkpoint as it is closed, and hold up the writes of the server.
            let metrics = StorageMetrics(MetricsRegistry())
            let connection = try SQLiteConnection(
                path: file, mode: .readOnly, pageCacheKiB: 1_024, durations: metrics.statements)
            var rows: [T] = []
            try connection.run(query) { row in
                rows.append(try read(row))
                return true
            }
            return rows
        }
        return try await PostgresDatabase(PostgresOptions(url: url), metrics: MetricsRegistry()).use { database in
            try await database.read { try $0.rows(query, read) }
        }
    }

    /// A number that a query counts.
    func count(_ query: SQL) async throws -> Int { try await rows(query) { $0.int(0) }.first ?? 0 }

    /// How far deliveries and dead letters are, for the message of a test that fails.
    func describe() async throws -> String {
        let deliveries = try await rows(
            "SELECT observer, state, attempts, COUNT(*) FROM deliveries GROUP BY observer, state, attempts"
        ) { "\($0.integer(0)): state \($0.integer(1)) after \($0.integer(2)) attempts: \($0.integer(3))" }
        let letters = try await rows(
            "SELECT observer, reason, retried, COUNT(*) FROM dead_letters GROUP BY observer, reason, retried"
        ) { "\($0.integer(0)): \($0.text(1)), retried \($0.integer(2)): \($0.integer(3))" }
        return "deliveries \(deliveries), dead letters \(letters)"
    }
}
