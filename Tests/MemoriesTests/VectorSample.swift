import Search
import TestKit

@testable import Memories

/// Random points of a collection, and what should be found among them.
struct VectorSample {
    /// By their numbers from 0 on.
    let vectors: [[Float]]
    let metric: VectorMetric

    init(_ count: Int, size: Int, _ metric: VectorMetric, _ random: inout SeededRandom) throws {
        self.metric = metric
        vectors = try (0..<count).map { _ in
            try metric.prepare(Self.vector(size, &random), dimensions: size)
        }
    }

    static func vector(_ size: Int, _ random: inout SeededRandom) -> [Float] {
        (0..<size).map { _ in Float.random(in: -1...1, using: &random) }
    }

    func score(_ number: Int, _ query: [Float]) -> Float {
        let pairs = zip(vectors[number], query)
        switch metric {
        case .cosine:
            let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return pairs.reduce(0) { $0 + $1.0 * $1.1 } / length
        case .dot: return pairs.reduce(0) { $0 + $1.0 * $1.1 }
        case .euclid: return pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        case .manhattan: return pairs.reduce(0) { $0 + abs($1.0 - $1.1) }
        }
    }

    /// The numbers of the nearest, of those that are allowed.
    func nearest(_ query: [Float], _ k: Int, where isAllowed: (Int) -> Bool = { _ in true }) -> [Int] {
        let scored = vectors.indices.filter(isAllowed).map { ($0, score($0, query)) }
        return scored.sorted { metric.prefersGreaterScores ? $0.1 > $1.1 : $0.1 < $1.1 }.prefix(k).map(\.0)
    }

    /// Each with the shares of numbers that filters ask for.
    func drafts(_ numbers: Range<Int>) -> [PointDraft] {
        numbers.map { number in
            var stored = PointVectors()
            stored.set(vectors[number], at: 0)
            return PointDraft(
                key: .number(UInt64(number)), payload: Array("{\"n\":\(number),\"share\":\(number % 1_000)}".utf8),
                vectors: stored)
        }
    }
}
