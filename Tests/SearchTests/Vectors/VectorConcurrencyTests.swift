import Core
import Synchronization
import TestKit
import Testing

@testable import Search

/// Searches run all the while that others write, link, and write the file.
@Suite struct VectorConcurrencyTests {
    private final class Flag: Sendable {
        let isRaised = Atomic<Bool>(false)
    }

    private static func vector(_ random: inout SeededRandom) -> [Float] {
        (0..<8).map { _ in Float.random(in: -1...1, using: &random) }
    }

    /// Labels up to it have one vector from the beginning to the end; half of them are written again and again.
    private static let lasting = 200

    @Test func whatLastsIsAlwaysFoundExactly() async throws {
        let random = SeededRandom.fresh()
        var source = random
        // It begins without codes, and gets them on the way.
        let index = VectorIndex(
            VectorIndexParameters(dimensions: 8, metric: .euclid, m: 6, efConstruction: 30, exactBelow: 300))
        let vectors = (0..<Self.lasting).map { _ in Self.vector(&source) }
        for (label, vector) in vectors.enumerated() { try index.set(vector, label: UInt32(label)) }
        let end = Flag()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for reader in 0..<3 {
                group.addTask {
                    var searches = 0
                    while !end.isRaised.load(ordering: .acquiring) {
                        try Self.look(index, vectors, (searches * 7 + reader) % Self.lasting, "\(random)")
                        searches += 1
                        await Task.yield()
                    }
                    return searches
                }
            }
            try await Self.churn(index, vectors, &source)
            end.isRaised.store(true, ordering: .releasing)
            #expect(try await group.reduce(0, +) > 0)
        }
        #expect(index.memory.quantizer != nil)
        let violations = index.checkInvariants()
        #expect(violations.isEmpty, "\(random): \(violations)")
    }

    private static func look(_ index: VectorIndex, _ vectors: [[Float]], _ label: Int, _ place: String) throws {
        let hit = VectorHit(label: UInt32(label), score: 0)
        #expect(try index.search(VectorSearch(vectors[label], k: 1, isExact: true)) == [hit], "\(place)")
        let some = NodeSet([UInt32(label), UInt32((label + 1) % Self.lasting)])
        #expect(try index.search(VectorSearch(vectors[label], k: 2, among: some)).map(\.label).first == hit.label)
        #expect(try index.search(VectorSearch(vectors[label], k: 5, breadth: 20)).count == 5, "\(place)")
        #expect(try index.vector(UInt32(label)) == vectors[label], "\(place)")
        #expect(try index.scores(vectors[label], of: [UInt32(label)]) == [hit], "\(place)")
    }

    private static func churn(_ index: VectorIndex, _ vectors: [[Float]], _ random: inout SeededRandom) async throws {
        let directory = try TemporaryDirectory()
        for step in 0..<1_500 {
            let label = UInt32.random(in: 0..<600, using: &random)
            if label < lasting {
                if label % 2 == 0 { try index.set(vectors[Int(label)], label: label) }
            } else if Bool.random(using: &random) {
                try index.set(vector(&random), label: label)
            } else {
                index.remove(label)
            }
            if step % 3 == 0 { index.linkSome(step % 10) }
            if step % 500 == 499 {
                let path = directory.file("vectors")
                try index.write(to: path, position: .start) { Int64($0) }
                #expect(try VectorIndex.load(path, index.parameters).index.checkInvariants().isEmpty)
            }
            await Task.yield()
        }
    }
}
