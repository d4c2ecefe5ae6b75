public import Core
import Foundation

extension HybridModel {
    /// Ranks the items that fit a history, the best first.
    ///
    /// Where fewer fit than are asked for, the most popular ones follow, with a contribution of ``Algorithm/popular``
    /// alone; so somebody without a history gets these.
    ///
    /// - parameters:
    ///   - history: what somebody interacted with, the latest last, with how much each counts. Items that the model
    ///     does not know are passed over.
    ///   - limit: how many items are wanted.
    ///   - moment: when that is asked; with the time of the latest entry it tells whether somebody comes back. Without
    ///     it they go on.
    ///   - algorithm: ranks by one algorithm alone; by default by all, as they were learnt to fit together.
    ///   - multipliers: how much more or less than learnt an algorithm is to count; by default 1. Where nothing is left
    ///     of what was learnt, those algorithms count that are named, by their multipliers alone.
    ///   - content: which items are alike by what is known of them; nil where nothing is.
    ///   - includesHistory: whether the items of the history may come again; then all of them are looked at.
    ///   - isAllowed: whether an item may be recommended. It is asked for those alone that would be among the first.
    /// - returns: no item twice, and none of the history unless it is wanted.
    public func rank(
        _ history: [HistoryEntry], limit: Int, at moment: Timestamp? = nil, by algorithm: Algorithm? = nil,
        multipliers: [Algorithm: Float] = [:], content: ContentModel? = nil, includesHistory: Bool = false,
        isAllowed: (Int32) -> Bool = { _ in true }
    ) -> [RankedItem] {
        guard limit > 0 else { return [] }
        let weights = featureWeights(
            isReturning: isReturning(history, at: moment), algorithm: algorithm, multipliers: multipliers)
        let excluded: Set<Int32> = includesHistory ? [] : Set(history.lazy.map(\.item))
        var ranking = withMemory { scores in
            if includesHistory {
                for entry in history where entry.isValid(itemCount: itemCount) { scores.insert(entry.item) }
            }
            fill(
                scores, history: history, isUsed: weights.map { $0 > 0 }, trending: trending, content: content)
            var best = BestItems(limit: limit)
            for item in scores.candidates {
                let features = scores[item]
                var score: Float = 0
                for feature in weights.indices { score += weights[feature] * features[feature] }
                guard score > 0, best.wouldTake(item, score: score) else { continue }
                if !excluded.contains(item), isAllowed(item) { best.add(item, score: score) }
            }
            return best.sorted().map { rankedItem($0.item, scores: scores, weights: weights) }
        }
        guard ranking.count < limit else { return ranking }
        let found = excluded.union(ranking.map(\.item))
        for item in popularItems where !found.contains(item) && isAllowed(item) {
            let score = min(scaledPopularity[Int(item)], ranking.last?.score ?? .infinity)
            ranking.append(RankedItem(item: item, contributions: [.popular: score]))
            if ranking.count == limit { break }
        }
        return ranking
    }

    /// How much each feature is to count. Where all that was asked for was learnt to count nothing, each algorithm
    /// counts by its first feature.
    func featureWeights(
        isReturning: Bool, algorithm: Algorithm?, multipliers: [Algorithm: Float]
    ) -> [Float] {
        let learnt = isReturning ? weights.returning : weights.continuing
        guard let algorithm else {
            let weights = zip(HybridFeature.all, learnt).map { $1 * max(0, multipliers[$0.algorithm] ?? 1) }
            return weights.contains { $0 > 0 } ? weights : firstFeatures { max(0, multipliers[$0] ?? 0) }
        }
        let own = zip(HybridFeature.all, learnt).map { $0.algorithm == algorithm ? $1 : 0 }
        if own.contains(where: { $0 > 0 }) { return own }
        return firstFeatures { $0 == algorithm ? 1 : 0 }
    }

    /// Weights of the first feature of each algorithm alone.
    private func firstFeatures(_ weight: (Algorithm) -> Float) -> [Float] {
        var known: Set<Algorithm> = []
        return HybridFeature.all.map { known.insert($0.algorithm).inserted ? weight($0.algorithm) : 0 }
    }

