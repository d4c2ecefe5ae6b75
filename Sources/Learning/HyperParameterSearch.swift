import Core

/// What the algorithms of a hybrid are trained with, as far as that depends on the data.
struct HyperParameters: Sendable, Hashable {
    struct Transitions: Sendable, Hashable {
        let strength: PairStrength
        let backwardShare: Float
    }

    var transitions = Transitions(
        strength: PairStrength(sourceExponent: 0.7, targetExponent: 0.3, shrinkage: 0, smoothing: 5), backwardShare: 0.5
    )
    var neighbors = PairStrength(sourceExponent: 0.5, targetExponent: 0.5, shrinkage: 10)
    var easeRegularization: Float = 200
    var unobservedWeight: Float = 0.06
    var factorRegularization: Float = 0.003
}

extension HybridTraining.Settings {
    func factorParameters(_ parameters: HyperParameters, iterations: Int) -> ImplicitALS.Parameters {
        ImplicitALS.Parameters(
            factors: factors, unobservedWeight: parameters.unobservedWeight,
            regularization: parameters.factorRegularization, frequencyExponent: 1, iterations: iterations, seed: seed)
    }
}

extension InteractionMatrix {
    /// The matrix of some users alone, who are drawn.
    fileprivate func sample(_ count: Int, seed: UInt64) -> InteractionMatrix {
        guard count < rowCount else { return self }
        var random = SplitMix64(seed: seed)
        let drawn = (0..<rowCount).shuffled(using: &random).prefix(count).sorted()
        return InteractionMatrix(
            itemCount: itemCount, rows: drawn.lazy.map { range(ofRow: $0).lazy.map(entry(at:)) })
    }
}

/// Tries a few hyper-parameters of each algorithm, and takes those that predict best the choices that were held out.
///
/// Each algorithm is looked at alone, by NDCG@100 over all items, with a history whose items count by their age; few
/// choices tell rankings of a hundred apart better than rankings of ten.
struct HyperParameterSearch {
    private static let depth = 100
    private static let recency = Recency(exponent: 1)
    // The best values are the same for fewer items, factors and users, and are found in a tenth of the time.
    private static let trialItems = 2000
    private static let trialFactors = 32
    private static let trialIterations = 4
    private static let leastTrialUsers = 5000

    private let validation: Validation
    private let choices: [Validation.Choice]
    private let histories: [[HistoryEntry]]
    private let training: InteractionMatrix
    private let popularity: Popularity
    private let settings: HybridTraining.Settings
    private let pace: TrainingPace

    init(_ validation: Validation, settings: HybridTraining.Settings, pace: TrainingPace) {
        self.validation = validation
        self.settings = settings
        self.pace = pace
        training = validation.training.latest(settings.rowLimit)
        popularity = Popularity(training)
        choices = validation.continuing.isEmpty ? validation.returning : validation.continuing
        histories = choices.map { Self.recency.weigh($0.history, limit: settings.historyLimit) }
    }

    func best() throws -> HyperParameters {
        var parameters = HyperParameters()
        parameters.transitions = try bestTransitions()
        parameters.easeRegularization = try bestEASE()
        (parameters.unobservedWeight, parameters.factorRegularization) = try bestFactors()
        return parameters
    }

    private func bestTransitions() throws -> HyperParameters.Transitions {
        let strengths = [(0.7, 0.3), (0.5, 0.5)].map {
            PairStrength(sourceExponent: $0.0, targetExponent: $0.1, shrinkage: 0, smoothing: 5)
        }
        let transitions = SessionTransitions(training)
        var tried: [(HyperParameters.Transitions, Double)] = []
        for share in [0.5, 0, 1] as [Float] {
            let tables = try transitions.neighbors(
                strengths, backwardShare: share, limit: settings.neighborLimit, pace: pace)
            for (strength, table) in zip(strengths, tables) {
                tried.append((.init(strength: strength, backwardShare: share), try quality(of: table)))
            }
        }
        return Self.best(of: tried) ?? HyperParameters().transitions
    }

    private func bestEASE() throws -> Float {
        let ease = try EASE(training, itemLimit: min(settings.easeItemLimit, Self.trialItems), pace: pace)
        let tried = try ([200, 50, 800] as [Float]).map { regularization in
            let table = try ease.neighbors(
                regularization: regularization, limit: settings.neighborLimit, pace: pace)
            return (regularization, try quality(of: table))
        }
        return Self.best(of: tried) ?? HyperParameters().easeRegularization
    }

    private func bestFactors() throws -> (Float, Float) {
        let grid: [(Float, Float)] = [(0.06, 0.003), (0.015, 0.003), (0.06, 0.01), (0.25, 0.003), (0.25, 0.01)]
        let some = training.sample(max(Self.leastTrialUsers, training.rowCount / 4), seed: settings.seed)
        let tried = try grid.map { unobservedWeight, regularization in
            let parameters = ImplicitALS.Parameters(
                factors: min(settings.factors, Self.trialFactors), unobservedWeight: unobservedWeight,
                regularization: regularization, iterations: Self.trialIterations, seed: settings.seed)
            let factors = try ImplicitALS.train(some, parameters: parameters, pace: pace)
            return ((unobservedWeight, regularization), try quality(of: factors))
        }
        return Self.best(of: tried) ?? grid[0]
    }

    /// The first of those that are best.
    static func best<Value>(of tried: [(Value, Double)]) -> Value? {
        var best: (Value, Double)?
        for (value, quality) in tried where best.map({ quality > $0.1 }) ?? true { best = (value, quality) }
        return best?.0
    }

    func quality(of table: NeighborTable) throws -> Double {
        var metrics = RankingMetrics(depth: Self.depth, popularity: popularity)
        var scores = ScoreAccumulator(itemCount: training.itemCount)
        for (choice, history) in zip(choices, histories) {
            try pace.pause()
            table.add(history, to: &scores)
            let known = Set(choice.history.lazy.map(\.item))
            let others = scores.touched.lazy.filter { $0 != choice.target && !known.contains($0) }
                .map { scores[$0] }
            let score = scores[choice.target]
            metrics.add(rank: score > 0 ? RankingMetrics.rank(of: score, among: others) : nil)
            scores.clear()
        }
        return metrics.discountedGain
    }

    func quality(of factors: ImplicitALS) throws -> Double {
        var metrics = RankingMetrics(depth: Self.depth, popularity: popularity)
        for (choice, history) in zip(choices, histories) {
            try pace.pause()
            let person = factors.fold(history)
            let known = Set(choice.history.lazy.map(\.item))
            let score = factors.score(of: choice.target, for: person)
            let others = (0..<Int32(factors.itemCount)).lazy.filter { $0 != choice.target && !known.contains($0) }
                .map { factors.score(of: $0, for: person) }
            metrics.add(rank: RankingMetrics.rank(of: score, among: others))
        }
        return metrics.discountedGain
    }
}
