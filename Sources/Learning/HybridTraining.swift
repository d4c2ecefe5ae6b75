import Core
import Foundation

/// Trains a ``HybridModel``: some choices are held out (`Validation`), each algorithm is trained on the rest in a few
/// ways of which the best stays, the weights of all features are learnt from the choices (``Fusion``), and then
/// everything is trained again on all there is.
public struct HybridTraining: Sendable {
    /// What a training can be told. The defaults do for data of any sort.
    public struct Settings: Sendable, Hashable {
        /// How many neighbours of an item EASE and transitions keep.
        public var neighborLimit = 100
        /// How many items that stand together with an item are kept.
        public var similarLimit = 50
        /// How many items of a user are learnt from, the latest.
        public var rowLimit = 500
        /// How many items of a history are looked at when it is asked, the latest.
        public var historyLimit = 50
        /// How many items take part in EASE, the most popular ones.
        public var easeItemLimit = 6000
        /// How many factors an item has.
        public var factors = 64
        /// How often users and items are solved for.
        public var iterations = 6
        /// How often, when most of the items have factors to begin with.
        public var warmIterations = 3
        /// How many choices are held out.
        public var heldOutCount = 1000
        /// After how many seconds without an interaction somebody comes back.
        public var returnGap: Int64 = 3600
        /// Where random numbers begin.
        public var seed: UInt64 = 1

        /// The defaults.
        public init() {}
    }

    /// How strongly the weights are drawn to those that are taken before anything could be learnt. With a few dozen
    /// choices they keep much of these, with hundreds next to nothing.
    private static let priorStrength = 10.0

    let settings: Settings
    let pace: TrainingPace

    /// Trains a model.
    ///
    /// - parameters:
    ///   - matrix: who interacted with what.
    ///   - content: which of the items are alike by what is known of them; nil where nothing is.
    ///   - settings: what the training is told.
    ///   - earlier: the factors that an item had in an earlier model, to begin with.
    ///   - pace: how the training uses the machine; the outcome does not depend on it.
    public static func train(
        _ matrix: InteractionMatrix, content: ContentModel? = nil, settings: Settings = Settings(),
        earlier: (Int32) -> ArraySlice<Float>? = { _ in nil }, pace: TrainingPace = TrainingPace()
    ) throws -> HybridModel {
        let training = HybridTraining(settings: settings, pace: pace)
        let validation = Validation(
            matrix, count: settings.heldOutCount, returnGap: settings.returnGap, seed: settings.seed)
        guard !validation.continuing.isEmpty || !validation.returning.isEmpty else {
            return try training.model(matrix, parameters: HyperParameters(), weights: .untrained, earlier: earlier)
        }
        let search = HyperParameterSearch(validation, settings: settings, pace: pace)
        let parameters = try search.best()
        let trial = try training.model(
            validation.training, parameters: parameters, weights: .untrained, isTrial: true, earlier: earlier)
        let weights = try training.weights(of: trial, content, validation)
        return try training.model(matrix, parameters: parameters, weights: weights) {
            trial.factors?.factors(ofItem: $0)
        }
    }

    /// Trains all algorithms, or for a trial those whose weights are learnt.
    func model(
        _ matrix: InteractionMatrix, parameters: HyperParameters, weights: HybridModel.Weights, isTrial: Bool = false,
        earlier: (Int32) -> ArraySlice<Float>?
    ) throws -> HybridModel {
        let latest = matrix.latest(settings.rowLimit)
        let limit = settings.neighborLimit
        var tables: [Algorithm: NeighborTable] = [:]
        tables[.transitions] = try SessionTransitions(latest)
            .neighbors(
                [parameters.transitions.strength], backwardShare: parameters.transitions.backwardShare, limit: limit,
                pace: pace
            )
            .first
        if !isTrial {
            tables[.itemNeighbors] = try ItemCoOccurrence(latest)
                .neighbors([parameters.neighbors], limit: settings.similarLimit, pace: pace).first
        }
        tables[.ease] = try EASE(latest, itemLimit: settings.easeItemLimit, pace: pace)
            .neighbors(regularization: parameters.easeRegularization, limit: limit, pace: pace)
        let known = (0..<Int32(matrix.itemCount)).count { earlier($0)?.count == settings.factors }
        let iterations = 2 * known > matrix.itemCount ? settings.warmIterations : settings.iterations
        let factors = try ImplicitALS.train(
            latest, parameters: settings.factorParameters(parameters, iterations: iterations), earlier: earlier,
            pace: pace)
        try pace.pause()
        return HybridModel(
            historyLimit: settings.historyLimit, returnGap: settings.returnGap, popularity: Popularity(matrix),
            trending: RecentCounts.atTheEnd(of: isTrial ? nil : matrix, itemCount: matrix.itemCount), tables: tables,
            factors: factors, weights: weights)
    }

