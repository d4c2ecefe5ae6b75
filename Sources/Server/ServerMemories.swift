import API
import ChangeLog
import Core
import Embedding
import Logging
import Memories
import ServiceLifecycle
import Storage

/// The memories of a server: the role, what runs for it, and what is served and checked of it.
struct ServerMemories: Sendable {
    /// The routes.
    let routes: [Route]
    /// What runs.
    let services: [any Service]
    /// What must be well for the server to be ready.
    let checks: [ReadinessCheck]

    private let role: MemoryRole
    private let engine: ServerEngine

    /// The directory with what vectors are found by, and with snapshots. All but the snapshots can be deleted at any
    /// time while the server does not run.
    static let directoryName = "memories"

    /// The memories of a store.
    ///
    /// - parameter embedder: turns texts into vectors; nil has clients send them.
    /// - throws: ``Failure`` `invalid_settings` when they do not say where the vector engine is.
    init(_ store: Store, embedder: Embedder?, settings: SettingsValues, logger: Logger) throws {
        let url = settings[StorageSettings.url]
        let engine = try EngineAccess(
            settings: settings, store: url.isEmpty ? nil : PostgresOptions(url: url, settings: settings),
            metrics: store.metrics)
        let role = MemoryRole(
            store.log, directory: store.directory.file(Self.directoryName), engine: engine, settings: settings,
            metrics: store.metrics, logger: logger)
        self.role = role
        let patience = Duration.milliseconds(settings[APISettings.positionWait])
        let memories = MemoryCollections(role.collections, settings: settings)
        routes =
            Routes.memoryRoutes(
                role, memories, embedder: embedder,
                graphs: GraphCapabilities(settings: settings, hasEmbedder: embedder != nil), patience: patience)
            + Routes.qdrantRoutes(role, patience: patience)
            + Routes.collectionRoutes(role, memories, embedder: embedder, patience: patience)
        services = role.services
        self.engine = ServerEngine("vector engine", name: role.engineName, logger: logger) {
            try await role.checkEngine()
        }
        checks = self.engine.checks + [.following(role.follower, settings: settings) { role.isReady }]
    }

    /// Looks whether the vector engine is there. One that is away is waited for: until then the server is not ready.
    ///
    /// - throws: ``Failure`` when somebody must correct something first.
    func prepare() async throws { try await engine.prepare() }

    /// Keeps the indexes for the next start. The services must have stopped.
    func close() { role.close() }
}
