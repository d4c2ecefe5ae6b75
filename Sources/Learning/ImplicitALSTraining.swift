import Core
import Foundation

/// The factors of users and items while they are learnt: users and items are solved for in turns (see ``ImplicitALS``).
public struct ImplicitALSTraining: Sendable {
    /// What it is learnt with.
    public let parameters: ImplicitALS.Parameters
    private(set) var users: FactorMatrix
    private(set) var items: FactorMatrix
    private let byUser: InteractionMatrix
    private let byItem: InteractionMatrix

    /// Begins with random factors of items, each of a normal distribution with a deviation of 0.1 / √factors.
    ///
    /// - parameters:
    ///   - matrix: who interacted with what.
    ///   - parameters: what it is learnt with; its seed makes the outcome repeatable.
    ///   - earlier: the factors that an item had in an earlier model; where there are as many as are asked for, it
    ///     begins with them, and needs fewer iterations.
    public init(
        _ matrix: InteractionMatrix, parameters: ImplicitALS.Parameters,
        earlier: (Int32) -> ArraySlice<Float>? = { _ in nil }
    ) {
        self.parameters = parameters
        byUser = matrix
        byItem = matrix.transposed()
        users = FactorMatrix(rows: matrix.rowCount, factors: parameters.factors)
        items = FactorMatrix(rows: matrix.itemCount, factors: parameters.factors)
        var random = SplitMix64(seed: parameters.seed)
        for item in 0..<matrix.itemCount {
            let known = earlier(Int32(item)).flatMap { $0.count == parameters.factors ? $0 : nil }
            let start = item * parameters.factors
            for factor in 0..<parameters.factors {
                let number = Self.normalNumber(using: &random) * 0.1 / Float(parameters.factors).squareRoot()
                items.values[start + factor] = known.map { $0[$0.startIndex + factor] } ?? number
            }
        }
    }

    /// A number of the standard normal distribution (Box, Muller 1958).
    private static func normalNumber(using random: inout SplitMix64) -> Float {
        let radius = (-2 * log(Double.random(in: Double.leastNonzeroMagnitude..<1, using: &random))).squareRoot()
        return Float(radius * cos(2 * Double.pi * Double.random(in: 0..<1, using: &random)))
    }

    /// Solves for the factors of all users.
    public mutating func refitUsers(pace: TrainingPace = TrainingPace()) throws {
        try Self.refit(&users, rows: byUser, others: &items, parameters: parameters, pace: pace)
    }

    /// Solves for the factors of all items.
    public mutating func refitItems(pace: TrainingPace = TrainingPace()) throws {
        try Self.refit(&items, rows: byItem, others: &users, parameters: parameters, pace: pace)
    }

    /// What the factors of the items are now, for serving.
    public func model() throws -> ImplicitALS { try ImplicitALS(parameters: parameters, items: items) }

    private static func refit(
        _ factors: inout FactorMatrix, rows: InteractionMatrix, others: inout FactorMatrix,
        parameters: ImplicitALS.Parameters, pace: TrainingPace
    ) throws {
        let diagonal = try others.diagonalize(pace: pace).map { $0 * parameters.unobservedWeight }
        let solvers = (0..<pace.threads).map { _ in RowSolver(factors: parameters.factors) }
        try factors.values.withUnsafeMutableBufferPointer { values in
            guard let solutions = values.baseAddress else { return }
            try others.values.withUnsafeBufferPointer { others in
                guard let fixed = others.baseAddress else { return }
                try pace.divide(rows.rowCount, portion: 16) { thread, portion in
                    for row in portion {
                        rows.withRow(row) { columns, weights in
                            solvers[thread].solve(
                                columns: columns, weights: weights, fixed: fixed, diagonal: diagonal,
                                ridge: parameters.ridge(weights, columnCount: rows.itemCount),
                                solution: solutions + row * parameters.factors)
                        }
                    }
                }
            }
        }
    }
}

extension ImplicitALSTraining {
    /// What the training makes smaller with each step.
    public func loss() throws -> Double {
        var sum = try zip(users.gramMatrix(), items.gramMatrix()).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        sum *= Double(parameters.unobservedWeight)
        for row in 0..<byUser.rowCount {
            for entry in byUser.history(ofRow: row) {
                let score = zip(users[Int32(row)], items[entry.item]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                sum += Double(entry.weight) * (1 - score) * (1 - score)
            }
        }
        return sum + ridgeLoss(users, rows: byUser) + ridgeLoss(items, rows: byItem)
    }

    private func ridgeLoss(_ factors: FactorMatrix, rows: InteractionMatrix) -> Double {
        (0..<rows.rowCount).reduce(0.0) { sum, row in
            let ridge = rows.withRow(row) { parameters.ridge($1, columnCount: rows.itemCount) }
            return sum + Double(ridge) * factors[Int32(row)].reduce(0.0) { $0 + Double($1) * Double($1) }
        }
    }
}
