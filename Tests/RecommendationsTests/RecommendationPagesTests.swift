import ChangeLog
import Core
import TestKit
import Testing

@testable import Recommendations

/// One page after the other shows everything once.
@Suite struct RecommendationPagesTests {
    private func world(items: Int) async throws -> RecommendationsWorld {
        let world = try await RecommendationsWorld()
        try await world.write { [role = world.role] unit in
            try role.items.put((0..<items).map { ItemDraft(.product("p\($0)")) }, in: unit)
            try role.interactions.add(
                (0..<40).flatMap { user in
                    (0..<5).map { InteractionDraft("u\(user)", .product("p\((user + $0 * $0) % 60)"), .named("view")) }
                }, in: unit)
        }
        return world
    }

    /// The ids on all pages, the sizes of the pages, and the last answer.
    private func pages(
        _ world: RecommendationsWorld, _ subject: RecommendationQuery.Subject, count: Int,
        between: (Int) async throws -> Void = { _ in }
    ) async throws -> (ids: [String], sizes: [Int], last: Recommendations) {
        var (ids, sizes, previous) = ([String](), [Int](), RecommendationID?.none)
        while true {
            let answer = try world.answer(subject) { ($0.count, $0.previous) = (count, previous) }
            guard !answer.entries.isEmpty, sizes.count < 100 else { return (ids, sizes, answer) }
            ids += answer.entries.map(\.item.id)
            sizes.append(answer.entries.count)
            previous = answer.id.flatMap { RecommendationID($0.text(of: .first), of: .first) }
            try #require(previous != nil)
            try await between(sizes.count)
        }
    }

    @Test func allItemsComeOnceThoughAModelIsSwapped() async throws {
        let all = Set((0..<137).map { "p\($0)" })
        for subject in [RecommendationQuery.Subject.user("u3"), .user("new"), .everybody, .item(.product("p3"))] {
            let world = try await world(items: 137)
            let (ids, sizes, _) = try await pages(world, subject, count: 10) { page in
                if page == 2 || page == 5 {
                    try await world.user("u\(page)", "view", "p100")
                    try await world.train()
                }
            }
            let seen: Set<String> =
                switch subject {
                case .user("u3"): ["p3", "p4", "p7", "p12", "p19"]
                case .item: ["p3"]
                default: []
                }
            #expect(Set(ids) == all.subtracting(seen), "\(subject)")
            #expect(ids.count == Set(ids).count, "\(subject)")
            #expect(sizes.dropLast().allSatisfy { $0 == 10 }, "\(subject)")
        }
    }

    @Test func thereAreFiveHundredItemsOnAllPages() async throws {
        let world = try await world(items: 520)
        for (count, last) in [(100, 100), (30, 20)] {
            let (ids, sizes, answer) = try await pages(world, .user("u3"), count: count)
            #expect(ids.count == 500 && Set(ids).count == 500 && sizes.last == last)
            #expect(answer.entries.isEmpty && answer.id == nil)
        }
    }
}
