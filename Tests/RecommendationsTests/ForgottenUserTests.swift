import ChangeLog
import Core
import Learning
import Storage
import TestKit
import Testing

@testable import Recommendations

/// What a user did who was forgotten counts for nothing any more, in all servers.
@Suite struct ForgottenUserTests {
    /// What all that was done with items counts, by their ids.
    private func popularity(_ world: RecommendationsWorld) throws -> [String: Float] {
        let index = try #require(world.role.index.find(.first))
        let catalog = index.snapshot.catalog
        return index.popularity.sums.weights.enumerated().reduce(into: [:]) { sums, entry in
            if entry.element != 0 { sums[catalog[Int32(entry.offset)].key.id] = entry.element }
        }
    }

    private func forget(_ user: String, in world: RecommendationsWorld) async throws {
        try await world.write { [role = world.role] in _ = try role.users.delete(user, in: $0) }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func itIsPopularNoMore(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b", "c")
        try await world.user("bot", "purchase", "c", "c", "b")
        try await world.user("ann", "view", "a", "b")
        let other = try await RecommendationsWorld(on: world.store)
        try await other.role.waitUntilKnown(world.role.follower.position, atMost: .seconds(60))
        for one in [world, other] { #expect(try popularity(one) == ["a": 1, "b": 6, "c": 10]) }
        #expect(try world.recommended(.everybody).first == "c")
        try await forget("bot", in: world)
        try await other.role.waitUntilKnown(world.role.follower.position, atMost: .seconds(60))
        for one in [world, other] {
            #expect(try popularity(one) == ["a": 1, "b": 1])
            let recent = try #require(one.role.index.find(.first)?.popularity.sums.recent)
            #expect(recent.score(of: 2, at: world.store.log.time.now()) < 0.000_1)
            try await wait { try one.recommended(.everybody).last == "c" }
        }
        // Whoever comes again counts again.
        try await world.user("bot", "view", "c")
        #expect(try popularity(world) == ["a": 1, "b": 1, "c": 1])
    }

    /// What others did is trending as it was, however short a time that counts.
    @Test(arguments: TestStore.Engine.allCases)
    func whatOthersDidTrendsOn(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine, settings: ["recommendations.trend_half_life": "1"])
        let noon = Timestamp(microseconds: (world.store.log.time.now().day * 24 - 12) * 3_600_000_000)
        for hour in -11...0 {
            try await world.user("bot", "purchase", "c", at: noon.advanced(bySeconds: Int64(hour) * 3_600))
        }
        try await world.user("ann", "view", "c", at: noon)
        try await forget("bot", in: world)
        let recent = try #require(world.role.index.find(.first)?.popularity.sums.recent)
        #expect(abs(recent.score(of: 0, at: noon) - 1) < 0.01)
    }

    /// More than is remembered of a user, and more than one change tells of.
    @Test(arguments: TestStore.Engine.allCases)
    func soIsALongHistory(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a")
        try await world.write { [role = world.role] unit in
            try role.interactions.add(
                (0..<2_500).map { InteractionDraft("bot", .product("p\($0)"), .named("view")) }, in: unit)
        }
        #expect(try popularity(world).count == 2_500)
        try await forget("bot", in: world)
        #expect(try popularity(world).isEmpty)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theLogDoesNotSayWhoItWas(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.user("somebody", "view", "a", "b")
        let start = world.store.log.seen
        try await forget("somebody", in: world)
        let changes = try await world.store.database.read { transaction in
            try ChangeLog.batch(
                after: start, upTo: ChangeLog.last(in: transaction), limit: 100, of: .first, in: transaction
            ).changes
        }
        let sums = changes.filter { $0.entityType == "forgotten_interactions" }
        #expect(sums.count == 1)
        let text = String(decoding: try #require(sums.first?.after), as: UTF8.self)
        #expect(text.contains(#""entity_id":"a""#) && !text.contains("somebody"))
        #expect(changes.filter { $0.entityType == "interaction" }.isEmpty)
    }
}
