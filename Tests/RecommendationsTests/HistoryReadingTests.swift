import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Recommendations

/// What is taken back of a long history costs as much as what it was, not as the history is long.
@Suite(.timeLimit(.minutes(5))) struct HistoryReadingTests {
    private static let engines = TestStore.Engine.allCases
    private static let count = 20_000

    /// A user who has viewed many products once, and one of them twice.
    private func world(_ engine: TestStore.Engine) async throws -> RecommendationsWorld {
        let world = try await RecommendationsWorld(engine)
        try await world.write { [role = world.role] unit in
            let drafts = (0..<Self.count).map { number in
                InteractionDraft(
                    "ann", .product("p\(number)"), .named("view"), time: unit.now.advanced(bySeconds: Int64(number)))
            }
            try role.interactions.add(drafts, in: unit)
        }
        try await world.user("ann", "like", "p7", "p\(Self.count - 1)")
        return world
    }

    private func takeBack(_ item: String, _ kind: String? = nil, in world: RecommendationsWorld) async throws {
        try await world.write { [role = world.role] unit in
            let done = try role.interactions.list(
                of: "ann", item: .product(item), kind: kind, limit: 10, unit.tenant, in: unit.transaction)
            try role.interactions.remove(done, in: unit)
        }
    }

    /// Reading a row that is broken fails, so whoever gets on has not read it.
    @Test(arguments: engines) func onlyWhatIsConcernedIsReadAnew(_ engine: TestStore.Engine) async throws {
        let world = try await world(engine)
        let index = try #require(world.role.index.find(.first))
        func slot(_ item: String) throws -> Int32 { try #require(index.snapshot.catalog.slot(of: .product(item))) }
        func history() throws -> UserHistory { try #require(index.histories.find("ann")) }
        _ = try await world.store.database.write {
            try $0.execute("UPDATE interactions SET interaction_type = 'broken' WHERE entity_id = 'p9'")
        }
        let latest = "p\(Self.count - 1)"
        try await takeBack(latest, "like", in: world)
        #expect(try history().interactionCount == Int32(Self.count) + 1)
        let left = try #require(try history().entries.first { $0.slot == (try? slot(latest)) })
        #expect(left.weight == 1)
        try await takeBack(latest, in: world)
        #expect(try !history().hasSeen(try slot(latest)) && history().count == Self.count - 1)
        // What lies far back, once of two times and then altogether.
        try await takeBack("p7", "like", in: world)
        #expect(try history().hasSeen(try slot("p7")))
        try await takeBack("p7", in: world)
        #expect(try !history().hasSeen(try slot("p7")) && history().interactionCount == Int32(Self.count) - 2)
        #expect(index.histories.interactionCount == Self.count - 2 && index.histories.seenCount == Self.count - 2)
    }

    /// So many of the latest go that the ones before are needed.
    @Test(arguments: engines) func whatCameBeforeTakesThePlaceOfMuch(_ engine: TestStore.Engine) async throws {
        let world = try await world(engine)
        try await world.write { [role = world.role] unit in
            let done = try role.interactions.list(of: "ann", limit: 150, unit.tenant, in: unit.transaction)
            try role.interactions.remove(done, in: unit)
        }
        let history = try #require(world.role.index.find(.first)?.histories.find("ann"))
        #expect(history.entries.count == UserHistory.entryLimit)
        #expect(history.interactionCount == Int32(Self.count) + 2 - 150)
    }

    /// It is an item that nobody knew before, and somebody of whom something is known already.
    @Test(arguments: engines) func whatIsTakenBackAtOnceIsNotSeen(_ engine: TestStore.Engine) async throws {
        let world = try await RecommendationsWorld(engine)
        try await world.user("ann", "view", "a")
        try await world.write { [role = world.role] unit in
            try role.interactions.add([InteractionDraft("ann", .product("b"), .named("view"))], in: unit)
            let done = try role.interactions.list(
                of: "ann", item: .product("b"), limit: 10, unit.tenant, in: unit.transaction)
            try role.interactions.remove(done, in: unit)
        }
        try await world.items("b")
        #expect(try world.recommended(.user("ann")) == ["b"])
        let history = try #require(world.role.index.find(.first)?.histories.find("ann"))
        #expect(history.interactionCount == 1 && history.count == 1)
    }

    @Test func fewRowsAreRead() async throws {
        let world = try await world(.postgres)
        let index = try #require(world.role.index.find(.first))
        let reader = HistoryReader(
            log: world.store.log, interactions: world.role.interactions, users: world.role.users)
        // As the server does by itself after a while.
        _ = try await world.store.database.write { try $0.execute("ANALYZE interactions") }
        let (read, left) = try await world.store.database.read { transaction in
            var left: [ItemKey: UserHistory.Entry?] = [:]
            let read = try transaction.rowsRead(of: "interactions") {
                left = try reader.read(
                    [.product("p7"), .product("p8"), .product("none")], of: "ann", .first, for: index, without: [],
                    in: transaction)
            }
            return (read, left)
        }
        #expect(read <= 10, "\(read)")
        #expect(left.values.map { $0?.weight }.sorted { ($0 ?? 0) < ($1 ?? 0) } == [nil, 1, 3])
    }

    /// What is added together is what is added one after the other, and all of it is seen.
    @Test func manyAreAddedAsOneByOne() {
        var random = SeededRandom.fresh()
        for _ in 0..<50 {
            let slots = Int32.random(in: 1...600, using: &random)
            let done = (0..<Int.random(in: 1...900, using: &random)).map { time in
                UserHistory.Entry(slot: .random(in: 0..<slots, using: &random), weight: 1, time: Int64(time))
            }
            var (together, each) = (UserHistory(), UserHistory())
            let half = Int.random(in: 0...done.count, using: &random)
            together.add(Array(done[..<half]))
            together.add(Array(done[half...]))
            for entry in done { each.add([entry]) }
            let seen = Set(done.map(\.slot))
            #expect(together.seen == each.seen && together.count == seen.count, "\(random)")
            #expect(together.entries.map(\.slot) == each.entries.map(\.slot), "\(random)")
            #expect(together.entries.map(\.weight) == each.entries.map(\.weight), "\(random)")
            #expect(seen.allSatisfy { together.hasSeen($0) } && !together.hasSeen(slots), "\(random)")
            #expect(together.seen == together.seen.sorted() && together.interactionCount == done.count, "\(random)")
        }
    }
}
