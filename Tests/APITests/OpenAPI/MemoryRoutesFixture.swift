import API
import ChangeLog
import Core
import Embedding
import Logging
import Memories
import TestKit

/// The role of memories for the tests of its routes, with vectors of three components.
struct MemoryRoutesFixture {
    let role: MemoryRole
    private let memories: MemoryCollections
    private let embedder: Embedder?

    /// How long a request may wait until what was written is found.
    private let patience: Duration

    /// The directory of the role in that of the store.
    static let directory = "memories"

    /// The role on a store.
    init(
        _ store: TestStore, settings texts: [String: String] = [:], patience: Duration = .seconds(20)
    ) throws {
        self.patience = patience
        let settings = try SettingsRegistry(MemoriesSettings.all + EmbeddingSettings.all).values(from: [
            SettingsSource(name: "test", texts: texts.merging(["memories.dimensions": "3"]) { $1 })
        ])
        let logger = Logger(label: "test")
        role = MemoryRole(
            store.log, directory: store.directory.file(Self.directory), settings: settings, metrics: store.metrics,
            logger: logger)
        memories = MemoryCollections(role.collections, settings: settings)
        embedder = try Embedder(settings: settings, metrics: store.metrics, logger: logger)
    }

    var routes: [Route] {
        Routes.memoryRoutes(role, memories, embedder: embedder, patience: patience)
            + Routes.qdrantRoutes(role, patience: patience)
            + Routes.collectionRoutes(role, memories, embedder: embedder, patience: patience)
    }

    /// Runs the closure with a server of the routes of memories, which finds what is written.
    static func withServer(
        _ engine: TestStore.Engine, settings: [String: String] = [:], _ body: (LiveServer) async throws -> Void
    ) async throws {
        let store = try await TestStore(
            engine, schemas: LiveServer.schemas + [MemoriesSchema.schema], clock: SystemTime())
        let fixture = try MemoryRoutesFixture(store, settings: settings)
        try await fixture.run { try await LiveServer.run(store, routes: fixture.routes, body) }
    }

    /// Runs the closure while what is written is being indexed.
    func run(_ body: () async throws -> Void) async throws {
        defer { embedder?.close() }
        try await RunningServices.run(role.services, body)
    }
}
