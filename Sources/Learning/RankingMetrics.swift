import Foundation

/// How good rankings are that were made for users of whom one further choice, the target, is known.
///
/// Every item that the target could have been takes part in a ranking, and a tie never helps the target.
public struct RankingMetrics: Sendable {
    /// How many of the first items of a ranking are looked at.
    public let depth: Int
    /// How many rankings were looked at.
    public private(set) var count = 0
    private var (hits, gain, reciprocalRanks) = (0, 0.0, 0.0)
    private var (shown, information) = (0, 0.0)
    private var isShown: [Bool]
    private let popularity: Popularity

    /// Metrics of no ranking yet.
    ///
    /// - parameters:
    ///   - depth: how many of the first items of a ranking are looked at.
    ///   - popularity: how often items were chosen: what coverage and novelty are measured by.
    public init(depth: Int = 10, popularity: Popularity) {
        self.depth = depth
        self.popularity = popularity
        isShown = Array(repeating: false, count: popularity.weights.count)
    }

    /// The rank of a target, from 1: one more than there are others with a score that is greater or the same. A score
    /// that is no number ranks a target last.
    public static func rank(of score: Float, among others: some Sequence<Float>) -> Int {
        1 + others.count { !(score > $0) }
    }

    /// Takes a ranking in.
    ///
    /// - parameters:
    ///   - rank: the rank of the target from 1, or nil when it is not in the ranking at all.
    ///   - top: the first items of the ranking.
    public mutating func add(rank: Int?, top: some Sequence<Int32> = []) {
        count += 1
        if let rank, rank >= 1 {
            reciprocalRanks += 1 / Double(rank)
            if rank <= depth {
                hits += 1
                gain += 1 / log2(Double(rank) + 1)
            }
        }
        for item in top.prefix(depth) where isShown.indices.contains(Int(item)) {
            isShown[Int(item)] = true
            shown += 1
            information += popularity.selfInformation(of: item)
        }
    }

    /// HR@k: the share of the rankings whose target is among the first.
    public var hitRate: Double { share(Double(hits)) }

    /// NDCG@k: as the hit rate, but a hit at rank r counts 1 / log₂(r + 1) (K. Järvelin, J. Kekäläinen, "Cumulated
    /// Gain-Based Evaluation of IR Techniques", 2002, with one relevant item).
    public var discountedGain: Double { share(gain) }

    /// MRR: the mean of 1 / rank of the targets, at any depth.
    public var meanReciprocalRank: Double { share(reciprocalRanks) }

    /// The share of all items that are among the first of any ranking.
    public var coverage: Double {
        isShown.isEmpty ? 0 : Double(isShown.count { $0 }) / Double(isShown.count)
    }

    /// How surprising the first items of the rankings are on average, in bits (``Popularity/selfInformation(of:)``).
    public var novelty: Double { shown == 0 ? 0 : information / Double(shown) }

    private func share(_ sum: Double) -> Double { count == 0 ? 0 : sum / Double(count) }
}
