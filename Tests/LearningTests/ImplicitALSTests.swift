import Foundation
import TestKit
import Testing

@testable import Learning

@Suite struct ImplicitALSTests {
    private let parameters = ImplicitALS.Parameters(
        factors: 5, unobservedWeight: 0.2, regularization: 0.01, frequencyExponent: 0.7, iterations: 4, seed: 3)

    @Test func everyStepMakesTheLossSmaller() throws {
        var random = SeededRandom.fresh()
        // Rows with fewer and with more items than factors are solved in two ways.
        let matrix = InteractionMatrix.random(rows: 60, items: 20, longest: 15, using: &random, weights: 0.5...4)
        var training = ImplicitALSTraining(matrix, parameters: parameters)
        try training.refitUsers()
        var loss = try training.loss()
        for _ in 0..<6 {
            try training.refitItems()
            #expect(try training.loss() <= loss * 1.000_01, "\(random)")
            loss = try training.loss()
            try training.refitUsers()
            #expect(try training.loss() <= loss * 1.000_01, "\(random)")
            loss = try training.loss()
        }
    }

    @Test(arguments: [3, 40]) func solvesForAUserAsTheFormulaSays(factors: Int) throws {
        var random = SeededRandom.fresh()
        let matrix = InteractionMatrix.random(rows: 30, items: 12, longest: 12, using: &random, weights: 0.5...4)
        var parameters = parameters
        parameters.factors = factors
        var training = ImplicitALSTraining(matrix, parameters: parameters)
        try training.refitUsers()
        try training.refitItems()
        try training.refitUsers()
        var items = DenseMatrix(rows: matrix.itemCount, columns: factors)
        for item in 0..<matrix.itemCount {
            for (factor, value) in training.items[Int32(item)].enumerated() { items[item, factor] = Double(value) }
        }
        for row in 0..<matrix.rowCount {
            let expected = solution(items, history: matrix.history(ofRow: row), parameters: parameters)
            for (factor, value) in training.users[Int32(row)].enumerated() {
                #expect(abs(Double(value) - expected[factor, 0]) < 0.001, "row \(row), \(random)")
            }
        }
    }

    /// (α₀ YᵀY + ridge + Σ c y yᵀ)⁻¹ Σ c y, with all numbers written out.
    private func solution(
        _ items: DenseMatrix, history: [HistoryEntry], parameters: ImplicitALS.Parameters
    ) -> DenseMatrix {
        var weights = DenseMatrix(rows: items.rows, columns: 1)
        for entry in history { weights[Int(entry.item), 0] = Double(entry.weight) }
        let unobserved = Double(parameters.unobservedWeight)
        let frequency = weights.values.reduce(0, +) + unobserved * Double(items.rows)
        var scaled = items
        for item in 0..<items.rows {
            for factor in 0..<items.columns { scaled[item, factor] *= unobserved + weights[item, 0] }
        }
        let ridge = Double(parameters.regularization) * pow(frequency, Double(parameters.frequencyExponent))
        return (items.transposed * scaled).adding(toDiagonal: ridge).inverse * items.transposed * weights
    }

    @Test func foldingInARowGivesItsFactors() throws {
        var random = SeededRandom.fresh()
        let matrix = InteractionMatrix.random(rows: 40, items: 15, longest: 12, using: &random, weights: 1...5)
        var training = ImplicitALSTraining(matrix, parameters: parameters)
        for _ in 0..<3 {
            try training.refitItems()
            try training.refitUsers()
        }
        let model = try training.model()
        for row in 0..<matrix.rowCount {
            let folded = model.fold(matrix.history(ofRow: row))
            for item in 0..<Int32(matrix.itemCount) {
                let learnt = zip(training.users[Int32(row)], training.items[item]).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(model.score(of: item, for: folded) - learnt) < 0.001, "row \(row), \(random)")
            }
        }
    }

    @Test func theOutcomeDependsOnTheSeedAlone() throws {
        var random = SeededRandom.fresh()
        let matrix = InteractionMatrix.random(rows: 300, items: 40, longest: 12, using: &random)
        let one = try ImplicitALS.train(matrix, parameters: parameters)
        let many = try ImplicitALS.train(matrix, parameters: parameters, pace: TrainingPace(threads: 3))
        #expect((0..<40).allSatisfy { one.factors(ofItem: $0) == many.factors(ofItem: $0) })
        var other = parameters
        other.seed += 1
        #expect(try ImplicitALS.train(matrix, parameters: other).factors(ofItem: 1) != one.factors(ofItem: 1))
    }

    @Test func beginsWithWhatWasLearntBefore() throws {
        var random = SeededRandom.fresh()
        let matrix = InteractionMatrix.random(rows: 200, items: 30, longest: 12, using: &random)
        var few = parameters
        few.iterations = 1
        let model = try ImplicitALS.train(matrix, parameters: parameters)
        var cold = ImplicitALSTraining(matrix, parameters: few)
        var warm = ImplicitALSTraining(matrix, parameters: few) { model.factors(ofItem: $0) }
        try cold.refitUsers()
        try warm.refitUsers()
        #expect(try warm.loss() < cold.loss() * 0.99, "\(random)")
    }

    @Test func tellsGroupsOfItemsApart() throws {
        let rows = (0..<40).map { row in (0..<4).map { HistoryEntry(item: Int32($0 + (row % 2) * 5)) } }
        let matrix = InteractionMatrix(itemCount: 10, rows: rows + [[.init(item: 4), .init(item: 0)]])
        let model = try ImplicitALS.train(matrix, parameters: parameters)
        let factors = model.fold([HistoryEntry(item: 0), HistoryEntry(item: 1)])
        #expect(model.score(of: 2, for: factors) > 0.5)
        #expect(model.score(of: 7, for: factors) < 0.1)
        #expect(model.score(of: 4, for: factors) > model.score(of: 7, for: factors))
    }

    @Test func takesWhatIsHardlyThere() throws {
        let empty: [[HistoryEntry]] = []
        let none = try ImplicitALS.train(InteractionMatrix(itemCount: 0, rows: empty), parameters: parameters)
        #expect(none.fold([HistoryEntry(item: 0)]) == [0, 0, 0, 0, 0])
        #expect(none.score(of: 0, for: [0, 0, 0, 0, 0]) == 0)
        let single = InteractionMatrix(itemCount: 1, rows: [[HistoryEntry(item: 0)]])
        let one = try ImplicitALS.train(single, parameters: parameters)
        #expect(one.score(of: 0, for: one.fold([HistoryEntry(item: 0)])) > 0.5)
        #expect(one.fold([]) == [0, 0, 0, 0, 0])
        let foreign = [HistoryEntry(item: 7), HistoryEntry(item: -1), HistoryEntry(item: 0, weight: .nan)]
        #expect(one.fold(foreign) == [0, 0, 0, 0, 0])
        #expect(one.fold(foreign + [HistoryEntry(item: 0)]) == one.fold([HistoryEntry(item: 0)]))
    }

    @Test func aHistoryBeyondAllNumbersHasNoFactors() throws {
        let rows = Array(repeating: (0..<8).map { HistoryEntry(item: $0) }, count: 5)
        let model = try ImplicitALS.train(InteractionMatrix(itemCount: 8, rows: rows), parameters: parameters)
        for count in [1, 3, 8] {
            let history = (0..<Int32(count)).map { HistoryEntry(item: $0, weight: .greatestFiniteMagnitude) }
            #expect(model.fold(history).allSatisfy { $0.isFinite }, "\(count) items")
        }
    }
}
