import ChangeLog
import Core
import TestKit
import Testing

@testable import Recommendations

/// What goes wrong beside a request, and tenants that write much.
@Suite(.timeLimit(.minutes(10))) struct RecommendationFaultTests {
    private static let engines = TestStore.Engine.allCases

    /// Some users who each did something with some items, so that there is something to learn.
    private func fill(
        _ world: RecommendationsWorld, users: Int, of items: [String], as tenant: Tenant = .first
    ) async throws {
        try await world.write(as: tenant) { [role = world.role] unit in
            try role.items.put(items.map { ItemDraft(.product($0)) }, in: unit)
            let drafts = (0..<users).flatMap { user in
                items.enumerated().filter { ($0.offset + user) % 3 != 0 }.map { _, item in
                    InteractionDraft("u\(user)", .product(item), .named("view"))
                }
            }
            try role.interactions.add(drafts, in: unit)
        }
    }

    /// Items are deleted and come back while models are learnt and answers are made. What a question begins after the
    /// deletion of an item was answered, the item is in no answer to it.
    @Test(arguments: engines) func whatIsDeletedIsNotRecommended(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(
            engine, settings: ["recommendations.training_growth": "0", "recommendations.training_interval": "1"])
        let items = (0..<12).map { "p\($0)" }
        try await fill(world, users: 40, of: items)
        let training = Task { [trainer = world.role.trainer] in try await trainer.run() }
        defer { training.cancel() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for own in items.prefix(4) {
                group.addTask {
                    for round in 0..<15 {
                        try await world.write { [role = world.role] in
                            try role.items.delete(.product(own), in: $0)
                        }
                        for algorithm in RecommendationQuery.Algorithm.allCases {
                            let found = try world.recommended(.user("u\(round)")) {
                                ($0.algorithm, $0.count, $0.includesSeen) = (algorithm, 12, true)
                            }
                            #expect(!found.contains(own) && Set(found).count == found.count, "\(algorithm)")
                            #expect(Set(found).isSuperset(of: items[4...]))
                        }
                        try await world.items(own)
                        #expect(try world.recommended(.everybody) { $0.count = 12 }.contains(own))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: engines) func aUserWhoDidMuch(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        let (count, part) = (100_000, 10_000)
        let unseen = Set((0..<20).map { "new\($0)" })
        for start in stride(from: 0, to: count, by: part) {
            try await world.write { [role = world.role] unit in
                let ids = (start..<start + part).map { "p\($0)" }
                try role.items.put(ids.map { ItemDraft(.product($0)) }, in: unit)
                try role.interactions.add(
                    ids.map { InteractionDraft("ann", .product($0), .named("view")) }, in: unit)
            }
        }
        try await world.write { [role = world.role] unit in
            try role.items.put(unseen.map { ItemDraft(.product($0)) }, in: unit)
        }
        try expectBounded(world, count: count, unseen: unseen)
        // What was taken back can come again, and reading all of it anew comes to the same.
        try await world.write { [role = world.role] unit in
            let done = try role.interactions.list(
                of: "ann", item: .product("p500"), limit: 10, unit.tenant, in: unit.transaction)
            try role.interactions.remove(done, in: unit)
        }
        try expectBounded(world, count: count - 1, unseen: unseen.union(["p500"]))
        let kept = try await export(world)
        #expect(kept.count == count - 1 && Set(kept).count == count - 1)
        try await world.user("ann", "view", "p500")
        try expectBounded(world, count: count, unseen: unseen)
        let gone = try await world.write { [role = world.role] in try role.users.delete("ann", in: $0) }
        #expect(gone == count)
        #expect(try await export(world).isEmpty)
        let index = try #require(world.role.index.find(.first))
        #expect(index.histories.count == 0 && index.histories.entryCount == 0 && index.histories.seenCount == 0)
    }

    /// All that was seen is left out, and how much an answer looks at does not grow with it.
    private func expectBounded(_ world: RecommendationsWorld, count: Int, unseen: Set<String>) throws {
        let found = try world.recommended(.user("ann")) { $0.count = 100 }
        #expect(Set(found) == unseen && found.count == unseen.count)
        let index = try #require(world.role.index.find(.first))
        let history = try #require(index.histories.find("ann"))
        #expect(history.entries.count == UserHistory.entryLimit)
        #expect(history.count == count && index.histories.interactionCount == count)
        #expect(index.histories.seenCount == count)
        let size = RecommendationSize(index).users
        #expect(size < RecommendationSize.user + 200 * RecommendationSize.historyEntry + count * 8)
    }

    /// The ids of the items of all interactions, page by page as an export reads them.
    private func export(_ world: RecommendationsWorld) async throws -> [String] {
        var (ids, last): ([String], Interaction?) = ([], nil)
        while true {
            let page = try await world.store.log.read { [role = world.role, last] in
                try role.interactions.page(after: last, limit: 1_000, of: .first, in: $0)
            }.value
            guard let end = page.last else { return ids }
            ids += page.map(\.item.id)
            last = end
        }
    }

    /// One tenant writes as fast as it can; the models of others are learnt and their answers are theirs.
    @Test(arguments: engines) func aTenantThatFloodsHoldsNobodyUp(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(
            engine, settings: ["recommendations.training_growth": "0", "recommendations.training_interval": "1"])
        let flood = Tenant(9)
        let items = (0..<20).map { "f\($0)" }
        try await fill(world, users: 20, of: items, as: flood)
        let index = try #require(world.role.index.find(flood))
        let first = index.histories.interactionCount
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await world.role.trainer.run() }
            for writer in 0..<2 {
                group.addTask {
                    while !Task.isCancelled {
                        try await world.write(as: flood) { [role = world.role] unit in
                            let drafts = (0..<100).map { number in
                                InteractionDraft(
                                    "w\(writer)-\(number % 30)", .product(items[number % 20]), .named("view"))
                            }
                            try role.interactions.add(drafts, in: unit)
                        }
                    }
                }
            }
            // Turn after turn: first a model at all, and then another one each time that something is new.
            for tenant in [Tenant(2), Tenant(3)] {
                try await fill(world, users: 20, of: ["a", "b", "c", "d"], as: tenant)
                let own = try #require(world.role.index.find(tenant))
                for turn in 0..<2 {
                    try await world.user("new\(turn)", "view", "a", as: tenant)
                    let changes = own.changeCount
                    try await wait { own.snapshot.model.changeCount >= changes }
                    #expect(Set(try world.recommended(.user("new\(turn)"), as: tenant)) == ["b", "c", "d"])
                }
            }
            try await wait { index.snapshot.model.hybrid != nil }
            #expect(index.histories.interactionCount > first)
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
        let size = RecommendationSize(index)
        // However much was written, histories have each item once.
        #expect(size.users <= 80 * (RecommendationSize.user + 20 * RecommendationSize.historyEntry))
    }
}
