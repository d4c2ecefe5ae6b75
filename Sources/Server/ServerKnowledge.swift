import API
import Core
import Embedding
import Knowledge
import Logging
import ServiceLifecycle
import Storage

/// The graphs of a server: the role, what runs for it, and what is served and checked of it.
struct ServerKnowledge: Sendable {
    /// The routes.
    let routes: [Route]
    /// What runs.
    let services: [any Service]
    /// What must be well for the server to be ready.
    let checks: [ReadinessCheck]

    private let role: KnowledgeRole
    private let engine: ServerEngine
    private let crossEncoder: CrossEncoder?

    /// The graphs of a store.
    ///
    /// - parameter embedder: turns texts into vectors, where graphs are to have that done; nil has clients send them.
    /// - throws: ``Failure`` `invalid_settings` when they do not say where the graph engine is, or a setting of the
    ///   endpoint that ranks is not acceptable.
    init(_ store: Store, embedder: Embedder?, settings: SettingsValues, logger: Logger) throws {
        let access = try GraphEngineAccess(settings: settings, metrics: store.metrics)
        let role = KnowledgeRole(
            store.log, engine: access, shop: store.commerce, settings: settings, metrics: store.metrics, logger: logger)
        self.role = role
        engine = ServerEngine("graph engine", name: role.engineName, logger: logger) { try await role.checkEngine() }
        let patience = Duration.milliseconds(settings[APISettings.positionWait])
        crossEncoder = try CrossEncoder(settings: settings, metrics: store.metrics, logger: logger)
        routes = Routes.knowledgeRoutes(
            role, embedder: settings[KnowledgeSettings.embedding].isOn ? embedder : nil,
            embeddingPatience: .milliseconds(settings[KnowledgeSettings.embeddingPatience]),
            crossEncoder: crossEncoder, patience: patience)
        services = role.services
        checks = engine.checks + [.following(role.follower, settings: settings) { role.isReady }]
    }

    /// Looks whether the graph engine is there. One that is away is waited for: until then the server is not ready.
    ///
    /// - throws: ``Failure`` when somebody must correct something first.
    func prepare() async throws { try await engine.prepare() }

    /// Ends what is asked of the endpoint that ranks, and closes the connections to the graph engine. The services must
    /// have stopped.
    func close() async {
        crossEncoder?.close()
        await role.close()
    }
}
