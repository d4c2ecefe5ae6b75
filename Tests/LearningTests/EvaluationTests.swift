import Core
import Foundation
import Learning
import Testing

/// What can be worked out by hand.
@Suite struct EvaluationTests {
    /// Learns from nine baskets, and predicts the last item of the tenth.
    private func results(_ baskets: [[Int32]], depth: Int = 2) throws -> [Algorithm?: RankingMetrics] {
        let rows = baskets.enumerated().map { number, basket in
            basket.map { HistoryEntry(item: $0, time: Timestamp(microseconds: Int64(number))) }
        }
        let split = EvaluationSplit(
            .time, rows: rows, areSessions: true, itemCount: Int((baskets.joined().max() ?? 0) + 1))
        let evaluation = try Evaluation(HybridTraining.train(split.training), split, depth: depth)
        return Dictionary(uniqueKeysWithValues: evaluation.results.map { ($0.algorithm, $0.metrics) })
    }

    @Test func aTieNeverHelps() throws {
        // Nothing stands together: of what the history does not have, 1 and 2 are alike.
        let results = try results([[0], [0], [0], [0], [1], [1], [2], [2], [3], [0, 1]])
        for algorithm in [.popular, .itemNeighbors, .transitions, .ease] as [Algorithm] {
            let metrics = try #require(results[algorithm])
            #expect(metrics.count == 1)
            #expect(metrics.hitRate == 1, "\(algorithm)")
            #expect(abs(metrics.discountedGain - 1 / log2(3)) < 1e-12, "\(algorithm)")
            #expect(metrics.meanReciprocalRank == 0.5)
            #expect(metrics.coverage == 0.5, "1 and 2 of four items")
            #expect(abs(metrics.novelty - log2(4.5)) < 1e-6, "two of nine each")
        }
    }

    @Test func whatStandsTogetherIsFoundByThoseWhoLook() throws {
        let baskets: [[Int32]] = [[0, 1], [0, 1], [1, 0], [0, 1], [0, 1], [2, 3], [3, 2], [0], [2], [3, 2]]
        let results = try results(baskets, depth: 1)
        // 0 stands in six baskets, 1 in five and 2 in three: it is the third of what is popular.
        #expect(results[.popular]?.hitRate == 0)
        #expect(results[.popular]?.meanReciprocalRank == 1.0 / 3)
        for algorithm in [nil, .itemNeighbors, .transitions, .ease, .als] as [Algorithm?] {
            #expect(results[algorithm]?.hitRate == 1, "\(String(describing: algorithm))")
            #expect(results[algorithm]?.meanReciprocalRank == 1)
            #expect(results[algorithm]?.coverage == 0.25)
        }
    }

    @Test func whatAnAlgorithmDoesNotFindComesAfterWhatItFinds() throws {
        // 1 goes with 0; 3, which stands alone, is the most popular of the others.
        let results = try results([[0, 1], [0, 1], [3], [3], [3], [3], [2], [2], [2], [0, 3]])
        for algorithm in [.itemNeighbors, .transitions, .ease] as [Algorithm] {
            #expect(results[algorithm]?.meanReciprocalRank == 0.5, "\(algorithm)")
        }
        #expect(results[.popular]?.meanReciprocalRank == 1)
    }

    @Test func whatNobodyHadChosenIsMissedAndCounts() throws {
        let baskets: [[Int32]] = Array(repeating: [0, 1], count: 18) + [[0, 1], [0, 2]]
        for metrics in try results(baskets, depth: 10).values {
            #expect(metrics.count == 2)
            #expect(metrics.hitRate == 0.5 && metrics.meanReciprocalRank == 0.5)
        }
    }
}
