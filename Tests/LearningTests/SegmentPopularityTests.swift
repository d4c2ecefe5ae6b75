import Learning
import TestKit
import Testing

/// What is chosen by those who have something in common.
@Suite struct SegmentPopularityTests {
    /// Users of two segments of one kind, who choose of 40 items mostly those of their segment: how many of those are
    /// among the first ten for somebody else of the segment, beside what is chosen most by all.
    ///
    /// - parameter isTrue: whether the segments are those that the users have, or any.
    private func hits(isTrue: Bool, people: Int, _ random: inout SeededRandom) -> (segments: Int, popular: Int) {
        let itemCount = 40
        func choose(_ segment: Int) -> [Int32] {
            let items = (0..<6).map { _ in
                let isOwn = Int.random(in: 0..<4, using: &random) > 0
                let start = isOwn ? segment * 20 : 0
                // The first of each are chosen most.
                let place = min(Int.random(in: 0..<20, using: &random), Int.random(in: 0..<20, using: &random))
                return Int32(start + (isOwn ? place : place * 2))
            }
            return Array(Set(items))
        }
        var users: [(segments: [Int32], items: [Int32])] = []
        for person in 0..<people {
            let segment = person % 3 == 0 ? 1 : 0
            let told = isTrue ? segment : Int.random(in: 0...1, using: &random)
            users.append(([Int32(told), 2 + Int32(person % 7)], choose(segment)))
        }
        let model = SegmentPopularity(itemCount: itemCount, users: users)
        var counts = [Int](repeating: 0, count: itemCount)
        for item in users.flatMap(\.items) { counts[Int(item)] += 1 }
        let popular = Set(counts.indices.sorted { (counts[$0], $1) > (counts[$1], $0) }.prefix(10).map(Int32.init))
        var hits = (segments: 0, popular: 0)
        for person in 0..<400 {
            let segment = person % 3 == 0 ? 1 : 0
            let told = isTrue ? segment : Int.random(in: 0...1, using: &random)
            let ranked = Set(model.rank([Int32(told), 2 + Int32(person % 7)], limit: 10).map(\.item))
            let chosen = choose(segment)
            hits.segments += chosen.count { ranked.contains($0) }
            hits.popular += chosen.count { popular.contains($0) }
        }
        return hits
    }

    @Test func isBetterThanWhatAllChooseWhereSegmentsDiffer() {
        var random = SeededRandom.fresh()
        for people in [300, 3_000] {
            let hits = hits(isTrue: true, people: people, &random)
            #expect(Double(hits.segments) > 1.1 * Double(hits.popular), "\(people): \(hits), \(random)")
        }
    }

    @Test func isNoWorseWhereSegmentsSayNothing() {
        var random = SeededRandom.fresh()
        for people in [300, 3_000] {
            let hits = hits(isTrue: false, people: people, &random)
            #expect(Double(hits.segments) > 0.9 * Double(hits.popular), "\(people): \(hits), \(random)")
        }
    }

    @Test func sharesAreDrawnToThoseOfAll() throws {
        // Six of segment 0 chose item 0, six of segment 1 chose item 1.
        let users = (0..<12).map { (segments: [Int32($0 % 2)], items: [Int32($0 % 2)]) }
        let model = SegmentPopularity(itemCount: 2, users: users)
        let best = model.rank([1], limit: 2)
        #expect(best.map(\.item) == [1])
        // Of 6 choices 6 and of 20 as all, half: 16 of 26.
        #expect(abs(best[0].score - 16 / 26) < 0.000_01)
        #expect(best[0].segment == 1)
        // Both at once say as much for the one as for the other.
        let both = model.rank([0, 1], limit: 2)
        #expect(both.map(\.item) == [0, 1] && both[0].score == both[1].score)
        #expect(both.map(\.segment) == [0, 1])
    }

    @Test func fewUsersAreNoSegment() {
        let users = (0..<4).map { _ in (segments: [Int32(7)], items: [Int32(0)]) }
        let model = SegmentPopularity(itemCount: 1, users: users)
        #expect(model.rank([7], limit: 5).isEmpty)
        #expect(model.rank([], limit: 5).isEmpty)
        #expect(SegmentPopularity().rank([1], limit: 5).isEmpty)
        // What is no item is passed over.
        let odd = (0..<9).map { _ in (segments: [Int32(1), 1], items: [Int32(-1), 5, 0]) }
        #expect(SegmentPopularity(itemCount: 1, users: odd).rank([1], limit: 5).map(\.item) == [0])
    }
}
