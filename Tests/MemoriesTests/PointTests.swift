import ChangeLog
import Core
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// Points in their tables, in the log and in the index, on each engine.
@Suite struct PointTests {
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsWrittenIsFoundAtOnceAndToldInTheLog(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let collection = try await world.make("a")
        try await world.put(1...20, into: collection)
        #expect(try await world.nearest(to: 7.2, in: "a") == [.number(7), .number(8), .number(6)])
        try await world.write { [role = world.role] unit in
            try role.points.upsert(
                [MemoryWorld.draft(.number(7), at: 100, "{\"n\":70}"), MemoryWorld.draft(.text("new"), at: 7)],
                into: collection, in: unit)
        }
        #expect(try await world.nearest(to: 7.2, in: "a") == [.text("new"), .number(8), .number(6)])
        #expect(try await world.counts(collection) == [21, 21])
        let head = try await world.store.settledHead()
        let changes = try await world.store.log.read { transaction in
            try ChangeLog.batch(
                after: .start, upTo: head, limit: 100, types: [Point.entityType], in: transaction)
        }.value.changes
        #expect(changes.count == 22)
        #expect(changes.count { $0.operation == .insert } == 21)
        let update = try #require(changes.first { $0.operation == .update })
        #expect(update.changedFields == ["payload", "vectors"])
        guard case .object(let image) = try JSONParser.parse(update.after ?? []) else {
            Issue.record("no image")
            return
        }
        #expect(image["point"] == .integer(7) && image["collection"] == .string("a") && image["version"] == .integer(2))
        #expect(image["payload"] == .object(JSONObject([.init("n", .integer(70))])))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func updatesAndDeletionsReachTheIndex(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let collection = try await world.make("a")
        try await world.put(1...20, into: collection)
        let odd = PayloadFilter(must: [.field(try PayloadPath("kind"), .match(.text("odd")))])
        let big = PayloadFilter(must: [.field(try PayloadPath("n"), .range(NumberRange(gte: 15)))])
        #expect(try await world.nearest(to: 1, odd, in: "a").isEmpty)
        let changed = try await world.write { [role = world.role] unit in
            try role.points.update([.number(3), .number(5), .number(99)], of: collection, in: unit) { point in
                try point.replacePayload(JSONObject([.init("kind", .string("odd")), .init("n", .integer(50))]))
            }
        }
        #expect(changed == 2)
        #expect(try await world.nearest(to: 1, odd, in: "a") == [.number(3), .number(5)])
        #expect(
            try await world.nearest(to: 1, limit: 10, big, in: "a").prefix(3) == [.number(3), .number(5), .number(15)])
        let deleted = try await world.write { [role = world.role] unit in
            try role.points.delete([.number(3), .number(4), .number(4_000)], of: collection, in: unit)
        }
        #expect(deleted == 2)
        #expect(try await world.nearest(to: 3.4, in: "a") == [.number(2), .number(5), .number(1)])
        #expect(try await world.counts(collection) == [18, 18])
    }

    /// On PostgreSQL the loser of two insertions of one id runs again, and finds it.
    @Test(arguments: TestStore.Engine.allCases)
    func manyMayWriteTheSameNewPoints(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let collection = try await world.make("a")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 1...8 {
                group.addTask {
                    for round in 0..<3 {
                        let keys = (1...5).map { UInt64(100 * round + $0) }
                        let drafts = keys.map { MemoryWorld.draft(.number($0), at: Float(writer)) }
                        try await world.write { [role = world.role] unit in
                            try role.points.upsert(drafts, into: collection, in: unit)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await world.counts(collection) == [15, 15])
        let versions = try await world.store.log.read { transaction in
            try transaction.rows("SELECT version FROM points") { $0.integer(0) }
        }.value
        #expect(versions == Array(repeating: 8, count: 15))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aWorkThatFailsLeavesNothing(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let collection = try await world.make("a")
        try await world.put(1...3, into: collection)
        await #expect(throws: Failure.self) {
            try await world.write { [role = world.role] unit in
                try role.points.upsert([MemoryWorld.draft(.number(9), at: 9)], into: collection, in: unit)
                try role.points.delete([.number(1)], of: collection, in: unit)
                throw Failure.notFound("test", 1)
            }
        }
        #expect(try await world.nearest(to: 9, limit: 9, in: "a") == [.number(3), .number(2), .number(1)])
        #expect(try await world.counts(collection) == [3, 3])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func pointsEndWhenTheirTimeHasCome(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let collection = try await world.make("a")
        let end = world.store.time.now().advanced(bySeconds: 60)
        try await world.write { [role = world.role] unit in
            try role.points.upsert(
                [MemoryWorld.draft(.number(1), at: 1, until: end), MemoryWorld.draft(.number(2), at: 2)],
                into: collection, in: unit)
        }
        #expect(try await world.nearest(to: 1, in: "a") == [.number(1), .number(2)])
        world.store.time.advance(bySeconds: 61)
        #expect(try await world.nearest(to: 1, in: "a") == [.number(2)])
        let sweeper = try #require(world.role.services.compactMap { $0 as? PointSweeper }.first)
        #expect(try await sweeper.sweep() == 1)
        #expect(try await sweeper.sweep() == 0)
        try await world.role.waitUntilFound(world.store.log.seen, atMost: .seconds(60))
        #expect(try await world.counts(collection) == [1, 1])
    }

    /// What a restore has written that goes on is of no collection yet.
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsBeingRestoredKeepsNobodyFromTheirEnd(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(
            engine, settings: ["memories.sweep_batch": "2", "memories.sweep_interval": "3600000"])
        let collection = try await world.make("a")
        let end = world.store.time.now().advanced(bySeconds: 60)
        try await world.write { [role = world.role] unit in
            try role.points.upsert([MemoryWorld.draft(.number(1), at: 1, until: end)], into: collection, in: unit)
        }
        try await world.store.log.database.write { [role = world.role] transaction in
            let early = (UInt64(1)...3).map {
                Point(
                    key: .number($0), version: 1, payload: Array("{}".utf8), createdAt: .earliest,
                    updatedAt: .earliest, expiresAt: .earliest, position: .start)
            }
            try role.points.restore(early, to: 77, of: collection.tenant, in: transaction)
        }
        world.store.time.advance(bySeconds: 61)
        let sweeper = try #require(world.role.services.compactMap { $0 as? PointSweeper }.first)
        #expect(try await sweeper.sweep() == 1)
        #expect(try await world.counts(collection)[1] == 0)
    }

    /// Who searches while others write finds as many as there are, what is new among them.
    @Test func whatIsWrittenDuringASearchIsNoGap() async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("a")
        try await world.put(1...20, into: collection)
        let index = try #require(world.role.index("a", of: collection.tenant))
        let found = try await world.store.log.read { [role = world.role] transaction in
            try role.search("a", of: collection.tenant, in: transaction) { search in
                for number in UInt64(100)...103 {
                    var point = Point(
                        key: .number(number), version: 1, payload: Array("{}".utf8), createdAt: world.store.time.now(),
                        updatedAt: world.store.time.now(), position: .start)
                    point.vectors = MemoryWorld.draft(.number(number), at: 7).vectors
                    try index.set(point)
                }
                var query = PointQuery(.nearest(.vector([7, 0, 0])))
                query.limit = 5
                return try search.hits(query).map(\.key)
            }
        }.value
        #expect(Set(found) == [.number(7), .number(100), .number(101), .number(102), .number(103)])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func nobodySeesTheCollectionsOfOthers(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        try await world.make("a")
        let other = Tenant(TestStore.context.tenant.number + 1)
        let reading = { @Sendable (transaction: any ReadTransaction) in
            try world.role.search("a", of: other, in: transaction) { try $0.count(nil) }
        }
        await #expect { try await world.store.log.read(reading) } throws: {
            ($0 as? Failure)?.code == "collection_not_found"
        }
        let listed = try await world.store.log.read { try world.role.collections.list(of: other, in: $0) }.value
        #expect(listed.isEmpty)
    }

    /// The ids of the pages of a collection, until none follows.
    private static func pages(
        _ world: MemoryWorld, limit: Int, _ filter: PayloadFilter?
    ) async throws -> [[PointKey]] {
        var pages: [[PointKey]] = []
        var start: PointKey?
        repeat {
            let page = try await world.read { [role = world.role, start] transaction in
                try role.search("a", of: TestStore.context.tenant, in: transaction) {
                    try $0.page(from: start, limit: limit, filter: filter)
                }
            }
            pages.append(page.points.map(\.key))
            start = page.next
        } while start != nil && pages.count < 10
        return pages
    }

    @Test(arguments: TestStore.Engine.allCases)
    func pagesGoOnWherePointsHaveEnded(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let collection = try await world.make("a")
        let end = world.store.time.now().advanced(bySeconds: 60)
        let drafts = (UInt64(1)...7).map { number in
            let ends = number == 2 || number == 3 || number == 4
            return MemoryWorld.draft(.number(number), at: 1, #"{"n":1}"#, until: ends ? end : nil)
        }
        try await world.write { [role = world.role] in try role.points.upsert(drafts, into: collection, in: $0) }
        let filter = try PayloadFilter(JSONParser.parse(Array(#"{"must":[{"key":"n","match":{"value":1}}]}"#.utf8)))
        // Those that have ended are still in the tables while nobody sweeps.
        await world.stop()
        world.store.time.advance(bySeconds: 61)
        for filter in [nil, filter] {
            let pages = try await Self.pages(world, limit: 2, filter)
            #expect(pages == [[.number(1)], [], [.number(5), .number(6)], [.number(7)]], "\(filter == nil)")
        }
    }

    /// A filter that asks for vectors is asked of them once more, however deep it does so.
    @Test(arguments: ["must", "should", "must_not"], [false, true])
    func whatHasAVectorIsDeletedByThat(_ part: String, isNested: Bool) async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("a")
        let bare = PointDraft(key: .number(9), payload: Array("{}".utf8), vectors: PointVectors())
        try await world.write { [role = world.role] unit in
            let drafts = [MemoryWorld.draft(.number(1), at: 1), MemoryWorld.draft(.number(2), at: 2), bare]
            try role.points.upsert(drafts, into: collection, in: unit)
        }
        let text = "{\"\(part)\":[{\"has_vector\":\"\"}]}"
        let filter = try PayloadFilter(JSONParser.parse(Array((isNested ? "{\"must\":[\(text)]}" : text).utf8)))
        let count = try await world.write { [role = world.role] in
            try role.points.delete([.number(1), .number(2), .number(9)], matching: filter, of: collection, in: $0)
        }
        #expect(count == (part == "must_not" ? 1 : 2))
    }

    /// Clients may tell of events under any name but those of the shop.
    @Test func eventsOfClientsUnderItsNamesChangeNothing() async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("a")
        try await world.write { unit in
            for type in [PointCollection.entityType, Point.entityType] {
                for data in ["{}", #"{"name": "a", "collection": "a", "point": 7}"#] {
                    try unit.recordCustom(type, unit.makeIdentifier(), data: Array(data.utf8))
                }
            }
        }
        try await world.put(1...3, into: collection)
        #expect(try await world.nearest(to: 1, limit: 1, in: "a") == [.number(1)])
    }
}
