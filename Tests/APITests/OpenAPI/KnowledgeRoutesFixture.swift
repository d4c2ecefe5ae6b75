import API
import Commerce
import Core
import Embedding
import Knowledge
import Logging
import TestKit

/// The role of graphs for the tests of its routes, with vectors of three components.
struct KnowledgeRoutesFixture {
    let routes: [Route]
    private let role: KnowledgeRole
    private let embedder: Embedder?
    private let crossEncoder: CrossEncoder?

    /// The role on a store.
    init(_ store: TestStore, settings texts: [String: String] = [:]) throws {
        let own = ["knowledge.dimensions": "3"].merging(texts) { $1 }
        let all = KnowledgeSettings.all + RerankerSettings.all + EmbeddingSettings.all
        let settings = try SettingsRegistry(all).values(from: [SettingsSource(name: "test", texts: own)])
        let logger = Logger(label: "test")
        role = KnowledgeRole(
            store.log, engine: try GraphEngineAccess(settings: settings, metrics: store.metrics), shop: Commerce(),
            settings: settings, metrics: store.metrics, logger: logger)
        embedder = try Embedder(settings: settings, metrics: store.metrics, logger: logger)
        crossEncoder = try CrossEncoder(settings: settings, metrics: store.metrics, logger: logger)
        routes = Routes.knowledgeRoutes(
            role, embedder: embedder,
            embeddingPatience: .milliseconds(settings[KnowledgeSettings.embeddingPatience]),
            crossEncoder: crossEncoder, patience: .seconds(20))
    }

    /// Runs the closure with a server of the routes of graphs, which finds what is written.
    ///
    /// - parameter routes: what is served besides.
    static func withServer(
        _ engine: TestStore.Engine = .sqlite, settings: [String: String] = [:], routes: [Route] = [],
        _ body: (LiveServer) async throws -> Void
    ) async throws {
        let store = try await TestStore(
            engine, schemas: LiveServer.schemas + [KnowledgeSchema.schema], clock: SystemTime())
        let fixture = try KnowledgeRoutesFixture(store, settings: settings)
        try await fixture.run { try await LiveServer.run(store, routes: routes + fixture.routes, body) }
    }

    /// Runs the closure while what is written is being indexed.
    func run(_ body: () async throws -> Void) async throws {
        defer {
            embedder?.close()
            crossEncoder?.close()
        }
        try await RunningServices.run(role.services, body)
        await role.close()
    }
}
