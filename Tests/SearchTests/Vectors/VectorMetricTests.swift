import Core
import Search
import TestKit
import Testing

/// Scores are those of Qdrant, and vectors that cannot be compared are refused with the place of what is wrong.
@Suite struct VectorMetricTests {
    @Test func scoresFollowFromDistances() {
        #expect(VectorMetric.cosine.score(ofDistance: -0.5) == 0.5)
        #expect(VectorMetric.dot.score(ofDistance: -12) == 12)
        #expect(VectorMetric.euclid.score(ofDistance: 25) == 5)
        #expect(VectorMetric.manhattan.score(ofDistance: 7) == 7)
        #expect(VectorMetric.allCases.filter(\.prefersGreaterScores) == [.cosine, .dot])
    }

    @Test func theCosineStoresVectorsOfLengthOne() throws {
        #expect(try VectorMetric.cosine.prepare([3, 4], dimensions: 2) == [0.6, 0.8])
        // Their squares do not fit into a Float.
        let large = try VectorMetric.cosine.prepare([3e30, 4e30], dimensions: 2)
        #expect(abs(large[0] - 0.6) < 1e-6 && abs(large[1] - 0.8) < 1e-6)
        #expect(try VectorMetric.cosine.prepare([0, 1e-40], dimensions: 2) == [0, 1])
        for metric in [VectorMetric.dot, .euclid, .manhattan] {
            #expect(try metric.prepare([3, 4], dimensions: 2) == [3, 4])
        }
    }

    @Test func whatIsStoredIsStoredAsItIsAgain() throws {
        var chance = SeededRandom(seed: 7)
        for size in [1, 2, 3, 8, 100, 1_024, 4_096] {
            for _ in 0..<50 {
                let vector = (0..<size).map { _ in Float.random(in: -1...1, using: &chance) }
                let stored = try VectorMetric.cosine.prepare(vector, dimensions: size)
                #expect(try VectorMetric.cosine.prepare(stored, dimensions: size) == stored)
            }
        }
    }

    @Test(
        arguments: [
            ([1, .nan], "/vector/1"), ([.infinity, 1], "/vector/0"), ([1, 2, 3], "/vector"), ([], "/vector"),
            ([0, 0], "/vector"), ([-0.0, 0], "/vector"),
        ] as [([Float], String)])
    func whatCannotBeComparedIsRefused(vector: [Float], pointer: String) throws {
        let failure = try #require(throws: Failure.self) {
            try VectorMetric.cosine.prepare(vector, dimensions: 2)
        }
        #expect(failure.errors.map(\.pointer) == [pointer])
    }
}
