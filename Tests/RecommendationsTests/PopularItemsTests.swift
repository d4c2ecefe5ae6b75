import ChangeLog
import Core
import Learning
import TestKit
import Testing

@testable import Recommendations

/// Who is new gets what is in demand, however long ago that was, and is told so truly.
@Suite struct PopularItemsTests {
    private static let engines = TestStore.Engine.allCases

    /// A shop of thirty years ago: `b` was bought most, `c` last, and `e` was written last.
    private func oldShop(_ engine: TestStore.Engine = .sqlite) async throws -> RecommendationsWorld {
        let world = try await RecommendationsWorld(engine)
        try await world.items("a", "b", "c", "d", "e")
        let start = try #require(Timestamp("1996-07-04T00:00:00Z"))
        for day in 0..<9 {
            let time = start.advanced(bySeconds: Int64(day) * 86_400)
            try await world.user("u\(day)", "purchase", "b", at: time)
            if day < 3 { try await world.user("u\(day)", "purchase", "a", at: time) }
            if day == 8 { try await world.user("u8", "purchase", "c", at: time.advanced(bySeconds: 60)) }
        }
        return world
    }

    @Test(arguments: engines) func whatIsOldIsPopularAndNotTrending(_ engine: TestStore.Engine) async throws {
        let world = try await oldShop(engine)
        let reasons: [Recommendations.Reason] = [.popular, .popular, .chosen, .available, .available]
        let subjects: [RecommendationQuery.Subject] = [.user("new"), .everybody]
        for _ in 0..<2 {
            for (subject, algorithm) in zip(subjects, [RecommendationQuery.Algorithm.hybrid, .trending]) {
                let answer = try world.answer(subject) { $0.algorithm = algorithm }
                #expect(answer.entries.map(\.item.id) == ["b", "a", "c", "e", "d"], "\(subject)")
                #expect(answer.entries.map(\.reason) == reasons, "\(subject)")
                #expect(answer.entries.map(\.score) == answer.entries.map(\.score).sorted(by: >), "\(subject)")
            }
            try await world.train()
        }
    }

    @Test func whatIsDoneNowComesBeforeWhatIsOldOnceItIsEnough() async throws {
        let world = try await oldShop()
        try await world.user("now", "view", "d")
        let answer = try world.answer(.user("new"))
        #expect(answer.entries.map(\.item.id) == ["b", "d", "a", "c", "e"])
        #expect(answer.entries.map(\.reason) == [.popular, .trending, .popular, .chosen, .available])
        let trends = try world.recommended(.everybody) { $0.algorithm = .trending }
        #expect(trends == ["d", "b", "a", "c", "e"])
        for user in 0..<20 { try await world.user("now\(user)", "view", "d") }
        try await wait { try world.recommended(.user("new")) == ["d", "b", "a", "c", "e"] }
        #expect(try world.answer(.user("new")).entries.first?.reason == .trending)
    }

    /// Among many items that takes a while, for which no request is to wait.
    @Test(arguments: engines) func whatIsPopularIsKnownBeforeAnybodyAsks(_ engine: TestStore.Engine) async throws {
        let world = try await oldShop(engine)
        let again = try await RecommendationsWorld(on: world.store)
        try await again.role.waitUntilKnown(world.role.follower.position, atMost: .seconds(60))
        let snapshot = try #require(again.role.index.find(.first)).snapshot
        let popular = snapshot.popular.candidates("product", by: .popular).map { snapshot.catalog[$0.slot].key.id }
        #expect(popular == ["b", "a", "c", "e", "d"])
    }

    @Test func nothingTrendsForever() async throws {
        let world = try await RecommendationsWorld()
        try await world.items("a", "b", "c")
        for user in 0..<5 { try await world.user("u\(user)", "view", "a") }
        try await world.user("u0", "view", "b")
        func reasons() throws -> [Recommendations.Reason] { try world.answer(.user("new")).entries.map(\.reason) }
        #expect(try reasons() == [.trending, .chosen, .available])
        let state = try world.role.state(of: .user("new"), of: .first)
        world.store.time.advance(bySeconds: 30 * 86_400)
        try await wait { try reasons() == [.popular, .chosen, .available] }
        // An answer that was kept while it trended is not given any more.
        #expect(try world.role.state(of: .user("new"), of: .first).popular != state.popular)
    }

    /// Whatever moment it is, what was done later counts more by the same rule.
    @Test func theOrderOfTrendsDoesNotDependOnTheMoment() {
        var random = SeededRandom.fresh()
        var catalog = Catalog()
        var sums = ItemPopularity.Sums(recent: Trending(halfLife: 7 * 86_400))
        let start = Timestamp(microseconds: 800_000_000_000_000)
        for number in 0..<50 {
            let slot = catalog.set(Item(ItemDraft(.product("p\(number)")), of: .first, at: start))
            sums.weights.append(0)
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let time = start.advanced(bySeconds: Int64.random(in: 0..<40 * 86_400, using: &random))
                sums.weights[Int(slot)] += 1
                sums.recent.add(slot, at: time)
            }
        }
        let end = start.advanced(bySeconds: 40 * 86_400)
        sums.newest = end
        func trends(_ years: Int64) -> [Int32] {
            PopularItems(catalog, sums, at: end.advanced(bySeconds: years * 31_536_000))
                .candidates("product", by: .trending).map(\.slot)
        }
        #expect(trends(0) == sums.recent.ranking(), "\(random)")
        #expect(trends(30) == trends(0), "\(random)")
    }
}
