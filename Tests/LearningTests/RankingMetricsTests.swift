import Foundation
import Learning
import Testing

@Suite struct RankingMetricsTests {
    private let popularity = Popularity(
        InteractionMatrix(itemCount: 4, rows: [[HistoryEntry(item: 0, weight: 3), HistoryEntry(item: 1)]]))

    @Test func aTieNeverHelpsTheTarget() {
        #expect(RankingMetrics.rank(of: 2, among: [3, 1, 0]) == 2)
        #expect(RankingMetrics.rank(of: 2, among: [3, 2, 2, 0]) == 4)
        #expect(RankingMetrics.rank(of: 0, among: [0, 0]) == 3)
        #expect(RankingMetrics.rank(of: 5, among: []) == 1)
        #expect(RankingMetrics.rank(of: .nan, among: [3, 1, 0]) == 4)
        #expect(RankingMetrics.rank(of: 1, among: [.nan, 0]) == 2)
    }

    @Test func meansOverAllRankings() {
        var metrics = RankingMetrics(depth: 3, popularity: popularity)
        for rank in [1, 3, 4, nil] { metrics.add(rank: rank) }
        #expect(metrics.count == 4)
        #expect(metrics.hitRate == 0.5)
        #expect(metrics.discountedGain == (1 + 0.5) / 4)
        #expect(abs(metrics.meanReciprocalRank - (1 + 1 / 3 + 1 / 4) / 4) < 1e-12)
    }

    @Test func looksAtWhatIsShown() {
        var metrics = RankingMetrics(depth: 2, popularity: popularity)
        metrics.add(rank: nil, top: [1, 2, 0])
        metrics.add(rank: nil, top: [1])
        #expect(metrics.coverage == 0.5)
        #expect(abs(metrics.novelty - (2 + 3 + 2) / 3) < 1e-12)
    }

    @Test func saysNothingOfNoRanking() {
        let metrics = RankingMetrics(popularity: popularity)
        #expect([metrics.hitRate, metrics.discountedGain, metrics.meanReciprocalRank] == [0, 0, 0])
        #expect(metrics.coverage == 0)
        #expect(metrics.novelty == 0)
    }
}
