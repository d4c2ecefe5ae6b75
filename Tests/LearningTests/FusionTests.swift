import Foundation
import Learning
import TestKit
import Testing

@Suite struct FusionTests {
    /// Choices between some candidates with random scores, made with these weights.
    private func choices(
        _ count: Int, candidates: Int, weights: [Double], using random: inout SeededRandom
    ) -> [(scores: [Float], taken: Int)] {
        (0..<count).map { _ in
            let scores = (0..<candidates * weights.count).map { _ in Float.random(in: 0...2, using: &random) }
            let chances = (0..<candidates).map { candidate in
                exp(total(scores, of: candidate, weights: weights))
            }
            var rest = Double.random(in: 0..<chances.reduce(0, +), using: &random)
            var taken = 0
            while taken < candidates - 1, rest >= chances[taken] {
                rest -= chances[taken]
                taken += 1
            }
            return (scores, taken)
        }
    }

    private func total(_ scores: [Float], of candidate: Int, weights: [Double]) -> Double {
        weights.indices.reduce(0) { $0 + weights[$1] * Double(scores[candidate * weights.count + $1]) }
    }

    /// What the weights are to make small, written out, with the penalty of scores that have the deviation 1.
    private func loss(
        _ choices: [(scores: [Float], taken: Int)], weights: [Double], deviations: [Double], strength: Double
    ) -> Double {
        choices.reduce(zip(weights, deviations).reduce(0) { $0 + strength / 2 * pow($1.0 * $1.1, 2) }) { sum, choice in
            let totals = (0..<choice.scores.count / weights.count).map {
                total(choice.scores, of: $0, weights: weights)
            }
            return sum + log(totals.reduce(0) { $0 + exp($1) }) - totals[choice.taken]
        }
    }

    private func learn(_ choices: [(scores: [Float], taken: Int)], kinds: Int, strength: Double = 1) throws -> [Double]
    {
        var fusion = Fusion(kinds: kinds)
        for choice in choices { fusion.add(candidates: choice.scores, taken: choice.taken) }
        return try fusion.weights(strength: strength)
    }

    @Test func findsTheWeightsThatChoicesWereMadeWith() throws {
        var random = SeededRandom(seed: 11)
        let made = choices(1500, candidates: 10, weights: [2, 0.5, 0, 1], using: &random)
        for (weight, expected) in zip(try learn(made, kinds: 4), [2, 0.5, 0, 1]) {
            #expect(abs(weight - expected) < 0.15)
        }
    }

    @Test(arguments: [0.5, 40]) func noOtherWeightsAreBetter(strength: Double) throws {
        var random = SeededRandom.fresh()
        // What speaks against an item in truth is held at 0.
        let made = choices(200, candidates: 6, weights: [1, -1, 0.3], using: &random)
        let weights = try learn(made, kinds: 3, strength: strength)
        let deviations = (0..<3).map { kind in
            let values = made.flatMap { choice in
                stride(from: kind, to: choice.scores.count, by: 3).map { Double(choice.scores[$0]) }
            }
            let mean = values.reduce(0, +) / Double(values.count)
            return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
        }
        #expect(weights[1] == 0)
        #expect(weights[0] > 0)
        let best = loss(made, weights: weights, deviations: deviations, strength: strength)
        for kind in 0..<3 {
            for change in [-0.01, 0.01] {
                var other = weights
                other[kind] = max(0, other[kind] + change)
                let worse = loss(made, weights: other, deviations: deviations, strength: strength)
                #expect(worse >= best - 1e-9, "\(kind), \(change), \(random)")
            }
        }
    }

    @Test func fewChoicesChangeLittleOfThePrior() throws {
        var random = SeededRandom.fresh()
        var fusion = Fusion(kinds: 2)
        #expect(try fusion.weights(prior: [3, 1], strength: 10) == [3, 1])
        var distances: [Double] = []
        for count in [3, 300] {
            for choice in choices(count, candidates: 6, weights: [0, 2], using: &random) {
                fusion.add(candidates: choice.scores, taken: choice.taken)
            }
            let weights = try fusion.weights(prior: [3, 1], strength: 10)
            distances.append(abs(weights[0] - 3) + abs(weights[1] - 1))
        }
        #expect(distances[0] < 0.7 * distances[1], "\(random)")
        #expect(distances[1] > 2, "\(random)")
        for choice in choices(900, candidates: 6, weights: [-3, 2], using: &random) {
            fusion.add(candidates: choice.scores, taken: choice.taken)
        }
        #expect(try fusion.weights(prior: [3, 1], strength: 10)[0] == 0, "\(random)")
    }

    @Test func scoresOfAnySizeWeighAlike() throws {
        var random = SeededRandom.fresh()
        let made = choices(100, candidates: 5, weights: [1, 1], using: &random)
        let large = made.map { (scores: $0.scores.enumerated().map { $1 * ($0 % 2 == 0 ? 1000 : 1) }, taken: $0.taken) }
        let (plain, scaled) = (try learn(made, kinds: 2), try learn(large, kinds: 2))
        #expect(abs(scaled[0] * 1000 - plain[0]) < 0.001, "\(random)")
        #expect(abs(scaled[1] - plain[1]) < 0.001, "\(random)")
    }

    @Test func takesWhatIsHardlyThere() throws {
        #expect(try Fusion(kinds: 2).weights() == [0, 0])
        #expect(try Fusion(kinds: 0).weights() == [])
        var fusion = Fusion(kinds: 1)
        fusion.add(candidates: [1, 2, 3], taken: 3)
        fusion.add(candidates: [1, .nan], taken: 0)
        fusion.add(candidates: [1, 2], taken: -1)
        #expect(fusion.count == 0)
        fusion.add(candidates: [5, 5, 5], taken: 1)
        #expect(try fusion.weights() == [0])
        fusion.add(candidates: [0, 1_000_000], taken: 1)
        #expect(try fusion.weights().allSatisfy { $0.isFinite && $0 >= 0 })
    }
}
