import CKernels
import Foundation

/// Factors of items, learnt so that the factors of whoever chose some of them point to the others: implicit alternating
/// least squares.
///
/// For users u with factors x and items i with factors y it makes this small:
///
///     Σ over what u interacted with: c(u,i) (1 - x·y)²  +  α₀ Σ over all u, i: (x·y)²
///     +  Σ ridge(u) |x|²  +  Σ ridge(i) |y|²
///
/// with the weights c of the matrix, and `ridge(u) = λ (Σ c of u + α₀ · items)^ν`, the same for items. Y. Hu, Y. Koren,
/// C. Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (2008); the form of weights and ridge is of
/// S. Rendle, W. Krichene, L. Zhang, Y. Koren, "Revisiting the Performance of iALS on Item Recommendation Benchmarks"
/// (2021). Each row is solved exactly; `RowSolver` says how.
public struct ImplicitALS: Sendable {
    /// What factors are learnt with.
    public struct Parameters: Sendable, Hashable {
        /// How many numbers stand for an item.
        public var factors: Int
        /// α₀, how much an item counts that a user did not interact with.
        public var unobservedWeight: Float
        /// λ, how strongly factors are drawn to 0.
        public var regularization: Float
        /// ν, how much more strongly those with many interactions are drawn.
        public var frequencyExponent: Float
        /// How often users and items are solved for.
        public var iterations: Int
        /// Where the random numbers begin.
        public var seed: UInt64

        /// What factors are learnt with.
        public init(
            factors: Int = 64, unobservedWeight: Float = 0.1, regularization: Float = 0.003,
            frequencyExponent: Float = 1, iterations: Int = 12, seed: UInt64 = 1
        ) {
            self.factors = max(1, factors)
            self.unobservedWeight = unobservedWeight
            self.regularization = regularization
            self.frequencyExponent = frequencyExponent
            self.iterations = iterations
            self.seed = seed
        }

        func ridge(_ weights: UnsafeBufferPointer<Float>, columnCount: Int) -> Float {
            let frequency = weights.reduce(0, +) + unobservedWeight * Float(columnCount)
            return max(regularization * pow(frequency, frequencyExponent), .leastNormalMagnitude)
        }
    }

    /// What the factors were learnt with.
    public let parameters: Parameters
    let items: FactorMatrix
    /// The diagonal of α₀ YᵀY, in the axes in which the factors stand.
    let diagonal: [Float]

    init(parameters: Parameters, items: FactorMatrix) throws {
        self.parameters = parameters
        var items = items
        diagonal = try items.diagonalize().map { $0 * parameters.unobservedWeight }
        self.items = items
    }

    init(parameters: Parameters, items: FactorMatrix, diagonal: [Float]) {
        self.parameters = parameters
        self.items = items
        self.diagonal = diagonal
    }

    /// Learns the factors of a matrix.
    ///
    /// - parameters:
    ///   - matrix: who interacted with what.
    ///   - parameters: what they are learnt with; its seed makes the outcome repeatable.
    ///   - earlier: the factors that an item had in an earlier model, to begin with.
    ///   - pace: how the training uses the machine; the outcome does not depend on it.
    public static func train(
        _ matrix: InteractionMatrix, parameters: Parameters, earlier: (Int32) -> ArraySlice<Float>? = { _ in nil },
        pace: TrainingPace = TrainingPace()
    ) throws -> ImplicitALS {
        var training = ImplicitALSTraining(matrix, parameters: parameters, earlier: earlier)
        for _ in 0..<parameters.iterations {
            try training.refitUsers(pace: pace)
            try training.refitItems(pace: pace)
        }
        return try training.model()
    }

    /// How many items it knows.
    public var itemCount: Int { items.rowCount }

    /// The factors of an item, for the training of a later model.
    public func factors(ofItem item: Int32) -> ArraySlice<Float>? {
        item >= 0 && item < itemCount ? items[item] : nil
    }

    /// The factors of somebody with a history, whoever that is: what the training would find for them.
    public func fold(_ history: some Sequence<HistoryEntry>) -> [Float] {
        let known = history.filter { $0.isValid(itemCount: itemCount) }
        var solution = [Float](repeating: 0, count: parameters.factors)
        let weights = known.map(\.weight)
        weights.withUnsafeBufferPointer { weights in
            known.map(\.item).withUnsafeBufferPointer { columns in
                RowSolver(factors: parameters.factors).solve(
                    columns: columns, weights: weights, fixed: items.values, diagonal: diagonal,
                    ridge: parameters.ridge(weights, columnCount: itemCount), solution: &solution)
            }
        }
        return solution
    }

    /// How well an item fits the factors of somebody.
    public func score(of item: Int32, for factors: [Float]) -> Float {
        guard item >= 0, item < itemCount, factors.count == parameters.factors else { return 0 }
        return withScores(for: factors) { $0(item) } ?? 0
    }

    /// Lets a body ask how well items, all of which are known, fit the factors of somebody.
    @discardableResult
    func withScores<Result>(for factors: [Float], _ body: (_ score: (Int32) -> Float) -> Result) -> Result? {
        let dot = vector_kernels_in_use().pointee.dot_float
        return items.values.withUnsafeBufferPointer { values in
            factors.withUnsafeBufferPointer { person in
                guard let base = values.baseAddress, let person = person.baseAddress else { return nil }
                return body { dot(base + Int($0) * parameters.factors, person, parameters.factors) }
            }
        }
    }
}
