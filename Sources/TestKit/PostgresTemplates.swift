import Core
import Storage
import Synchronization
import Telemetry

/// Databases whose tables are in place, of which each test gets a copy: making the tables takes ten times as long.
final class PostgresTemplates: Sendable {
    static let shared = PostgresTemplates()

    private let templates = Mutex<[String: Task<String, any Error>]>([:])

    /// Makes a database with some tables and returns its address.
    func makeDatabase(_ schemas: [Schema]) async throws -> String {
        let server = try await PostgresServer.shared()
        // What a migration says is part of the key: two suites may call different things alike.
        let key = schemas.map { "\($0.room) \($0.migrations)" }.joined(separator: ";")
        let template = templates.withLock { templates in
            if let known = templates[key] { return known }
            let made = Task.detached { try await Self.make(schemas, on: server) }
            templates[key] = made
            return made
        }
        return try server.makeDatabase(from: try await template.value)
    }

    /// Makes the tables, and returns the name of the database once nobody is connected to it any more.
    private static func make(_ schemas: [Schema], on server: PostgresServer) async throws -> String {
        let url = try server.makeDatabase()
        let database = try await PostgresDatabase(PostgresOptions(url: url), metrics: MetricsRegistry())
        try await database.migrate(schemas)
        await database.close()
        try server.waitUntilUnused(url)
        return url.split(separator: "/").last.map(String.init) ?? ""
    }
}
