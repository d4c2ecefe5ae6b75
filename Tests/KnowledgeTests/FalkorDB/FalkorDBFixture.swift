import Caching
import Core
import Storage
import TestKit

@testable import Knowledge

/// A client of the FalkorDB that suites share, with names of its own there.
struct FalkorDBFixture {
    /// The client.
    let client: FalkorDBClient
    /// A tenant whose graph nobody else has.
    let tenant = Tenant.first
    private let store: TestStore

    init() async throws {
        store = try await TestStore()
        let settings = try SettingsRegistry(KnowledgeSettings.all).values(from: [
            SettingsSource(name: "test", texts: try await GraphPlace.falkorDB.settings(for: store))
        ])
        guard let url = settings[KnowledgeSettings.falkorDBURL].value else {
            throw Failure.internal("There is no address.")
        }
        client = try FalkorDBClient(url, replicas: [], settings: settings, metrics: store.metrics)
        try await write(CypherQuery("RETURN 1"))
    }

    /// Changes the graph.
    func write(_ queries: CypherQuery...) async throws {
        let graph = client.graph(of: tenant)
        for reply in try await client.send(queries.map { $0.writing(graph) }) { _ = try CypherReply(reply) }
    }

    /// Asks the graph.
    func ask(_ query: CypherQuery) async throws -> [[CypherValue]] {
        let reply = try await client.send([query.reading(client.graph(of: tenant), milliseconds: 5_000)])
        return try CypherReply(reply[0]).rows
    }
}
