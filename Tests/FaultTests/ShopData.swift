import Storage
import Telemetry
import TestKit

/// The data of a shop, which outlives the servers on it.
struct ShopData {
    private let directory: TemporaryDirectory
    private let server: PostgresServer?
    private let url: String?

    init(_ engine: TestStore.Engine) throws {
        directory = try TemporaryDirectory()
        server = engine == .postgres ? try PostgresServer() : nil
        url = try server?.makeDatabase()
    }

    /// Starts a server. On PostgreSQL it waits until the lease of the one that was killed is over.
    func start(_ settings: [String] = []) async throws -> Shop {
        let shop = try await Shop(
            data: directory.file("data"), settings: ["leases.duration=3"] + settings, database: url)
        try await shop.process.waitUntilReady()
        return shop
    }

    /// Has the log lose all but its last change, as retention does. No server may run.
    func cutLog() async throws {
        try await use { database in
            _ = try await database.write { transaction in
                let last = try transaction.first("SELECT MAX(position) - 1 FROM changes") { $0.integer(0) } ?? 0
                try transaction.execute("UPDATE change_log_start SET position = \(last)")
                try transaction.execute("DELETE FROM changes WHERE position <= \(last)")
            }
        }
    }

    /// A number beside the servers. None may run.
    func count(_ query: SQL) async throws -> Int64 {
        try await use { database in try await database.read { try $0.first(query) { $0.integer(0) } } ?? 0 }
    }

    private func use<T: Sendable>(_ body: (any Database) async throws -> T) async throws -> T {
        guard let url else {
            return try await SQLiteDatabase(
                path: directory.file("data/millrace.sqlite"), metrics: MetricsRegistry()
            ).use { try await body($0) }
        }
        return try await PostgresDatabase(PostgresOptions(url: url), metrics: MetricsRegistry())
            .use { try await body($0) }
    }
}
