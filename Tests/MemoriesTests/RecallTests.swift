import ChangeLog
import Core
import Logging
import Search
import Telemetry
import TestKit
import Testing

@testable import Memories

@Suite struct RecallTests {
    private static let size = 3_000
    /// As many as it takes for a graph.
    private static let count = 1_010

    private static func vector(_ random: inout SeededRandom) -> [Float] {
        (0..<size).map { _ in Float.random(in: -1...1, using: &random) }
    }

    /// Random vectors with two links each, searched with one candidate: a graph as bad as can be.
    private static func badCollection(in world: MemoryWorld, _ random: inout SeededRandom) async throws
        -> PointCollection
    {
        try await collection(m: 2, efConstruction: 4, in: world, &random)
    }

    /// Random vectors with so many links each, chosen from so many candidates.
    private static func collection(
        m: Int, efConstruction: Int, in world: MemoryWorld, _ random: inout SeededRandom
    ) async throws -> PointCollection {
        let definition = CollectionDefinition(
            vectors: [VectorDefinition(size: size, metric: .dot, m: m, efConstruction: efConstruction)])
        let collection = try await world.write { [role = world.role] in
            try role.collections.create("a", definition, in: $0)
        }
        try await put(into: collection, of: world, &random)
        return collection
    }

    /// Writes all points, in the place of those that are there.
    ///
    /// - parameter scale: how large the components of their vectors are at most.
    private static func put(
        into collection: PointCollection, of world: MemoryWorld, scale: Float = 1, _ random: inout SeededRandom
    ) async throws {
        for start in stride(from: 0, to: count, by: 101) {
            let drafts = (start..<start + 101).map { number in
                var vectors = PointVectors()
                vectors.set(vector(&random).map { $0 * scale }, at: 0)
                return PointDraft(key: .number(UInt64(number)), payload: Array("{}".utf8), vectors: vectors)
            }
            try await world.write { [role = world.role] in try role.points.upsert(drafts, into: collection, in: $0) }
        }
    }

    @Test func anIndexThatFindsTooLittleIsMadeAnew() async throws {
        let world = try await MemoryWorld(
            .sqlite, settings: ["memories.recall_sample": "100000", "memories.recall_bound": "80"])
        var random = SeededRandom.fresh()
        let collection = try await Self.badCollection(in: world, &random)
        #expect(world.role.checker.bound == 0.8)
        let bad = try #require(world.role.index("a", of: collection.tenant))
        #expect(bad.embedded[0].parameters.exactBelow <= Self.count)
        bad.embedded[0].linkSome(.max)
        let end = ContinuousClock.now + .seconds(120)
        while !world.role.indexes.isRemaking(collection.number), ContinuousClock.now < end {
            guard world.role.index("a", of: collection.tenant) === bad else { break }
            var query = PointQuery(.nearest(.vector(Self.vector(&random))))
            query.ef = 1
            let asked = query
            let found = try await world.store.log.read { [role = world.role] transaction in
                try role.search("a", of: collection.tenant, in: transaction) { try $0.run(asked).count }
            }.value
            #expect(found == 10)
        }
        try await wait { world.role.index("a", of: collection.tenant) !== bad }
        let made = try #require(world.role.index("a", of: collection.tenant))
        #expect(made !== bad && made.count == Self.count, "\(random)")
        let recall = world.store.metrics.gauge("vector_recall_at_10", "", labels: ["tenant", "collection"])
            .with(String(collection.tenant.number), "a").value
        #expect(recall < 0.8 && recall > 0, "\(random)")
        let builds = world.store.metrics.counter("index_builds_total", "", labels: ["outcome"])
        try await wait { builds.with("made").value == 1 }
        try await world.put([5_000], into: collection, size: Self.size)
        #expect(made.count == Self.count + 1, "it follows the log")
    }

    /// What a client is content with says nothing of the index.
    @Test func aSearchThatAsksForLittleIsRepeatedAsOthersAre() async throws {
        let world = try await MemoryWorld(
            .sqlite, settings: ["memories.recall_sample": "100000", "memories.recall_bound": "0"])
        var random = SeededRandom.fresh()
        let collection = try await Self.collection(m: 32, efConstruction: 64, in: world, &random)
        let index = try #require(world.role.index("a", of: collection.tenant))
        index.embedded[0].linkSome(.max)
        for _ in 0..<10 {
            var query = PointQuery(.nearest(.vector(Self.vector(&random))))
            query.ef = 1
            _ = try await world.find(query, in: "a")
        }
        try await wait { world.role.checker.recall(collection.number) != nil }
        let recall = try #require(world.role.checker.recall(collection.number))
        #expect(recall > 0.75, "\(random)")
    }

    /// The indexes of a world's store that nobody keeps up to date.
    private static func idleIndexes(of world: MemoryWorld) async throws -> CollectionIndexes {
        let indexes = CollectionIndexes(world.store.log, world.role.collections, world.role.points)
        try await indexes.rebuild()
        return indexes
    }

    @Test func codesAreFittedToPointsThatHaveAVector() async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("a")
        try await world.put(1...20, into: collection)
        try await world.write { [role = world.role] unit in
            let bare = (UInt64(100)..<3_100).map {
                PointDraft(key: .number($0), payload: Array("{}".utf8), vectors: PointVectors())
            }
            try role.points.upsert(bare, into: collection, in: unit)
        }
        let indexes = try await Self.idleIndexes(of: world)
        let index = try #require(indexes.find("a", of: collection.tenant))
        #expect(try await indexes.samples(of: index).map(\.count) == [20])
    }

    @Test func anIndexIsNotMadeAnewWhileItIsBeingMade() async throws {
        let world = try await MemoryWorld(.sqlite, settings: ["memories.recall_sample": "0"])
        var random = SeededRandom.fresh()
        let collection = try await Self.badCollection(in: world, &random)
        let indexes = try await Self.idleIndexes(of: world)
        let vectors = try #require(indexes.find("a", of: collection.tenant)).embedded[0]
        for label in 0..<UInt32(2 * Self.count) {
            try vectors.set(Self.vector(&random).map { $0 * 3 }, label: label % UInt32(Self.count))
        }
        #expect(vectors.isDrifted)
        let linker = IndexLinker(indexes, logger: Logger(label: "test"))
        #expect(linker.remakeDrifted() == 1 && indexes.isRemaking(collection.number))
        #expect(linker.remakeDrifted() == 0, "it says so once")
    }

    @Test func anIndexWhoseCodesNoLongerFitIsMadeAnew() async throws {
        let world = try await MemoryWorld(.sqlite, settings: ["memories.recall_sample": "0"])
        var random = SeededRandom.fresh()
        let collection = try await Self.badCollection(in: world, &random)
        let first = try #require(world.role.index("a", of: collection.tenant))
        #expect(!first.embedded[0].isDrifted)
        // So many later vectors are looked at before it is said that they are unlike the first.
        for _ in 0..<2 { try await Self.put(into: collection, of: world, scale: 3, &random) }
        try await wait { world.role.index("a", of: collection.tenant) !== first }
        let made = try #require(world.role.index("a", of: collection.tenant))
        #expect(first.embedded[0].isDrifted && !made.embedded[0].isDrifted, "\(random)")
        #expect(made.count == Self.count, "\(random)")
        try await world.put([5_000], into: collection, size: Self.size)
        #expect(made.count == Self.count + 1, "it follows the log")
    }
}
