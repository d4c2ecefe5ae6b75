/// How good the rankings of a model are, of all its algorithms together and of each alone, for choices that it was not
/// trained with.
public struct Evaluation: Sendable {
    /// How good the rankings of one algorithm are.
    public struct Result: Sendable {
        /// The algorithm; nil for all of them together.
        public let algorithm: Algorithm?
        /// How good its rankings are.
        public let metrics: RankingMetrics
    }

    /// All algorithms together first, then each alone.
    public let results: [Result]

    /// Ranks all items for each choice that was held out.
    ///
    /// What its user had before takes no part. A choice that nobody had made before is never predicted, and counts.
    ///
    /// - parameters:
    ///   - model: what was trained with the rest of the split.
    ///   - split: the choices.
    ///   - content: which of the items are alike by what is known of them; nil where nothing is, and then no result
    ///     tells of that algorithm.
    ///   - depth: how many of the first items of a ranking are looked at.
    ///   - pause: is called between rankings, and may end the evaluation by throwing.
    public init(
        _ model: HybridModel, _ split: EvaluationSplit, content: ContentModel? = nil, depth: Int,
        pause: () throws -> Void = {}
    ) throws {
        let algorithms = Algorithm.allCases.filter { $0 != .content || content != nil }
        results = try ([nil] + algorithms).map { algorithm in
            var metrics = RankingMetrics(depth: depth, popularity: model.popularity)
            for choice in split.choices {
                try pause()
                let top = model.rank(
                    choice.history, limit: depth, at: choice.moment, by: algorithm, content: content)
                metrics.add(rank: model.rank(of: choice, by: algorithm, content), top: top.lazy.map(\.item))
            }
            return Result(algorithm: algorithm, metrics: metrics)
        }
    }
}

extension HybridModel {
    /// The rank of what was chosen among all items but those of the history, where those with the same score come
    /// first: what ``rank(_:limit:at:by:multipliers:isAllowed:)`` would give it with bad luck. Nil when nobody chose it
    /// before.
    fileprivate func rank(
        of choice: Validation.Choice, by algorithm: Algorithm?, _ content: ContentModel?
    ) -> Int? {
        let target = choice.target
        guard popularity.weights[Int(target)] > 0 else { return nil }
        let weights = featureWeights(
            isReturning: isReturning(choice.history, at: choice.moment), algorithm: algorithm, multipliers: [:])
        let known = Set(choice.history.lazy.map(\.item))
        return withMemory { scores in
            fill(
                scores, history: choice.history, isUsed: weights.map { $0 > 0 }, trending: trending, content: content)
            func score(_ item: Int32) -> Float {
                weights.indices.reduce(0) { $0 + weights[$1] * scores[item][$1] }
            }
            let own = score(target)
            let found = scores.candidates.filter { $0 != target && !known.contains($0) && score($0) > 0 }
            if own > 0 { return RankingMetrics.rank(of: own, among: found.lazy.map(score)) }
            // What no algorithm found stands at the end, by its popularity.
            let rest = Set(found).union(known).union([target])
            return found.count
                + RankingMetrics.rank(
                    of: popularity.weights[Int(target)],
                    among: popularItems.lazy.filter { !rest.contains($0) }.map { self.popularity.weights[Int($0)] })
        }
    }
}
