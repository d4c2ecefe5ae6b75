import API
import Core
import Knowledge
import Logging
import TestKit

/// The role of graphs for the tests of its routes, with vectors of three components.
struct KnowledgeRoutesFixture {
    private let role: KnowledgeRole

    /// The role on a store.
    init(_ store: TestStore) throws {
        let settings = try SettingsRegistry(KnowledgeSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["knowledge.dimensions": "3"])
        ])
        role = KnowledgeRole(store.log, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
    }

    var routes: [Route] { Routes.knowledgeRoutes(role, patience: .seconds(20)) }

    /// Runs the closure while what is written is being indexed.
    func run(_ body: () async throws -> Void) async throws {
        try await RunningServices.run(role.services, body)
    }
}
