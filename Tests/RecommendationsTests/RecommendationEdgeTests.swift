import ChangeLog
import Core
import TestKit
import Testing

@testable import Recommendations

/// Tenants of whom there is next to nothing, weights of nothing, and times that cannot be: every question has an
/// answer.
@Suite(.timeLimit(.minutes(5))) struct RecommendationEdgeTests {
    private static let engines = TestStore.Engine.allCases

    /// What is found by each algorithm for each subject holds no item twice, none that is not there, and nothing more
    /// than that; trained and not.
    private func expectOrderly(
        _ world: RecommendationsWorld, there: Set<String>, seen: [String: Set<String>], as tenant: Tenant = .first
    ) async throws {
        for _ in 0..<2 {
            for algorithm in RecommendationQuery.Algorithm.allCases {
                for (user, known) in seen {
                    let answer = try world.answer(.user(user), as: tenant) { $0.algorithm = algorithm }
                    let found = answer.entries.map(\.item.id)
                    #expect(Set(found) == there.subtracting(known) && found.count == Set(found).count, "\(algorithm)")
                    #expect(answer.entries.allSatisfy { $0.score.isFinite }, "\(algorithm)")
                }
                let products = there.sorted().map(ItemKey.product)
                let subjects: [RecommendationQuery.Subject] = [
                    .everybody, .items(products), .bundle(products), .items([.product("nothing")]),
                    .bundle([.product("nothing")]),
                ]
                for subject in subjects {
                    let found = try world.recommended(subject, as: tenant) {
                        ($0.algorithm, $0.diversity, $0.exploration) = (algorithm, 0.5, 0.5)
                    }
                    #expect(found.count == Set(found).count && there.isSuperset(of: found), "\(subject)")
                }
                for product in products {
                    for count in [10, there.count] {
                        let found = try world.recommended(.item(product), as: tenant) {
                            ($0.algorithm, $0.count, $0.exploration) = (algorithm, count, count == 10 ? 0 : 1)
                        }
                        #expect(Set(found) == there.subtracting([product.id]), "\(algorithm): beside \(product.id)")
                        #expect(found.count == Set(found).count)
                    }
                    let bundle = try world.recommended(.bundle([product]), as: tenant) { $0.algorithm = algorithm }
                    #expect(!bundle.contains(product.id), "\(algorithm): with \(product.id)")
                }
                #expect(throws: Failure.self) { try world.recommended(.item(.product("nothing")), as: tenant) }
            }
            try await world.train()
        }
    }

    @Test(arguments: engines) func aTenantWithNothing(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        // One of which there was something, beside one of which there never was.
        try await world.items("a", as: Tenant(2))
        try await expectOrderly(world, there: [], seen: ["ann": []])
        try await world.user("ann", "view", "a", as: Tenant(2))
        try await world.train()
        try await world.write(as: Tenant(2)) { [role = world.role] unit in
            try role.items.delete(.product("a"), in: unit)
            try role.users.delete("ann", in: unit)
        }
        try await expectOrderly(world, there: [], seen: ["ann": []], as: Tenant(2))
    }

    @Test(arguments: engines) func aTenantWithOneUserWhoHasSeenAll(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b", "c")
        try await world.user("ann", "view", "a", "b")
        try await expectOrderly(world, there: ["a", "b", "c"], seen: ["ann": ["a", "b"], "bob": []])
        try await world.user("ann", "purchase", "c")
        try await expectOrderly(world, there: ["a", "b", "c"], seen: ["ann": ["a", "b", "c"], "bob": []])
        // Who has seen everything is known.
        #expect(try !world.answer(.user("ann")).isColdStart)
        #expect(try world.answer(.user("bob")).isColdStart)
    }

    @Test func aTenantWithOneItem() async throws {
        let world = try await RecommendationsWorld()
        try await world.items("a")
        for user in 0..<30 { try await world.user("u\(user)", "view", "a") }
        try await expectOrderly(world, there: ["a"], seen: ["u3": ["a"], "new": []])
    }

    /// What is worth nothing was seen all the same.
    @Test(arguments: engines) func interactionsThatAreWorthNothing(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b", "c")
        try await world.write { [role = world.role] unit in
            _ = try role.types.put("view", weight: 0, description: nil, in: unit)
        }
        try await world.user("ann", "view", "a", "b")
        try await expectOrderly(world, there: ["a", "b", "c"], seen: ["ann": ["a", "b"], "bob": []])
        // Beside others of whom something was learnt.
        for user in 0..<20 { try await world.user("u\(user)", "like", "a", "b", "c") }
        try await expectOrderly(
            world, there: ["a", "b", "c"], seen: ["ann": ["a", "b"], "u1": ["a", "b", "c"], "bob": []])
    }

    @Test func weightsOfAllSizes() async throws {
        let world = try await RecommendationsWorld()
        try await world.items("a", "b", "c", "d")
        try await world.write { [role = world.role] unit in
            var drafts: [InteractionDraft] = []
            for user in 0..<30 {
                for (place, id) in ["a", "b", "c", "d"].enumerated() where place != user % 4 {
                    let weight = [0, 0.000_001, InteractionDraft.weightLimit, .leastNormalMagnitude][(user + place) % 4]
                    drafts.append(InteractionDraft("u\(user)", .product(id), .named("view"), weight: weight))
                }
            }
            try role.interactions.add(drafts, in: unit)
        }
        try await expectOrderly(
            world, there: ["a", "b", "c", "d"],
            seen: ["u0": ["b", "c", "d"], "u1": ["a", "c", "d"], "u2": ["a", "b", "d"], "new": []])
    }

    /// What is said to be of long ago or of a time to come is learnt from, and hides nothing of what is done now.
    @Test(arguments: engines) func timesThatCannotBe(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("old", "future", "now", "other")
        let first = try #require(Timestamp("0001-01-01T00:00:00Z"))
        let last = try #require(Timestamp("9999-12-31T23:59:59Z"))
        try await world.user("ann", "view", "old", at: first)
        try await world.user("bob", "view", "future", at: last)
        for user in 0..<3 { try await world.user("u\(user)", "view", "now") }
        func expectTrends(_ world: RecommendationsWorld) throws {
            let trending = try world.answer(.everybody) { $0.algorithm = .trending }
            #expect(trending.entries.first?.item.id == "now")
            #expect(trending.entries.prefix(2).map(\.reason) == [.trending, .trending])
            #expect(trending.entries.allSatisfy { $0.score.isFinite })
        }
        try expectTrends(world)
        let seen: [String: Set<String>] = ["ann": ["old"], "bob": ["future"], "u0": ["now"], "new": []]
        try await expectOrderly(world, there: ["old", "future", "now", "other"], seen: seen)
        let again = try await RecommendationsWorld(on: world.store)
        try await again.role.waitUntilKnown(world.role.follower.position, atMost: .seconds(60))
        try expectTrends(again)
    }
}
