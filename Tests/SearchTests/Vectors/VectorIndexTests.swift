import Core
import TestKit
import Testing

@testable import Search

/// What is stored is found at once, whether it is linked or not, and exactly ranked.
@Suite struct VectorIndexTests {
    private static func vector(_ random: inout SeededRandom, dimensions: Int) -> [Float] {
        (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) }
    }

    /// Writes of all kinds, linked at any time. After each, what must hold is looked at, and whatever was written is
    /// found.
    @Test(arguments: VectorMetric.allCases, [2, 4])
    func randomHistories(metric: VectorMetric, m: Int) throws {
        var random = SeededRandom.fresh()
        var world = VectorWorld(metric, dimensions: 3, m: m)
        for step in 0..<400 {
            let label = UInt32.random(in: 0..<40, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4: try world.set(Self.vector(&random, dimensions: 3), label: label)
            case 4..<6: if world.vectors[label] != nil { world.forget(label) }
            default: world.index.linkSome(Int.random(in: 0..<4, using: &random))
            }
            try world.check("\(random), step \(step)")
            let query = Self.vector(&random, dimensions: 3)
            let all = try world.index.search(VectorSearch(query, k: 100))
            #expect(Set(all.map(\.label)) == Set(world.vectors.keys) && all.count == world.vectors.count, "\(random)")
            if let vector = world.vectors[label] {
                let stored = try world.index.vector(label)
                #expect(try stored == world.index.prepare(vector), "\(random)")
            } else {
                #expect(try world.index.vector(label) == nil)
            }
        }
    }

    @Test func codesAreFittedOnceThereAreEnoughVectors() throws {
        var random = SeededRandom.fresh()
        let index = VectorIndex(VectorIndexParameters(dimensions: 8, metric: .euclid).with(exactBelow: 100))
        for label in 0..<100 {
            try index.set(Self.vector(&random, dimensions: 8).map { $0 * 50 }, label: UInt32(label))
            #expect(index.unlinkedCount == 0 && index.linkSome(10) == 0)
        }
        #expect(index.memory.quantizer == nil && index.bytes.codes == 0)
        try index.set(Self.vector(&random, dimensions: 8), label: 7)
        #expect(index.count == 100 && index.unlinkedCount == 100)
        let bound = try #require(index.memory.quantizer).bound
        #expect(bound > 45 && bound <= 50, "\(random)")
        #expect(index.linkSome(60) == 60 && index.unlinkedCount == 40)
        #expect(index.linkSome(100) == 40 && index.unlinkedCount == 0)
        #expect(index.checkInvariants().isEmpty)
        #expect(index.bytes.codes == 101 * 64 && index.bytes.vectors == 101 * 64)
    }

    @Test func theOwnerIsToldToWait() throws {
        let index = VectorIndex(
            VectorIndexParameters(dimensions: 1, metric: .euclid, unlinkedLimit: 3).with(exactBelow: 1), sample: [[1]])
        for label in 0..<2 { try index.set([Float(label)], label: UInt32(label)) }
        #expect(!index.isBehind)
        try index.set([2], label: 2)
        #expect(index.isBehind)
        index.linkSome(1)
        #expect(!index.isBehind)
    }

    @Test func scoresBelowTheThresholdAreLeftOut() throws {
        let index = VectorIndex(VectorIndexParameters(dimensions: 2, metric: .cosine))
        try index.set([1, 0], label: 1)
        try index.set([1, 1], label: 2)
        try index.set([0, 1], label: 3)
        let hits = try index.search(VectorSearch([2, 0], k: 5, scoreThreshold: 0.5))
        #expect(hits.map(\.label) == [1, 2] && hits[0].score == 1)
        #expect(try index.scores([2, 0], of: [3, 1, 9]) == [.init(label: 1, score: 1), .init(label: 3, score: 0)])
        #expect(try index.best(2) { $0[1] - $0[0] }.map(\.label) == [3, 2])
        #expect(
            try index.best(2, among: NodeSet([1, 2])) { $0[1] - $0[0] } == [
                .init(label: 2, score: 0), .init(label: 1, score: -1),
            ])
        let near = VectorIndex(VectorIndexParameters(dimensions: 1, metric: .euclid))
        for label in 0..<5 { try near.set([Float(label)], label: UInt32(label)) }
        #expect(try near.search(VectorSearch([0], k: 5, scoreThreshold: 2)).map(\.label) == [0, 1, 2])
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let index = VectorIndex(VectorIndexParameters(dimensions: 2, metric: .dot))
        #expect(try index.search(VectorSearch([1, 1], k: 5)).isEmpty)
        try index.set([1, 1], label: 0)
        #expect(throws: Failure.self) { try index.set([1, .nan], label: 0) }
        #expect(throws: Failure.self) { try index.set([1], label: 1) }
        #expect(throws: Failure.self) { try index.set([1, 1], label: .max) }
        #expect(throws: Failure.self) { try index.search(VectorSearch([1, 2, 3], k: 1)) }
        #expect(!index.remove(1))
        #expect(try index.search(VectorSearch([1, 1], k: 1)) == [VectorHit(label: 0, score: 2)])
        #expect(try index.search(VectorSearch([1, 1], k: 0)).isEmpty)
        #expect(try index.search(VectorSearch([1, 1], k: -1)).isEmpty)
        #expect(try index.search(VectorSearch([1, 1], k: .max)).count == 1)
        #expect(index.remove(0) && index.count == 0 && index.checkInvariants().isEmpty)
    }
}
