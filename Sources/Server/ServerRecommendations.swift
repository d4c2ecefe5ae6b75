import API
import Core
import Logging
import Recommendations
import ServiceLifecycle
import Storage

/// The recommendations of a server: the role, what runs for it, and what is served and checked of it.
struct ServerRecommendations: Sendable {
    /// The routes.
    let routes: [Route]
    /// What runs.
    let services: [any Service]
    /// What must be well for the server to be ready.
    let checks: [ReadinessCheck]

    /// The recommendations of a store.
    init(_ store: Store, settings: SettingsValues, logger: Logger) {
        let role = RecommendationsRole(
            store.log, shop: store.commerce, directory: store.directory.file("recommendations"), settings: settings,
            metrics: store.metrics, logger: logger)
        routes = Routes.recommendationRoutes(
            role, cacheSize: settings[RecommendationsSettings.cacheSize], metrics: store.metrics,
            patience: .milliseconds(settings[APISettings.positionWait]))
        services = role.services
        checks = [.following(role.follower, settings: settings) { role.isReady }]
    }
}
