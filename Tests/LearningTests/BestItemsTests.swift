import TestKit
import Testing

@testable import Learning

@Suite struct BestItemsTests {
    @Test(arguments: [1, 2, 7, 100]) func keepsTheGreatestScores(limit: Int) {
        var random = SeededRandom.fresh()
        for _ in 0..<40 {
            // Few scores, so that many are the same.
            let entries = (0..<20).map { (item: Int32($0), score: Float(Int.random(in: -3...9, using: &random))) }
                .shuffled(using: &random)
            var best = BestItems(limit: limit)
            for entry in entries { best.add(entry.item, score: entry.score) }
            let expected = entries.sorted { ($0.score, $1.item) > ($1.score, $0.item) }.prefix(limit)
            #expect(best.sorted().map(\.item) == expected.map(\.item), "\(random)")
        }
    }

    @Test func tellsWhatItWouldTake() {
        var best = BestItems(limit: 1)
        #expect(best.wouldTake(5, score: -1))
        best.add(5, score: 1)
        #expect(!best.wouldTake(6, score: 1))
        #expect(best.wouldTake(4, score: 1))
        #expect(best.wouldTake(6, score: 2))
    }
}
