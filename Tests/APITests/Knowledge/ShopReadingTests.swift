import Commerce
import Core
import Storage
import TestKit
import Testing

@testable import ChangeLog
@testable import Knowledge

/// Where the log does not go back far enough, the graph of a shop is made of its tables, and is the same.
@Suite(.timeLimit(.minutes(5))) struct ShopReadingTests {
    /// Two tenants' shops, in which something has happened.
    private static func lives(
        _ world: ShopWorld, _ random: inout SeededRandom, steps: Int = 120
    ) async throws -> [ShopLife] {
        var lives = [ShopLife(seed: random.next()), ShopLife(of: Tenant(2), seed: random.next())]
        try await go(on: &lives, world, steps)
        return lives
    }

    private static func go(on lives: inout [ShopLife], _ world: ShopWorld, _ steps: Int) async throws {
        for step in 0..<steps { try await lives[step % 3 / 2].live(in: world.store) }
    }

    /// A small shop, always the same.
    private static func life(_ world: ShopWorld) async throws -> ShopLife {
        var life = ShopLife(seed: 1)
        for _ in 0..<20 { try await life.live(in: world.store) }
        return life
    }

    private static func expectSame(
        _ found: [String], _ expected: [String], _ when: String, atLeast least: Int = 60
    ) {
        #expect(expected.count >= least, "\(when)")
        let (more, less) = (Set(found).subtracting(expected), Set(expected).subtracting(found))
        #expect(found == expected, "\(when): more \(more.sorted()), less \(less.sorted())")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aShopWhoseLogWasCutHasTheSameGraph(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let world = try await ShopWorld(engine)
        var lives = try await Self.lives(world, &random)
        for _ in 0..<20 {
            try await world.catchUp()
            try await Self.go(on: &lives, world, 9)
        }
        try await world.catchUp()
        #expect(world.entitiesRead == 0)
        let expected = try await world.graph()
        try await world.dropGraph()
        try await world.cutLog()
        try await world.catchUp(ShopPages())
        Self.expectSame(try await world.graph(), expected, "\(random)")
        #expect(Int64(world.entitiesRead) == (try await world.entities))
        // Each once, and nothing is left of the reading.
        #expect(try await world.count("SELECT COUNT(*) FROM graph_versions") == 0)
        #expect(try await world.count("SELECT COUNT(*) FROM feed_findings") == 0)
        #expect(try await world.count("SELECT COUNT(*) FROM feed_readings") == 0)
    }

    /// It was on once, and what was changed while it was off is not in the log.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsNotInTheTablesAnyMoreGoes(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let world = try await ShopWorld(engine)
        var lives = try await Self.lives(world, &random)
        try await world.catchUp()
        try await world.execute("CREATE TABLE former AS SELECT * FROM graph_elements")
        try await Self.go(on: &lives, world, 200)
        try await world.catchUp()
        let expected = try await world.graph()
        try await world.dropGraph()
        try await world.execute("INSERT INTO graph_elements SELECT * FROM former")
        let left = try await world.graph()
        #expect(Set(left).subtracting(expected).count > 5, "\(random)")
        try await world.cutLog()
        try await world.catchUp(ShopPages())
        Self.expectSame(try await world.graph(), expected, "\(random)")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func ordersAreWrittenMeanwhile(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let world = try await ShopWorld(engine)
        let lives = try await Self.lives(world, &random, steps: 200)
        try await world.cutLog(isKept: true)
        let isRead = StopFlag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for life in lives {
                group.addTask {
                    var life = life
                    // Orders come more slowly than they are read, or it would never end.
                    for _ in 0..<100 where !isRead.isRaised {
                        try await life.order(in: world.store)
                        try await life.live(in: world.store)
                    }
                }
            }
            repeat {
                try await world.feed(ShopPages(limit: 5)).takeOver()
            } while try await world.progress().reading != nil
            isRead.raise()
            try await group.waitForAll()
        }
        let written = try await world.progress()
        #expect(try await world.store.settledHead().value > written.position.value + 20, "\(random)")
        try await world.catchUp()
        let found = try await world.graph()
        Self.expectSame(found, try await world.graphOfAllChanges(), "\(random)")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoIsStoppedAtAnyPageGoesOnThere(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let world = try await ShopWorld(engine)
        var lives = try await Self.lives(world, &random, steps: 300)
        try await Self.go(on: &lives, world, 60)
        try await world.catchUp()
        let expected = try await world.graph()
        try await world.dropGraph()
        try await world.cutLog()
        var stops = 0
        while await !Self.finishes(world) { stops += 1 }
        Self.expectSame(try await world.graph(), expected, "\(random)")
        #expect(stops > 10, "\(random)")
        // Nothing was written twice, and what was written by one is not read by the next.
        #expect(try await world.count("SELECT COUNT(*) FROM graph_versions") == 0)
        let (read, entities) = (Int64(world.entitiesRead), try await world.entities)
        #expect((1...entities).contains(read), "\(random)")
    }

    /// Whether one that is stopped at its second page comes to the end.
    private static func finishes(_ world: ShopWorld) async -> Bool {
        let (pages, read) = AsyncStream<Void>.makeStream()
        let life = Task {
            defer { read.finish() }
            while try await world.feed(ShopPages { read.yield() }).takeOver() > 0 { try Task.checkCancellation() }
        }
        var count = 0
        for await _ in pages {
            count += 1
            if count == 2 { life.cancel() }
        }
        if case .success = await life.result { return true }
        return false
    }

    @Test func aLogThatIsCutOnceMoreBeginsItAnew() async throws {
        var random = SeededRandom.fresh()
        let world = try await ShopWorld(.sqlite)
        var lives = try await Self.lives(world, &random, steps: 200)
        try await world.cutLog(isKept: true)
        repeat {
            try await world.feed(ShopPages()).takeOver()
        } while try await world.progress().reading?.stage != .read(type: "order")
        let first = try await world.progress().reading?.position
        try await Self.go(on: &lives, world, 60)
        try await world.cutLog(isKept: true)
        try await world.feed(ShopPages()).takeOver()
        let again = try await world.progress().reading
        #expect(again?.stage == .read(type: "customer") && again?.position != first)
        try await world.catchUp(ShopPages())
        let found = try await world.graph()
        Self.expectSame(found, try await world.graphOfAllChanges(), "\(random)")
    }

    /// Whoever writes to the group of the shop, or beside it, keeps what they wrote.
    @Test func whatOthersWroteStays() async throws {
        let world = try await ShopWorld(.sqlite)
        _ = try await Self.life(world)
        _ = try await world.store.log.write(TestStore.context) { [elements = world.elements] unit in
            for (id, group) in [("product:ours", ShopGraph.group), ("elsewhere", "")] {
                let header = ElementHeader(id: id, group: group, createdAt: unit.now)
                try elements.put([ElementDraft(GraphNode(header, name: id))], in: unit)
            }
        }
        try await world.cutLog()
        try await world.catchUp()
        let graph = try await world.graph()
        for id in ["product:ours", "elsewhere"] { #expect(graph.contains { $0.contains("\"uuid\":\"\(id)\"") }) }
        #expect(graph.count > 10)
    }

    // MARK: The log

    /// The shop rests while much else happens: what the log loses then was never needed.
    @Test(arguments: TestStore.Engine.allCases)
    func aShopThatRestsIsNotReadAgain(_ engine: TestStore.Engine) async throws {
        let world = try await ShopWorld(engine)
        var life = try await Self.life(world)
        try await world.catchUp()
        let before = try await world.progress().position
        try await world.append(10_000)
        try await world.catchUp()
        let after = try await world.progress()
        #expect(after.position.value >= before.value + 10_000)
        try await world.catchUp()
        #expect(try await world.progress().kept == after.position)
        world.store.time.advance(bySeconds: 7_200)
        #expect(try await world.retention().pass() > 10_000)
        try await life.order(in: world.store)
        try await world.catchUp()
        #expect(world.entitiesRead == 0)
    }

    /// Retention keeps what comes after a reading, until the graph is not wanted any more.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsNeededIsKept(_ engine: TestStore.Engine) async throws {
        let world = try await ShopWorld(engine)
        var life = try await Self.life(world)
        try await world.cutLog()
        for _ in 0..<3 { try await world.feed(ShopPages()).takeOver() }
        let position = try #require(try await world.progress().reading?.position)
        try await life.order(in: world.store)
        try await world.append(1)
        world.store.time.advance(bySeconds: 7_200)
        try await world.retention().pass()
        #expect(try await world.progress().start <= position)
        let isOff = Task { [feed = try world.feed(isOn: false)] in try await feed.run() }
        try await wait { try await world.progress().kept == nil }
        isOff.cancel()
        _ = await isOff.result
        #expect(try await world.retention().pass() > 0)
        #expect(try await world.progress().start > position)
    }

    /// A graph that was begun when the log was cut already was never complete.
    @Test(arguments: TestStore.Engine.allCases)
    func aGraphOfAFormerVersionIsMadeComplete(_ engine: TestStore.Engine) async throws {
        let former = Schema(room: "knowledge", Array(KnowledgeSchema.schema.migrations.prefix(3)))
        let world = try await ShopWorld(engine, knowledge: former)
        _ = try await Self.life(world)
        try await world.execute("INSERT INTO graph_feeds (name, position) VALUES (\(ShopGraphSink.name), 15)")
        try await world.store.database.migrate([KnowledgeSchema.schema])
        try await world.catchUp()
        #expect(Int64(world.entitiesRead) == (try await world.entities))
        Self.expectSame(try await world.graph(), try await world.graphOfAllChanges(), "", atLeast: 10)
    }

    /// What was taken over stays so when the place changes where that stands.
    @Test(arguments: TestStore.Engine.allCases)
    func whatAFormerVersionTookOverIsNotTakenOverAgain(_ engine: TestStore.Engine) async throws {
        let former = Schema(room: "knowledge", Array(KnowledgeSchema.schema.migrations.prefix(5)))
        let world = try await ShopWorld(engine, knowledge: former)
        var life = try await Self.life(world)
        let head = try await world.store.settledHead()
        try await world.execute("INSERT INTO graph_feeds (name, position) VALUES (\(ShopGraphSink.name), \(head))")
        try await world.store.database.migrate([KnowledgeSchema.schema])
        #expect(try await world.progress().position == head)
        try await life.order(in: world.store)
        try await world.catchUp()
        let changes = try await world.count(
            """
            SELECT COUNT(*) FROM changes
            WHERE position > \(head) AND entity_type IN ('customer', 'product', 'order', 'reservation')
            """)
        #expect(changes > 0 && Int64(world.changesTaken) == changes && world.entitiesRead == 0)
    }
}
