import API
import Core
import Logging
import Recommendations
import TestKit

/// The role of recommendations for the tests of its routes.
struct RecommendationRoutesFixture {
    let routes: [Route]
    let role: RecommendationsRole

    /// The role on a store.
    init(_ store: TestStore, settings texts: [String: String] = [:]) throws {
        let settings = try SettingsRegistry(RecommendationsSettings.all).values(
            from: [SettingsSource(name: "test", texts: texts)])
        role = RecommendationsRole(
            store.log, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
        routes = Routes.recommendationRoutes(
            role, cacheSize: settings[RecommendationsSettings.cacheSize], metrics: store.metrics, patience: .seconds(20)
        )
    }

    /// Runs the closure with a server of the routes of recommendations, which knows what is written.
    static func withServer(
        _ engine: TestStore.Engine = .sqlite, settings: [String: String] = [:],
        _ body: (LiveServer) async throws -> Void
    ) async throws {
        let store = try await TestStore(
            engine, schemas: LiveServer.schemas + [RecommendationsSchema.schema], clock: SystemTime())
        let fixture = try RecommendationRoutesFixture(store, settings: settings)
        try await fixture.run { try await LiveServer.run(store, routes: fixture.routes, body) }
    }

    /// Runs the closure while what is written becomes known.
    func run(_ body: () async throws -> Void) async throws {
        try await RunningServices.run(role.services, body)
    }
}
