import Core
import Synchronization

/// What is recommended to whom: several algorithms over the same items, whose scores are added up with weights that
/// were learnt from choices that were held out (``HybridTraining``). It never changes; a later training makes another
/// one.
///
/// A feature (`HybridFeature`) is the root of what an algorithm finds in a history: much of something says less than a
/// little of several things. The score of an item is `Σ weight · feature`.
///
/// Who comes back after a while does something else than who goes on; each has weights of their own.
public struct HybridModel: Sendable {
    /// How much the features count.
    struct Weights: Sendable, Hashable {
        /// For somebody whose latest interaction was just now.
        var continuing: [Float]
        /// For somebody who comes back.
        var returning: [Float]
    }

    /// How many of the items that are popular, and of those that are trending, are candidates for everybody.
    static let commonLimit = 100
    /// How many of the items that are like those of a history are candidates.
    static let alikeLimit = 100
    /// How many of the latest items of a history are looked at for what is like them.
    static let alikeHistoryLimit = 20
    /// At how many places of features it is looked for what is like a history: half as many as to find that alone.
    static let alikeVisitLimit = ContentModel.visitLimit / 2

    /// How many of the latest items of a history are looked at.
    public let historyLimit: Int
    /// After how many seconds without an interaction somebody comes back.
    public let returnGap: Int64
    /// How much each item counts for all users.
    public let popularity: Popularity
    /// The factors of the items, when they were learnt.
    public let factors: ImplicitALS?
    /// The tables of those algorithms that have one.
    let tables: [Algorithm: NeighborTable]
    /// How often each item was chosen of late, for each feature of what is trending.
    let trending: RecentCounts
    let weights: Weights
    /// How popular each item is, on the scale of features.
    let scaledPopularity: [Float]
    /// What someone chose, the most popular first.
    let popularItems: [Int32]
    /// Items that are candidates whatever the history is.
    let commonItems: [Int32]
    private let memories: FeatureMemories

    init(
        historyLimit: Int, returnGap: Int64, popularity: Popularity, trending: RecentCounts,
        tables: [Algorithm: NeighborTable], factors: ImplicitALS?, weights: Weights
    ) {
        self.historyLimit = historyLimit
        self.returnGap = returnGap
        self.popularity = popularity
        self.trending = trending
        self.tables = tables
        self.factors = factors
        self.weights = weights
        scaledPopularity = popularity.weights.map(HybridFeature.scale)
        popularItems = popularity.ranking()
        commonItems = Array(popularItems.prefix(Self.commonLimit)) + trending.top(Self.commonLimit)
        memories = FeatureMemories(itemCount: popularity.weights.count)
    }

    /// The same model with other weights.
    func weighted(_ weights: Weights) -> HybridModel {
        HybridModel(
            historyLimit: historyLimit, returnGap: returnGap, popularity: popularity, trending: trending,
            tables: tables,
            factors: factors, weights: weights)
    }

    /// How many items it knows.
    public var itemCount: Int { popularity.weights.count }

    /// How much each algorithm counts: the sum of the weights of its features.
    ///
    /// - parameter isReturning: for somebody who comes back, not for who goes on.
    public func weights(isReturning: Bool) -> [Algorithm: Float] {
        zip(HybridFeature.all, isReturning ? weights.returning : weights.continuing)
            .reduce(into: [:]) { $0[$1.0.algorithm, default: 0] += $1.1 }
    }

    /// The neighbours of an item by one algorithm, the strongest first; none when it has no table of them.
    public func neighbors(of item: Int32, by algorithm: Algorithm) -> [(item: Int32, weight: Float)] {
        tables[algorithm]?.neighbors(of: item) ?? []
    }

    /// How strong a neighbour of an item another one is by one algorithm; 0 where it is none.
    public func strength(of neighbor: Int32, from item: Int32, by algorithm: Algorithm) -> Float {
        tables[algorithm]?.weight(of: neighbor, from: item) ?? 0
    }

    /// Lets a body use memory for scores that nobody else uses meanwhile.
    func withMemory<Result>(_ body: (FeatureScores) throws -> Result) rethrows -> Result {
        try memories.lend(body)
    }

    /// Whether somebody comes back rather than goes on.
    func isReturning(_ history: [HistoryEntry], at moment: Timestamp?) -> Bool {
        guard let moment, let latest = history.last?.time else { return false }
        return latest.advanced(bySeconds: returnGap) < moment
    }
}

/// Memory for scores, lent to one thread after the other, so that a ranking needs no new one.
private final class FeatureMemories: Sendable {
    private static let limit = 16

    private let itemCount: Int
    private let free = Mutex<[FeatureScores]>([])

    init(itemCount: Int) {
        self.itemCount = itemCount
    }

    func lend<Result>(_ body: (FeatureScores) throws -> Result) rethrows -> Result {
        let memory =
            free.withLock { $0.popLast() } ?? FeatureScores(itemCount: itemCount, features: HybridFeature.all.count)
        defer {
            memory.clear()
            free.withLock { if $0.count < Self.limit { $0.append(memory) } }
        }
        return try body(memory)
    }
}
