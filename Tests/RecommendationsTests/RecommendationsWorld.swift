import ChangeLog
import Core
import Logging
import Storage
import TestKit

@testable import Recommendations

/// The role on a store of its own. What follows the log runs for as long as it is held; models are learnt when a test
/// says so.
final class RecommendationsWorld: Sendable {
    let store: TestStore
    let role: RecommendationsRole
    private let follower: Task<Void, any Error>

    /// - parameters:
    ///   - texts: further settings.
    ///   - directory: where models are kept; nil keeps none.
    ///   - shared: the store of another world, which stands for a restart or a second server.
    init(
        _ engine: TestStore.Engine = .sqlite, directory: String? = nil, settings texts: [String: String] = [:],
        on shared: TestStore? = nil
    ) async throws {
        if let shared {
            store = shared
        } else {
            store = try await TestStore(engine, schemas: [RecommendationsSchema.schema])
        }
        let settings = try SettingsRegistry(RecommendationsSettings.all)
            .values(from: [
                SettingsSource(name: "test", texts: ["recommendations.training_share": "100"].merging(texts) { $1 })
            ])
        role = RecommendationsRole(
            store.log, directory: directory, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
        follower = Task { [role] in try await role.follower.run() }
    }

    deinit { follower.cancel() }

    /// Performs a unit of work and waits until what it did is known.
    @discardableResult
    func write<T: Sendable>(
        as tenant: Tenant = .first, _ body: @escaping @Sendable (UnitOfWork) throws -> T
    ) async throws -> T {
        let answer = try await store.log.write(ChangeContext(tenant: tenant, actor: "test"), body)
        try await role.waitUntilKnown(answer.position, atMost: .seconds(60))
        return answer.value
    }

    /// Writes items of the type `product`.
    func items(
        _ ids: String..., attributes: [JSONObject.Member] = [], isAvailable: Bool = true, as tenant: Tenant = .first
    ) async throws {
        try await write(as: tenant) { [role] unit in
            try role.items.put(
                ids.map {
                    ItemDraft(.product($0), attributes: JSONObject(attributes), isAvailable: isAvailable)
                }, in: unit)
        }
    }

    /// Writes that a user did the same with each of some products, in this order.
    func user(
        _ user: String, _ kind: String = "view", _ ids: String..., at time: Timestamp? = nil, as tenant: Tenant = .first
    ) async throws {
        try await write(as: tenant) { [role] unit in
            try role.interactions.add(
                ids.map { InteractionDraft(user, .product($0), .named(kind), time: time) }, in: unit)
        }
    }

    /// The ids of what is recommended.
    func recommended(
        _ subject: RecommendationQuery.Subject, as tenant: Tenant = .first,
        _ change: (inout RecommendationQuery) throws -> Void = { _ in }
    ) throws -> [String] {
        try answer(subject, as: tenant, change).entries.map(\.item.id)
    }

    /// What is recommended.
    func answer(
        _ subject: RecommendationQuery.Subject, as tenant: Tenant = .first,
        _ change: (inout RecommendationQuery) throws -> Void = { _ in }
    ) throws -> Recommendations {
        var query = RecommendationQuery(subject)
        try change(&query)
        return try role.recommend(query, of: tenant)
    }

    /// Learns the models of all tenants.
    func train() async throws {
        while try await role.trainer.trainNext() {}
    }
}

extension ItemKey {
    static func product(_ id: String) -> ItemKey { ItemKey("product", id) }
}
