import Foundation

/// One addend of the scores of a ``HybridModel``, before it is weighted.
enum HybridFeature: Sendable, Hashable {
    /// How popular an item is.
    case popular
    /// How popular it was in a share of all interactions, the latest.
    case trending(share: Double)
    /// What an algorithm finds in a history whose items count by their age.
    case history(Algorithm, Recency)

    /// All of them, in the order in which a model keeps their weights.
    static let all: [HybridFeature] = [
        .popular,
        .trending(share: 0.1),
        .trending(share: 0.02),
        .history(.transitions, Recency(exponent: 1)),
        .history(.transitions, .latest),
        .history(.ease, Recency(exponent: 1)),
        .history(.ease, Recency(exponent: 0.5)),
        .history(.itemNeighbors, Recency(exponent: 1)),
        .history(.als, Recency(exponent: 1)),
        .history(.als, Recency(exponent: 0)),
        .history(.content, Recency(exponent: 1)),
    ]

    /// Whether its weight is learnt. Where there are transitions and factors, items that stand together add nothing
    /// (measured on five sets of data), so they are there for whoever asks for them alone.
    var isLearnt: Bool { algorithm != .itemNeighbors }

    /// How many interactions back each of the features of what is trending looks, at least.
    static let leastTrendingCount = 200

    /// The shares of the features of what is trending.
    static let trendingShares = all.compactMap { feature in
        if case .trending(let share) = feature { share } else { nil }
    }

    /// The algorithm that it is of.
    var algorithm: Algorithm {
        switch self {
        case .popular: .popular
        case .trending: .trending
        case .history(let algorithm, _): algorithm
        }
    }

    /// A count of interactions on a scale where it is comparable with the other features.
    static func scale(_ count: Float) -> Float { log1p(count) / 8 }
}