    private func rankedItem(_ item: Int32, scores: FeatureScores, weights: [Float]) -> RankedItem {
        var contributions: [Algorithm: Float] = [:]
        for (feature, weight) in weights.enumerated() {
            contributions[HybridFeature.all[feature].algorithm, default: 0] += weight * scores[item][feature]
        }
        return RankedItem(item: item, contributions: contributions)
    }

    /// Works out the features of the candidates for a history.
    ///
    /// - parameters:
    ///   - scores: where the features of each candidate are written.
    ///   - history: what somebody interacted with, the latest last.
    ///   - isUsed: which features are wanted.
    ///   - trending: how often items were chosen of late.
    ///   - content: which items are alike by what is known of them; nil where nothing is.
    func fill(
        _ scores: FeatureScores, history: [HistoryEntry], isUsed: [Bool], trending: RecentCounts,
        content: ContentModel?
    ) {
        let known = history.filter { $0.isValid(itemCount: itemCount) }
        addNeighbors(of: known, isUsed: isUsed, to: scores)
        if let content { addAlike(known, content, isUsed: isUsed, to: scores) }
        // Factors alone have no neighbours to look at: they look at everything.
        let used = zip(HybridFeature.all, isUsed).filter(\.1).map(\.0.algorithm)
        let isFactorsAlone = !used.isEmpty && used.allSatisfy { $0 == .als }
        for item in isFactorsAlone ? popularItems : commonItems { scores.insert(item) }
        var window = 0
        for (feature, kind) in HybridFeature.all.enumerated() {
            switch kind {
            case .popular:
                scores.fill(feature) { scaledPopularity[Int($0)] }
            case .trending:
                let counts = trending.scaled[window]
                scores.fill(feature) { counts[Int($0)] }
                window += 1
            case .history(.als, let recency) where isUsed[feature] && !known.isEmpty:
                guard let factors else { continue }
                let person = factors.fold(recency.weigh(known, limit: historyLimit))
                factors.withScores(for: person) { score in
                    scores.fill(feature) { max(0, score($0)).squareRoot() }
                }
            case .history(.content, _) where isUsed[feature]: scores.fill(feature) { scores.likeness[$0].squareRoot() }
            case .history where isUsed[feature]: scores.takeRoots(feature)
            case .history: continue
            }
        }
        scores.likeness.clear()
    }

    /// Adds up how like items are to those of a history by what is known of them, and makes the most alike candidates.
    private func addAlike(
        _ known: [HistoryEntry], _ content: ContentModel, isUsed: [Bool], to scores: FeatureScores
    ) {
        for (kind, isUsed) in zip(HybridFeature.all, isUsed) {
            guard isUsed, case .history(.content, let recency) = kind else { continue }
            let profile = content.profile(of: recency.weigh(known, limit: Self.alikeHistoryLimit))
            content.addLikeness(to: profile, visitLimit: Self.alikeVisitLimit, sums: &scores.likeness)
        }
        var best = BestItems(limit: Self.alikeLimit)
        for item in scores.likeness.touched { best.add(item, score: scores.likeness[item]) }
        for (item, _) in best.sorted() { scores.insert(item) }
    }

    /// Adds the neighbours of the items of a history to the features that look at them, each table once for all of its
    /// features.
    private func addNeighbors(of known: [HistoryEntry], isUsed: [Bool], to scores: FeatureScores) {
        for (algorithm, table) in tables {
            let features = HybridFeature.all.enumerated().compactMap { feature, kind -> (Int, Recency)? in
                guard isUsed[feature], case .history(algorithm, let recency) = kind else { return nil }
                return (feature, recency)
            }
            guard !features.isEmpty else { continue }
            for (age, entry) in known.reversed().prefix(historyLimit).enumerated() {
                let weights = features.map { (feature: $0.0, weight: entry.weight * $0.1.weight(atAge: age)) }
                    .filter { $0.weight > 0 }
                if !weights.isEmpty { scores.add(table, of: entry.item, weights: weights) }
            }
        }
    }
}
