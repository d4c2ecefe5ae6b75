import Core
import Synchronization
import TestKit
import Testing

@testable import Search

/// Searches find what is near, with filters and while others write.
@Suite struct HNSWSearchTests {
    /// Tells tasks that it is over.
    private final class Flag: Sendable {
        let isRaised = Atomic<Bool>(false)
    }

    /// Vectors around some centers.
    private static func clustered(_ count: Int, dimensions: Int, _ random: inout SeededRandom) -> [[Float]] {
        let centers = (0..<20).map { _ in (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) } }
        return (0..<count).map { _ in
            centers[Int.random(in: 0..<20, using: &random)].map { $0 + Float.random(in: -0.5...0.5, using: &random) }
        }
    }

    private static func recall(_ found: [UInt32], _ expected: [UInt32]) -> Double {
        Double(Set(found).intersection(expected).count) / Double(max(expected.count, 1))
    }

    @Test(arguments: VectorMetric.allCases)
    func theNearestAreFoundAlsoAfterAThirdIsGone(metric: VectorMetric) throws {
        var random = SeededRandom.fresh()
        let vectors = Self.clustered(1_500, dimensions: 24, &random)
        var world = VectorWorld(metric, dimensions: 24, m: 12, efConstruction: 60, bound: 1.4)
        for vector in vectors { try world.insert(vector) }
        for label in world.vectors.keys.sorted() where label % 3 == 0 { try world.remove(label) }
        for label in world.vectors.keys.sorted() where label % 10 == 1 {
            try world.replace(label, Self.clustered(1, dimensions: 24, &random)[0])
        }
        #expect(world.index.checkInvariants().isEmpty, "\(random)")
        var total = 0.0
        let queries = Self.clustered(50, dimensions: 24, &random)
        for query in queries {
            let found = try world.searchGraph(query, k: 10, ef: 160)
            #expect(found.count == 10)
            total += Self.recall(found, try world.nearest(query, k: 10))
            let scores = try world.index.search(VectorSearch(query, k: 10)).map(\.score)
            #expect(scores == (metric.prefersGreaterScores ? scores.sorted(by: >) : scores.sorted()), "\(random)")
        }
        #expect(total / Double(queries.count) >= 0.95, "\(random)")
    }

    @Test func aStoredVectorIsFoundWithItsScore() throws {
        var world = VectorWorld(.euclid, dimensions: 2, m: 4, bound: 10)
        for x in 0..<10 { for y in 0..<10 { try world.insert([Float(x), Float(y)]) } }
        for (label, vector) in world.vectors {
            #expect(try world.searchGraph(vector, k: 1, ef: 20) == [label])
            #expect(try world.index.search(VectorSearch(vector, k: 1)) == [VectorHit(label: label, score: 0)])
        }
        #expect(try world.index.search(VectorSearch([0, -4], k: 1)).first?.score == 4)
    }

    @Test(arguments: [2, 10, 100, 500])
    func filteredSearchesFindKWhenThereAreSoMany(every: UInt32) throws {
        var random = SeededRandom.fresh()
        var world = VectorWorld(.cosine, dimensions: 16, m: 8, efConstruction: 40)
        for vector in Self.clustered(1_000, dimensions: 16, &random) { try world.insert(vector) }
        let allowed = NodeSet(world.vectors.keys.filter { $0.isMultiple(of: every) })
        for query in Self.clustered(20, dimensions: 16, &random) {
            let expected = try world.nearest(query, k: 10) { $0.isMultiple(of: every) }
            let found = try world.searchGraph(query, k: 10, ef: 40, among: allowed)
            #expect(found.count == expected.count, "\(random)")
            #expect(found.allSatisfy { $0.isMultiple(of: every) }, "\(random)")
            #expect(Self.recall(found, expected) >= 0.7, "\(random)")
        }
        #expect(try world.searchGraph([Float](repeating: 1, count: 16), k: 3, ef: 10, among: NodeSet()).isEmpty)
    }

    /// Searches run all the while that others write. What is there from the beginning to the end must be found again.
    @Test func searchesGoOnWhileOthersWrite() async throws {
        let random = SeededRandom.fresh()
        var source = random
        var world = VectorWorld(.euclid, dimensions: 8, m: 6, efConstruction: 30, bound: 1.5)
        for vector in Self.clustered(400, dimensions: 8, &source) { try world.insert(vector) }
        let (index, lasting) = (world.index, world.vectors)
        let end = Flag()
        let labels = lasting.keys.sorted()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for reader in 0..<3 {
                group.addTask {
                    var (found, searches) = (0, 0)
                    while !end.isRaised.load(ordering: .relaxed) {
                        let label = labels[(searches * 7 + reader) % labels.count]
                        let hits = try index.search(VectorSearch(lasting[label] ?? [], k: 5, breadth: 20))
                        found += hits.contains { $0.label == label && $0.score == 0 } ? 1 : 0
                        searches += 1
                        #expect(hits.count == 5, "\(random)")
                        await Task.yield()
                    }
                    #expect(Double(found) >= 0.98 * Double(searches), "\(random): \(found) of \(searches)")
                    return searches
                }
            }
            // Others come and go; they are linked now and then.
            for (number, vector) in Self.clustered(1_500, dimensions: 8, &source).enumerated() {
                try index.set(vector, label: UInt32(400 + number % 300))
                if number > 200 { index.remove(UInt32(400 + (number * 7) % 300)) }
                if number % 4 == 0 { index.linkSome(number % 12) }
                await Task.yield()
            }
            end.isRaised.store(true, ordering: .relaxed)
            let searches = try await group.reduce(0, +)
            #expect(searches > 0)
        }
        let violations = index.checkInvariants()
        #expect(violations.isEmpty, "\(random): \(violations)")
    }

    @Test func aNumberIsUsedAgainOnlyWhenNoSearchCanHoldIt() throws {
        let memory = HNSWMemory(HNSWParameters(dimensions: 1, metric: .euclid), ScalarQuantizer(bound: 1))
        var writer = HNSWWriter(memory)
        func insert(_ component: Float, label: UInt32) -> UInt32? {
            writer.set([component], label: label)
            _ = writer.linkNext()
            return memory.node(of: label)
        }
        let first = try #require(insert(0.1, label: 0))
        try memory.readers.read { _ in
            _ = writer.remove(label: 0)
            _ = writer.linkNext()
            #expect(insert(0.2, label: 1) != first)
            // Those that begin later do not matter, the first does.
            try memory.readers.read { _ in #expect(insert(0.3, label: 2) != first) }
            #expect(memory.vector(first)[0] == 0.1)
        }
        #expect(insert(0.4, label: 3) == first)
    }

    @Test func tooManySearchesAtOnceAreRefused() throws {
        let readers = ReaderSlots()
        func nest(_ depth: Int) throws {
            guard depth > 0 else { return }
            try readers.read { _ in try nest(depth - 1) }
        }
        try nest(ReaderSlots.limit)
        let failure = try #require(throws: Failure.self) { try nest(ReaderSlots.limit + 1) }
        #expect(failure.code == "too_many_searches")
        try nest(ReaderSlots.limit)
    }
}
