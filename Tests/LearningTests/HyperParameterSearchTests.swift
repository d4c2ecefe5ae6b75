import Foundation
import TestKit
import Testing

@testable import Learning

@Suite struct HyperParameterSearchTests {
    private let validation: Validation
    private let search: HyperParameterSearch
    private let random: SeededRandom

    init() {
        var random = SeededRandom.fresh()
        let sample = SampleInteractions(people: 60, using: &random)
        validation = Validation(sample.matrix, count: 20, returnGap: 3600, seed: 1)
        search = HyperParameterSearch(validation, settings: SampleInteractions.settings, pace: TrainingPace())
        self.random = random
    }

    /// NDCG@100 with a history whose items count by their age, written out.
    private func quality(scores: ([HistoryEntry]) -> [Float]) -> Double {
        let gains = validation.continuing.map { choice in
            let count = choice.history.count
            let weighted = choice.history.enumerated().map { place, entry in
                HistoryEntry(item: entry.item, weight: 1 / Float(count - place))
            }
            let known = Set(choice.history.map(\.item))
            let scores = scores(weighted)
            let score = scores[Int(choice.target)]
            let rank = scores.indices.count { !known.contains(Int32($0)) && scores[$0] >= score }
            return score > 0 && rank <= 100 ? 1 / log2(Double(rank) + 1) : 0
        }
        return gains.reduce(0, +) / Double(gains.count)
    }

    @Test func theQualityOfATableIsThatOfItsRankings() throws {
        let table = try SessionTransitions(validation.training).neighbors([PairStrength()], limit: 9)[0]
        let expected = quality { history in
            var scores = Array(repeating: Float(0), count: table.rowCount)
            for entry in history {
                for neighbor in table.neighbors(of: entry.item) {
                    scores[Int(neighbor.item)] += neighbor.weight * entry.weight
                }
            }
            return scores
        }
        #expect(try abs(search.quality(of: table) - expected) < 1e-9, "\(random)")
    }

    @Test func theQualityOfFactorsIsThatOfTheirRankings() throws {
        let factors = try ImplicitALS.train(validation.training, parameters: .init(factors: 8, iterations: 6))
        let expected = quality { history in
            let person = factors.fold(history)
            return (0..<Int32(factors.itemCount)).map { factors.score(of: $0, for: person) }
        }
        #expect(try abs(search.quality(of: factors) - expected) < 0.01, "\(random)")
    }

    @Test func takesTheFirstOfTheBest() {
        #expect(HyperParameterSearch.best(of: [("a", 1), ("b", 3), ("c", 3), ("d", 2)]) == "b")
        #expect(HyperParameterSearch.best(of: [(String, Double)]()) == nil)
    }

    @Test func findsOutHowTheDataAre() throws {
        // Whoever walks through a group of items goes on, and never back.
        let parameters = try search.best()
        let best = try SessionTransitions(validation.training).neighbors(
            [parameters.transitions.strength], backwardShare: parameters.transitions.backwardShare,
            limit: SampleInteractions.settings.neighborLimit)[0]
        for share in [0, 0.5, 1] as [Float] {
            let other = try SessionTransitions(validation.training).neighbors(
                [parameters.transitions.strength], backwardShare: share,
                limit: SampleInteractions.settings.neighborLimit)[0]
            #expect(try search.quality(of: best) >= search.quality(of: other), "\(random)")
        }
    }
}
