import ChangeLog
import Core
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// Points stand in the order of their collections and keys, and are looked for one by one.
@Suite struct PointPlaceTests {
    @Test func placesSortLikeCollectionsAndKeys() throws {
        var random = SeededRandom.fresh()
        let numbers: [Int64] = [1, 2, 255, 256, 65_536, Int64.max]
        let uuid = try #require(Identifier("018f2f6e-5c1a-7000-8000-000000000001"))
        let keys: [PointKey] = [
            .number(0), .number(300), .number(.max), .uuid(uuid), .text("a"), .text("aé"), .text("b"),
        ]
        let sorted = numbers.flatMap { number in keys.sorted().map { PointPlace($0, in: number).bytes } }
        let shuffled = sorted.shuffled(using: &random)
        #expect(shuffled.sorted { $0.lexicographicallyPrecedes($1) } == sorted, "\(random)")
    }

    /// A table that no statistics were made of yet is not read as a whole, however many points are looked for.
    @Test func aListOfKeysIsLookedUpInTheIndex() async throws {
        let world = try await MemoryWorld(.postgres)
        let collection = try await world.make("a")
        try await world.put(1...2_000, into: collection)
        let keys = (1...10).map { PointKey.number($0 * 100) }
        let plan = try await world.store.log.database.write { transaction in
            try transaction.rows(
                "EXPLAIN SELECT p.version FROM points p WHERE p.tenant = \(collection.tenant) AND "
                    + PointPlace.isAny(of: keys, in: collection.number)
            ) { $0.text(0) }
        }
        #expect(plan.contains { $0.contains("Index Cond: (place = ANY") }, "\(plan)")
    }

    /// Nor with a plan that was made when there were few points.
    @Test func pointsAreReadOneByOneAsTheirNumberGrows() async throws {
        let world = try await MemoryWorld(.postgres)
        let collection = try await world.make("a")
        let keys = (1...100).map { PointKey.number($0 * 10) }
        let read = try await world.write { [points = world.role.points] unit in
            let transaction = unit.transaction
            let put = { (numbers: ClosedRange<UInt64>) in
                let drafts = numbers.map { MemoryWorld.draft(.number($0), at: Float($0)) }
                try points.upsert(drafts, into: collection, in: unit)
            }
            try put(1...10)
            for _ in 0..<8 { _ = try points.find(keys, of: collection, in: transaction) }
            try put(11...2_000)
            return try transaction.rowsRead(of: "points") { _ = try points.find(keys, of: collection, in: transaction) }
        }
        #expect(read == 100)
    }
}
