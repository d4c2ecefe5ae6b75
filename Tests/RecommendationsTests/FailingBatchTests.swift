import ChangeLog
import Core
import Logging
import Storage
import TestKit
import Testing

@testable import Recommendations

/// A batch of changes that cannot be taken up as a whole leaves everything as it was, so it counts once when it is
/// given again.
@Suite(.timeLimit(.minutes(5))) struct FailingBatchTests {
    private static let engines = TestStore.Engine.allCases
    private static let tenants = (1...12).map { Tenant(Int64($0)) }

    /// The role on a store that nothing follows, and how far it has read.
    private func role(_ store: TestStore) async throws -> RecommendationsRole {
        let role = RecommendationsRole(store.log, metrics: store.metrics, logger: Logger(label: "test"))
        try await role.index.rebuild()
        return role
    }

    private func changes(after position: LogPosition, in store: TestStore) async throws -> [Change] {
        _ = try await store.settledHead()
        return try await store.log.changes(after: position, limit: 1_000)
    }

    private func write(
        _ store: TestStore, as tenant: Tenant, _ body: @escaping @Sendable (UnitOfWork) throws -> Void
    ) async throws {
        _ = try await store.log.write(ChangeContext(tenant: tenant, actor: "test"), body)
    }

    /// What is counted of all tenants.
    private func counts(_ role: RecommendationsRole) -> [[Float]] {
        Self.tenants.map { tenant in
            guard let index = role.index.find(tenant) else { return [] }
            return [Float(index.histories.interactionCount)] + index.popularity.sums.weights
        }
    }

    @Test(arguments: engines) func aChangeThatCannotBeRead(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [RecommendationsSchema.schema])
        let role = try await role(store)
        let start = try await store.settledHead()
        for tenant in Self.tenants {
            try await write(store, as: tenant) { unit in
                try role.interactions.add([InteractionDraft("ann", .product("a"), .named("like"))], in: unit)
            }
        }
        let good = try await changes(after: start, in: store)
        try await write(store, as: Tenant(5)) { unit in
            try unit.recordInsert(Interaction.entityType, unit.makeIdentifier(), after: Array(#"{"id": 7}"#.utf8))
        }
        let all = try await changes(after: start, in: store)
        for _ in 0..<3 {
            await #expect(throws: Failure.self) {
                try await role.index.apply(all, upTo: try #require(all.last).position)
            }
        }
        #expect(counts(role).allSatisfy { $0.isEmpty || $0 == [0] })
        try await role.index.apply(good, upTo: try #require(good.last).position)
        #expect(counts(role).allSatisfy { $0 == [1, 2] }, "\(counts(role))")
    }

    @Test(arguments: engines) func aUserWhoCannotBeReadAnew(_ engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [RecommendationsSchema.schema])
        try await write(store, as: .first) { unit in
            let done = ["a", "b"].map { InteractionDraft("ann", .product($0), .named("view")) }
            try Interactions().add(done, in: unit)
        }
        _ = try await store.settledHead()
        let role = try await role(store)
        let start = store.log.head
        try await write(store, as: .first) { unit in
            let done = ["a", "b"].map { InteractionDraft("bob", .product($0), .named("like")) }
            try role.interactions.add(done, in: unit)
            _ = try role.users.merge("ann", into: "eve", in: unit)
        }
        let all = try await changes(after: start, in: store)
        let position = try #require(all.last).position
        func damage(_ type: String) async throws {
            _ = try await store.database.write {
                try $0.execute("UPDATE interactions SET interaction_type = \(type) WHERE user_id = 'eve'")
            }
        }
        try await damage("broken")
        let before = counts(role)
        for _ in 0..<3 {
            await #expect(throws: (any Error).self) { try await role.index.apply(all, upTo: position) }
        }
        #expect(counts(role) == before)
        try await damage("\"view\"")
        try await role.index.apply(all, upTo: position)
        let index = try #require(role.index.find(.first))
        #expect(index.histories.interactionCount == 4 && index.popularity.sums.weights == [3, 3])
        #expect(index.histories.find("ann") == nil)
        for user in ["bob", "eve"] { #expect(index.histories.find(user)?.interactionCount == 2) }
    }
}
