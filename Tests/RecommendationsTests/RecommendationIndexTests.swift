import ChangeLog
import Core
import TestKit
import Testing

@testable import Recommendations

/// What is in memory is what the tables say, whatever came in which order.
@Suite struct RecommendationIndexTests {
    /// What is known of a user, without what may differ from one process to the next.
    private struct Known: Hashable {
        var interactionCount: Int32
        var isDescribed: Bool
        var items: [ItemKey: Float]
        var times: [ItemKey: Int64]
    }

    private func known(in world: RecommendationsWorld) throws -> [String: Known] {
        let index = try #require(world.role.index.find(.first))
        let catalog = index.snapshot.catalog
        var all: [String: Known] = [:]
        index.histories.forEach { user, history in
            let entries = history.entries.map { (catalog[$0.slot].key, $0) }
            all[user] = Known(
                interactionCount: history.interactionCount, isDescribed: history.isDescribed,
                items: Dictionary(uniqueKeysWithValues: entries.map { ($0, $1.weight) }),
                times: Dictionary(uniqueKeysWithValues: entries.map { ($0, $1.time) }))
        }
        #expect(all.count == index.histories.count)
        #expect(all.values.reduce(0) { $0 + Int($1.interactionCount) } == index.histories.interactionCount)
        #expect(all.values.reduce(0) { $0 + $1.items.count } == index.histories.entryCount)
        return all
    }

    /// One thing that a client may do, who does not wait until it is known.
    private func act(_ world: RecommendationsWorld, _ random: inout SeededRandom) async throws {
        let user = "u\(Int.random(in: 0..<3, using: &random))"
        let other = "u\(Int.random(in: 6..<8, using: &random))"
        let items = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            ItemKey.product("p\(Int.random(in: 0..<20, using: &random))")
        }
        let choice = Int.random(in: 0..<20, using: &random)
        _ = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            switch choice {
            case 0..<14:
                let name = choice < 3 ? other : user
                try role.interactions.add(items.map { InteractionDraft(name, $0, .named("like")) }, in: unit)
            case 14..<16:
                let done = try role.interactions.list(
                    of: user, item: items[0], limit: 100, unit.tenant, in: unit.transaction)
                try role.interactions.remove(done, in: unit)
            case 16, 17: _ = try role.users.merge(other, into: user, in: unit)
            case 18: _ = try role.users.put(user, attributes: JSONObject(), in: unit)
            default:
                let isKnown = try !role.interactions.list(of: user, limit: 1, unit.tenant, in: unit.transaction).isEmpty
                if isKnown { try role.users.delete(user, in: unit) }
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func itIsTheSameAsReadAnew(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let world = try await RecommendationsWorld(engine)
        try await world.items("p0")
        let seeds = (0..<8).map { _ in random.next() }
        // Some of them read all while it is written.
        let others = try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in seeds {
                group.addTask {
                    var random = SeededRandom(seed: seed)
                    for _ in 0..<60 { try await act(world, &random) }
                }
            }
            var others: [RecommendationsWorld] = []
            for _ in 0..<3 {
                let other = try await RecommendationsWorld(on: world.store)
                try await wait { other.role.isReady }
                others.append(other)
            }
            try await group.waitForAll()
            return others
        }
        try await world.role.waitUntilKnown(world.store.log.seen, atMost: .seconds(60))
        let again = try await RecommendationsWorld(on: world.store)
        try await again.role.waitUntilKnown(world.store.log.seen, atMost: .seconds(60))
        #expect(try known(in: world) == known(in: again), "\(random)")
        for other in others {
            try await other.role.waitUntilKnown(world.store.log.seen, atMost: .seconds(60))
            #expect(try known(in: other) == known(in: again), "\(random)")
        }
    }

    /// Answers are kept by what they follow from, and are kept longer than an index.
    @Test func noStateIsTakenForOneOfAnIndexBefore() async throws {
        let world = try await RecommendationsWorld()
        try await world.items("a")
        #expect(try world.recommended(.user("ann")) == ["a"])
        let before = try world.role.state(of: .user("ann"), of: .first)
        try await world.write { [role = world.role] unit in
            try role.items.delete(.product("a"), in: unit)
            try role.items.put([ItemDraft(.product("b"))], in: unit)
        }
        try await world.role.index.rebuild()
        #expect(try world.recommended(.user("ann")) == ["b"])
        let after = try world.role.state(of: .user("ann"), of: .first)
        #expect(after.base != before.base && after.popular != before.popular)
    }

    /// Clients may tell of events under any name but those of the shop.
    @Test func eventsOfClientsUnderItsNamesChangeNothing() async throws {
        let world = try await RecommendationsWorld()
        try await world.items("a")
        try await world.write { unit in
            for type in ["recommendation_item", "recommendation_user", "recommendation_merge", "interaction"] {
                for data in ["{}", #"{"user_id": "ann", "from": "bob"}"#] {
                    try unit.recordCustom(type, unit.makeIdentifier(), data: Array(data.utf8))
                }
            }
        }
        try await world.user("ann", "view", "a")
        #expect(try world.recommended(.user("ann")).isEmpty)
        #expect(world.role.index.find(.first)?.histories.count == 1)
    }
}
