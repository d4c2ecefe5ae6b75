import TestKit
import Testing

@testable import Caching

/// What the cache keeps, and what makes room first.
@Suite struct S3FIFOTests {
    private typealias Cache = S3FIFO<Int, Int>

    /// What an entry of cost 840 takes with its books.
    private static let entry = 840 + Cache.overhead

    @Test func aValueIsFoundUntilItIsReplacedOrRemoved() {
        var cache = Cache(capacity: 100_000)
        cache.insert(10, for: 1, cost: 840)
        #expect(cache.find(1) == 10)
        #expect(cache.find(2) == nil)
        cache.insert(11, for: 1, cost: 840)
        #expect(cache.find(1) == 11)
        #expect(cache.bytes == Self.entry && cache.count == 1)
        cache.remove(1)
        cache.remove(1)
        #expect(cache.find(1) == nil)
        #expect(cache.bytes == 0 && cache.count == 0)
    }

    @Test func whatIsTooLargeIsNotKept() {
        var cache = Cache(capacity: 100_000)
        cache.insert(1, for: 1, cost: 100)
        cache.insert(2, for: 1, cost: 10_000)
        #expect(cache.find(1) == nil, "the value before it must not stay either")
        var nothing = Cache(capacity: 0)
        nothing.insert(1, for: 1, cost: 0)
        #expect(nothing.find(1) == nil)
    }

    /// A walk over many keys that are asked for once leaves those that are asked for often.
    @Test func aWalkOverEverythingPushesOutNothingThatIsAskedForOften() {
        var cache = Cache(capacity: 100 * Self.entry)
        for _ in 1...3 {
            for key in 1...50 {
                if cache.find(key) == nil { cache.insert(key, for: key, cost: 840) }
            }
        }
        for key in 1_000..<5_000 where cache.find(key) == nil { cache.insert(key, for: key, cost: 840) }
        let kept = (1...50).filter { cache.find($0) != nil }
        #expect(kept.count >= 45, "only \(kept.count) of 50 are left")
        #expect(cache.evictions > 3_000)
    }

    /// A key that comes back soon after it was pushed out is taken for one that will come back again.
    @Test func whatComesBackStaysLonger() {
        var cache = Cache(capacity: 100 * Self.entry)
        for key in 0..<150 { cache.insert(key, for: key, cost: 840) }
        #expect(cache.find(10) == nil)
        cache.insert(10, for: 10, cost: 840)
        for key in 1_000..<1_080 { cache.insert(key, for: key, cost: 840) }
        #expect(cache.find(10) == 10)
    }

    /// Against a plain dictionary: what is found is what was put in last, and the bytes are those of the entries.
    @Test(arguments: [UInt64(1), 2, 3]) func everyHistoryKeepsWithinItsBytes(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let capacity = 60 * Self.entry
        var cache = Cache(capacity: capacity)
        var truth: [Int: (value: Int, cost: Int)] = [:]
        var found = 0
        for step in 0..<50_000 {
            let key = Int.random(in: 0..<120, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                if let value = cache.find(key) {
                    found += 1
                    #expect(value == truth[key]?.value, "seed \(seed), step \(step)")
                }
            case 5..<9:
                let cost = Int.random(in: 0..<2_000, using: &random)
                cache.insert(step, for: key, cost: cost)
                truth[key] = (step, cost + Cache.overhead)
            default:
                cache.remove(key)
                truth[key] = nil
            }
            #expect(cache.bytes <= capacity)
        }
        let left = truth.filter { cache.find($0.key) == $0.value.value }
        #expect(cache.count == left.count)
        #expect(cache.bytes == left.values.map(\.cost).reduce(0, +))
        #expect(found > 5_000, "seed \(seed): the cache hardly ever had what was asked for")
    }
}
