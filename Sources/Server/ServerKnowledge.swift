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

    /// The graphs of a store.
    ///
    /// - parameter embedder: turns texts into vectors, where graphs are to have that done; nil has clients send them.
    init(_ store: Store, embedder: Embedder?, settings: SettingsValues, logger: Logger) {
        let role = KnowledgeRole(store.log, settings: settings, metrics: store.metrics, logger: logger)
        let patience = Duration.milliseconds(settings[APISettings.positionWait])
        routes = Routes.knowledgeRoutes(
            role, embedder: settings[KnowledgeSettings.embedding].isOn ? embedder : nil,
            embeddingPatience: .milliseconds(settings[KnowledgeSettings.embeddingPatience]), patience: patience)
        services = role.services
        checks = [.following(role.follower, settings: settings) { role.isReady }]
    }
}
