import Core
import Foundation
import Learning
import TestKit
import Testing

@Suite struct TrendingTests {
    private let start = Timestamp(microseconds: 1_700_000_000_000_000)

    @Test func halvesWhatAnItemCountsInEachHalfLife() {
        var trending = Trending(halfLife: 3600)
        trending.add(2, weight: 8, at: start)
        #expect(trending.score(of: 2, at: start) == 8)
        #expect(trending.score(of: 2, at: start.advanced(bySeconds: 3600)) == 4)
        #expect(trending.score(of: 2, at: start.advanced(bySeconds: 3 * 3600)) == 1)
        #expect(trending.score(of: 0, at: start) == 0)
        #expect(trending.score(of: 9, at: start) == 0)
        #expect(trending.itemCount == 3)
    }

    @Test func takesBackWhatWasAdded() {
        var trending = Trending(halfLife: 3600)
        trending.add(0, weight: 8, at: start)
        trending.add(0, weight: 4, at: start.advanced(bySeconds: 3600))
        trending.remove(0, weight: 8, at: start)
        #expect(trending.score(of: 0, at: start.advanced(bySeconds: 3600)) == 4)
        // What was never added, and more than was added.
        trending.remove(7, weight: 8, at: start)
        trending.remove(0, weight: 1, at: start.advanced(bySeconds: 3_600_000_000))
        #expect(trending.score(of: 0, at: start.advanced(bySeconds: 3600)) == 4)
        trending.remove(0, weight: 5, at: start.advanced(bySeconds: 3600))
        #expect(trending.score(of: 0, at: start) == 0)
    }

    @Test func isTheSumOverAllInteractionsInAnyOrder() {
        var random = SeededRandom.fresh()
        let interactions = (0..<400).map { _ in
            // Up to three thousand half-lives, so that sums are brought forward several times.
            (Int32.random(in: 0..<4, using: &random), Int64.random(in: 0..<180_000, using: &random))
        }
        let now: Int64 = 180_000
        for order in [interactions, interactions.sorted { $0.1 < $1.1 }] {
            var trending = Trending(itemCount: 4, halfLife: 60)
            for (item, second) in order { trending.add(item, weight: 2, at: start.advanced(bySeconds: second)) }
            for item in Int32(0)..<4 {
                let expected = interactions.filter { $0.0 == item }
                    .reduce(0.0) { $0 + 2 * exp2(Double($1.1 - now) / 60) }
                let score = trending.score(of: item, at: start.advanced(bySeconds: now))
                #expect(abs(score - expected) <= 1e-9 * expected, "\(item), \(random)")
            }
        }
    }

    @Test func ranksWhatIsChosenNow() {
        var trending = Trending(itemCount: 4, halfLife: 3600)
        trending.add(1, weight: 10, at: start)
        trending.add(3, at: start.advanced(bySeconds: 2 * 3600))
        #expect(trending.ranking() == [1, 3])
        trending.add(3, weight: 2, at: start.advanced(bySeconds: 2 * 3600))
        #expect(trending.ranking() == [3, 1])
        #expect(trending.ranking(limit: 1) == [3])
    }

    @Test func leavesNonsenseOut() {
        var trending = Trending(itemCount: 1, halfLife: 0)
        for weight in [0, -1, .nan, .infinity] as [Float] { trending.add(0, weight: weight, at: start) }
        trending.add(-1, at: start)
        #expect(trending.ranking() == [])
        trending.add(0, at: .latest)
        trending.add(0, at: .earliest)
        #expect(trending.score(of: 0, at: .latest) == 1)
    }
}
