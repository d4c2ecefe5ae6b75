import Learning
import Testing

@Suite struct PopularityTests {
    private let popularity = Popularity(
        InteractionMatrix(
            itemCount: 5,
            rows: [
                [HistoryEntry(item: 3), HistoryEntry(item: 1, weight: 2)],
                [HistoryEntry(item: 2), HistoryEntry(item: 3, weight: 3), HistoryEntry(item: 0, weight: 1)],
            ]))

    @Test func sumsTheWeightsOfAnItem() {
        #expect(popularity.weights == [1, 2, 1, 4, 0])
        #expect(popularity.total == 8)
        #expect(popularity.share(of: 3) == 0.5)
        #expect(popularity.share(of: 9) == 0)
    }

    @Test func ranksTheItemsThatSomeoneChose() {
        #expect(popularity.ranking() == [3, 1, 0, 2])
        #expect(popularity.ranking(limit: 2) == [3, 1])
    }

    @Test func tellsHowSurprisingAnItemIs() {
        #expect(popularity.selfInformation(of: 3) == 1)
        #expect(popularity.selfInformation(of: 1) == 2)
        #expect(popularity.selfInformation(of: 4) == 4)
        let empty: [[HistoryEntry]] = []
        #expect(Popularity(InteractionMatrix(itemCount: 1, rows: empty)).selfInformation(of: 0) == 0)
    }
}
