import Testing

@testable import Learning

@Suite struct RecencyTests {
    private let history = (0..<4).map { HistoryEntry(item: $0, weight: 6) }

    @Test func itemsCountByTheirAge() {
        let weighted = Recency(exponent: 1).weigh(history, limit: 3)
        #expect(weighted.map(\.item) == [3, 2, 1])
        #expect(weighted.map(\.weight) == [6, 3, 2])
        #expect(Recency(exponent: 0).weigh(history, limit: 9).map(\.weight) == [6, 6, 6, 6])
        #expect(Recency(exponent: 1).weight(atAge: 3) == 0.25)
    }

    @Test func theLatestAloneMayCount() {
        #expect(Recency.latest.weigh(history, limit: 3) == [HistoryEntry(item: 3, weight: 6)])
        #expect(Recency.latest.weight(atAge: 0) == 1)
        #expect(Recency.latest.weight(atAge: 1) == 0)
        #expect(Recency.latest.weigh([], limit: 3).isEmpty)
    }
}
