import Core
import TestKit
import Testing

@testable import Learning

@Suite struct RecentCountsTests {
    @Test func countsTheLastInteractionsBeforeAMoment() {
        var random = SeededRandom.fresh()
        let rows = (0..<100).map { _ in
            (0..<9).map { item in
                let second = Int64.random(in: 0..<1000, using: &random)
                return HistoryEntry(item: Int32(item), time: Timestamp(microseconds: second * 1_000_000))
            }
        }
        let matrix = InteractionMatrix(itemCount: 9, rows: rows)
        // At least 200 interactions, and 450, of 900.
        var counts = RecentCounts(matrix, shares: [0.1, 0.5])
        let sorted = zip(matrix.items, matrix.times).sorted { $0.1 < $1.1 }
        for second in [0, 150, 151, 400, 999, 2000] as [Int64] {
            let moment = Timestamp(microseconds: second * 1_000_000)
            counts.advance(to: moment)
            let before = sorted.prefix { $0.1 < moment }
            for (window, length) in [200, 450].enumerated() {
                // Interactions at the same moment may stand in any order.
                let sum = counts.counts[window].reduce(0, +)
                #expect(Int(sum) == min(length, before.count), "\(second), \(random)")
                guard before.count <= length else { continue }
                for item in 0..<9 {
                    let expected = before.count { $0.0 == item }
                    #expect(Int(counts.counts[window][item]) == expected, "\(second), \(random)")
                }
            }
        }
        counts.advance(to: nil)
        #expect(counts.counts[1].reduce(0, +) == 450)
        #expect(counts.counts[1].allSatisfy { $0 >= 0 })
    }

    @Test func tellsWhatWasChosenMost() {
        let counts = RecentCounts(counts: [[3, 0, 5, 4], [0, 1, 0, 0]])
        #expect(counts.top(2) == [2, 3, 1])
    }

    @Test func countsNothingWithoutTimes() {
        let matrix = InteractionMatrix(itemCount: 2, rows: [[HistoryEntry(item: 1)]])
        var counts = RecentCounts(matrix, shares: [0.5])
        counts.advance(to: nil)
        #expect(counts.counts == [[0, 0]])
    }
}
