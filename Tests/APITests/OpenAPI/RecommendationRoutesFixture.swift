import API
import ChangeLog
import Core
import Logging
import Recommendations
import TestKit

/// The role of recommendations for the tests of its routes.
struct RecommendationRoutesFixture {
    let routes: [Route]
    let role: RecommendationsRole

    /// The role on a store.
    ///
    /// - parameters:
    ///   - shop: feeds it; nil has nobody do that.
    ///   - patience: how long a request waits until what was written is known.
    init(
        _ store: TestStore, settings texts: [String: String] = [:], shop: (any EntityImages)? = nil,
        patience: Duration = .seconds(20)
    ) throws {
        let settings = try SettingsRegistry(RecommendationsSettings.all).values(
            from: [SettingsSource(name: "test", texts: texts)])
        role = RecommendationsRole(
            store.log, shop: shop, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
        routes = Routes.recommendationRoutes(
            role, cacheSize: settings[RecommendationsSettings.cacheSize], metrics: store.metrics, patience: patience)
    }

    /// Runs the closure with a server of the routes of recommendations, which knows what is written.
    ///
    /// - parameter routes: what is served besides.
    static func withServer(
        _ engine: TestStore.Engine = .sqlite, settings: [String: String] = [:], shop: (any EntityImages)? = nil,
        routes others: [Route] = [], _ body: (LiveServer) async throws -> Void
    ) async throws {
        let store = try await TestStore(
            engine, schemas: LiveServer.schemas + [RecommendationsSchema.schema], clock: SystemTime())
        let fixture = try RecommendationRoutesFixture(store, settings: settings, shop: shop)
        try await fixture.run { try await LiveServer.run(store, routes: others + fixture.routes, body) }
    }

    /// Runs the closure while what is written becomes known.
    func run(_ body: () async throws -> Void) async throws {
        try await RunningServices.run(role.services, body)
    }
}