    /// Learns how much the features count.
    func weights(
        of model: HybridModel, _ content: ContentModel?, _ validation: Validation
    ) throws -> HybridModel.Weights {
        let untrained = HybridModel.Weights.untrained
        let counts = RecentCounts(validation.training, shares: HybridFeature.trendingShares)
        let continuing = try learn(
            validation.continuing, prior: untrained.continuing, model: model, counts: counts, content: content)
        let returning = try learn(
            validation.returning, prior: untrained.returning, model: model, counts: counts, content: content)
        // Of whom nothing is known they are taken to do as the others.
        return HybridModel.Weights(
            continuing: validation.continuing.isEmpty ? returning : continuing,
            returning: validation.returning.isEmpty ? continuing : returning)
    }

    private func learn(
        _ choices: [Validation.Choice], prior: [Float], model: HybridModel, counts: RecentCounts,
        content: ContentModel?
    ) throws -> [Float] {
        var fusion = Fusion(kinds: HybridFeature.all.count)
        var counts = counts
        for choice in choices {
            try pace.pause()
            counts.advance(to: choice.moment)
            let (candidates, taken) = model.candidates(of: choice, trending: counts, content: content)
            fusion.add(candidates: candidates, taken: taken)
        }
        return try fusion.weights(prior: prior.map { Double($0) }, strength: Self.priorStrength, pace: pace)
            .map { Float($0) }
    }
}

extension HybridModel.Weights {
    /// What counts before anything could be learnt: what was about right on five sets of data.
    static let untrained = HybridModel.Weights(
        continuing: HybridFeature.all.map { feature in
            switch feature {
            case .trending(share: 0.1): 0.5
            case .trending(share: 0.02): 1
            case .history(.transitions, .latest): 5
            case .history(.transitions, _): 6
            case .history(.ease, .init(exponent: 1)): 2
            case .history(.als, .init(exponent: 1)): 4
            case .history(.content, _): 1
            default: 0
            }
        },
        returning: HybridFeature.all.map { feature in
            switch feature {
            case .trending(share: 0.1): 6
            case .trending(share: 0.02): 4
            case .history(.ease, .init(exponent: 1)): 4
            case .history(.als, .init(exponent: 1)): 3
            case .history(.content, _): 1
            default: 0
            }
        })
}

extension HybridModel {
    /// How many candidates of each feature take part when weights are learnt.
    private static let candidatesOfAFeature = 100

    /// The features of the best candidates of each feature for a choice, and which of them was chosen; -1 when none
    /// was.
    fileprivate func candidates(
        of choice: Validation.Choice, trending: RecentCounts, content: ContentModel?
    ) -> (features: [Float], taken: Int) {
        let known = Set(choice.history.lazy.map(\.item))
        return withMemory { scores in
            for item in trending.top(Self.commonLimit) { scores.insert(item) }
            fill(
                scores, history: choice.history, isUsed: HybridFeature.all.map(\.isLearnt), trending: trending,
                content: content)
            var best: Set<Int32> = []
            for feature in HybridFeature.all.indices {
                var top = BestItems(limit: Self.candidatesOfAFeature)
                for item in scores.candidates where !known.contains(item) {
                    top.add(item, score: scores[item][feature])
                }
                best.formUnion(top.sorted().lazy.map(\.item))
            }
            let items = best.sorted()
            var features: [Float] = []
            for item in items { features += scores[item] }
            return (features, items.firstIndex(of: choice.target) ?? -1)
        }
    }
}
