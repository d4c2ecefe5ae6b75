import Commerce
import Core
import Storage
import TestKit
import Testing

@testable import ChangeLog
@testable import Recommendations

/// What is made of a shop is the same whether its changes are taken over one after the other or its tables are read.
@Suite(.timeLimit(.minutes(5))) struct ShopItemsReadingTests {
    /// Two tenants' shops, in which something has happened.
    private static func lives(
        _ world: ShopItemsWorld, _ random: inout SeededRandom, steps: Int = 120
    ) async throws -> [ShopLife] {
        var lives = [ShopLife(seed: random.next()), ShopLife(of: Tenant(2), seed: random.next())]
        try await go(on: &lives, world, steps)
        return lives
    }

    private static func go(on lives: inout [ShopLife], _ world: ShopItemsWorld, _ steps: Int) async throws {
        for step in 0..<steps { try await lives[step % 3 / 2].live(in: world.store) }
    }

    private static func expectSame(_ found: [String], _ expected: [String], _ when: String) {
        #expect(expected.count >= 3, "\(when)")
        let (more, less) = (Set(found).subtracting(expected), Set(expected).subtracting(found))
        #expect(found == expected, "\(when): more \(more.sorted()), less \(less.sorted())")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aShopWhoseLogWasCutMakesTheSame(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let world = try await ShopItemsWorld(engine)
        var lives = try await Self.lives(world, &random)
        for _ in 0..<20 {
            try await world.catchUp()
            try await world.expectTrue("\(random)")
            try await Self.go(on: &lives, world, 9)
        }
        try await world.catchUp()
        #expect(world.entitiesRead == 0)
        let expected = try await world.made()
        try await world.dropItems()
        try await world.cutLog()
        try await world.catchUp(ShopPages())
        Self.expectSame(try await world.made(), expected, "\(random)")
        #expect(Int64(world.entitiesRead) == (try await world.entities))
        #expect(try await world.count("SELECT COUNT(*) FROM feed_findings") == 0)
        #expect(try await world.count("SELECT COUNT(*) FROM feed_readings") == 0)
    }

    /// It was on once, and what was changed while it was off is not in the log.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsNotInTheTablesAnyMoreGoes(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let world = try await ShopItemsWorld(engine)
        var lives = try await Self.lives(world, &random)
        try await world.catchUp()
        let former = Set(try await world.made())
        try await Self.go(on: &lives, world, 200)
        try await world.cutLog()
        // What others wrote, as a product or beside products, is none of the shop's.
        let ours = [ItemKey("product", "ours"), ItemKey("page", "front")]
        try await world.act { [items = world.items] _, unit in
            _ = try items.put(ours.map { ItemDraft($0) }, in: unit)
        }
        try await world.catchUp(ShopPages())
        let found = try await world.made()
        #expect(former.subtracting(found).count >= 2, "\(random)")
        for key in ours { #expect(found.contains { $0.contains(#""entity_id":"\#(key.id)""#) }, "\(random)") }
        try await world.act { [items = world.items] _, unit in
            for key in ours { try items.delete(key, in: unit) }
        }
        try await world.expectTrue("\(random)")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func ordersAreWrittenMeanwhile(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let world = try await ShopItemsWorld(engine)
        var lives = try await Self.lives(world, &random, steps: 200)
        try await world.cutLog(isKept: true)
        repeat {
            try await world.feed(ShopPages(limit: 5)).takeOver()
            try await Self.go(on: &lives, world, 2)
        } while try await world.progress().reading != nil
        try await world.catchUp()
        try await world.expectTrue("\(random)")
        let found = try await world.made()
        Self.expectSame(found, try await world.madeOfAllChanges(), "\(random)")
    }

    /// Who did something is forgotten, and stays so whatever becomes of the orders.
    @Test(arguments: TestStore.Engine.allCases)
    func whoWasForgottenStaysSo(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        var life = ShopLife(seed: 1)
        for _ in 0..<60 { try await life.live(in: world.store) }
        try await world.catchUp()
        let user = try await world.store.database.read {
            try $0.first("SELECT user_id FROM interactions ORDER BY user_id LIMIT 1") { $0.text(0) }
        }
        let forgotten = try #require(user)
        try await world.act { _, unit in _ = try RecommendationUsers().delete(forgotten, in: unit) }
        try await world.cutLog()
        try await world.catchUp()
        #expect(world.entitiesRead > 0)
        #expect(try await world.count("SELECT COUNT(*) FROM interactions WHERE user_id = \(forgotten)") == 0)
    }

    /// Retention keeps what comes after a reading, until the shop is not wanted any more.
    @Test(arguments: TestStore.Engine.allCases)
    func aFeedThatIsOffMakesNothingAndKeepsNothing(_ engine: TestStore.Engine) async throws {
        let world = try await ShopItemsWorld(engine)
        var life = ShopLife(seed: 1)
        for _ in 0..<20 { try await life.live(in: world.store) }
        try await world.catchUp()
        let position = try await world.progress().position
        for _ in 0..<20 { try await life.live(in: world.store) }
        _ = try await world.store.settledHead()
        world.store.time.advance(bySeconds: 7_200)
        try await world.retention().pass()
        #expect(try await world.progress().start <= position)
        let made = try await world.made()
        let isOff = Task { [feed = try world.feed(isOn: false)] in try await feed.run() }
        try await wait { try await world.progress().kept == nil }
        isOff.cancel()
        _ = await isOff.result
        #expect(try await world.retention().pass() > 0)
        #expect(try await world.progress().start > position)
        #expect(try await world.made() == made)
    }
}
