import TestKit
import Testing

@testable import Search

/// Sets of slots are sets, in each of their forms and from one to the other.
@Suite struct SlotSetTests {
    /// How far apart slots are and how many there are decides the form.
    @Test(arguments: [3, 100, 2_000, 70_000, 300_000])
    func setsOfSlotsAgreeWithASet(_ limit: UInt32) {
        var random = SeededRandom.fresh()
        var own = SlotSet()
        var expected: Set<UInt32> = []
        var copies: [(SlotSet, Set<UInt32>)] = []
        // First more is added than taken out, then the other way round, until nothing is left.
        for phase in [80, 30] {
            for turn in 0..<12_000 {
                // Half of them stand close together, so that containers become dense.
                let range = turn.isMultiple(of: 2) ? 0..<min(limit, 6_000) : 0..<limit
                let slot = UInt32.random(in: range, using: &random)
                if Int.random(in: 0..<100, using: &random) < phase {
                    #expect(own.insert(slot) == expected.insert(slot).inserted, "\(random)")
                } else {
                    let known = expected.randomElement(using: &random) ?? slot
                    own.remove(known)
                    expected.remove(known)
                }
                if turn.isMultiple(of: 3_000) { copies.append((own, expected)) }
            }
            copies.append((own, expected))
        }
        for slot in expected { own.remove(slot) }
        #expect(own.isEmpty == (own.count == 0))
        #expect(own.count == 0)
        for (set, expected) in copies {
            #expect(set.count == expected.count, "\(random)")
            #expect(set.slots == expected.sorted(), "\(random)")
            var nodes = NodeSet([limit + 5])
            set.insert(into: &nodes)
            #expect(Array(nodes) == expected.sorted() + [limit + 5], "\(random)")
            let strangers = (0..<500).map { _ in UInt32.random(in: 0..<limit * 2, using: &random) }
            #expect(strangers.allSatisfy { set.contains($0) == expected.contains($0) }, "\(random)")
        }
    }

    @Test func nodeSetsAgreeWithSets() {
        var random = SeededRandom.fresh()
        for limit in [1, 64, 65, 500, 5_000] as [UInt32] {
            let first = Set((0..<300).map { _ in UInt32.random(in: 0..<limit, using: &random) })
            let second = Set((0..<100).map { _ in UInt32.random(in: 0..<limit * 3, using: &random) })
            let (left, right) = (NodeSet(first), NodeSet(ascending: second.sorted()))
            #expect(left.count == first.count)
            #expect(Array(left) == first.sorted())
            #expect(Array(left.union(right)) == first.union(second).sorted())
            #expect(Array(right.union(left)) == first.union(second).sorted())
            #expect(Array(left.intersection(right)) == first.intersection(second).sorted())
            #expect(Array(right.intersection(left)) == first.intersection(second).sorted())
            #expect(Array(left.subtracting(right)) == first.subtracting(second).sorted())
            #expect(Array(right.subtracting(left)) == second.subtracting(first).sorted())
            var kept = left
            kept.keep { $0.isMultiple(of: 3) }
            #expect(Array(kept) == first.filter { $0.isMultiple(of: 3) }.sorted())
            var some: [UInt32] = []
            right.forEach { node in
                some.append(node)
                return some.count < 5
            }
            #expect(some == Array(second.sorted().prefix(5)))
            #expect(left.subtracting(left).isEmpty && !left.isEmpty)
            #expect(left.union(right).subtracting(right) == left.subtracting(right))
        }
        #expect(NodeSet().isEmpty && NodeSet().count == 0 && Array(NodeSet()).isEmpty)
    }

    @Test func postingsOfWordsAgreeWithADictionary() {
        var random = SeededRandom.fresh()
        var own = WordPostings()
        var expected: [UInt32: Int] = [:]
        var copies: [(WordPostings, [UInt32: Int])] = []
        for turn in 0..<20_000 {
            let slot = turn < 5_000 ? UInt32(turn * 2) : UInt32.random(in: 0..<20_000, using: &random)
            if expected[slot] == nil {
                let count = Int.random(in: 1..<9, using: &random)
                own.insert(.init(slot, count: count, length: 10 + count))
                expected[slot] = count
            } else {
                own.remove(slot)
                expected[slot] = nil
            }
            if turn.isMultiple(of: 5_000) { copies.append((own, expected)) }
        }
        for (postings, expected) in copies + [(own, expected)] {
            #expect(postings.count == expected.count, "\(random)")
            var cursor = WordCursor(postings)
            var found: [UInt32] = []
            while let entry = cursor.entry {
                found.append(entry.slot)
                #expect(entry.count == expected[entry.slot] && entry.length == 10 + entry.count, "\(random)")
                cursor.advance()
            }
            #expect(found == expected.keys.sorted(), "\(random)")
            #expect((0..<2_000).allSatisfy { postings.entry(of: $0)?.count == expected[$0] }, "\(random)")
            var jumping = WordCursor(postings)
            var wanted: UInt32 = 0
            while let next = found.first(where: { $0 >= wanted }) {
                jumping.advance(to: wanted)
                #expect(jumping.entry?.slot == next, "\(random)")
                wanted = next + UInt32.random(in: 0..<[2, 40, 3_000][Int(next) % 3], using: &random)
            }
            jumping.advance(to: wanted)
            #expect(jumping.entry == nil, "\(random)")
            #expect(postings.blocks.allSatisfy { !$0.isEmpty && $0.count <= WordPostings.blockLimit })
        }
        for slot in expected.keys { own.remove(slot) }
        #expect(own.count == 0 && own.blocks.isEmpty)
    }

    /// Bounds over chunks with and without numbers, with several in a slot, and after numbers at the bounds have gone.
    @Test func columnsOfNumbersAgreeWithADictionary() {
        var random = SeededRandom.fresh()
        var column = NumberColumn(hasFloats: false)
        var expected: [UInt32: [Int64]] = [:]
        for turn in 0..<6_000 {
            let slot = UInt32.random(in: 0..<5_000, using: &random)
            let count = [0, 1, 1, 1, 2].randomElement(using: &random) ?? 1
            let base = Int64(slot / 1000) * 100
            let numbers = (0..<count).map { _ in Int64.random(in: base..<base + 150, using: &random) }
            column.set(numbers, at: slot)
            expected[slot] = numbers
            guard turn.isMultiple(of: 500) else { continue }
            let low = Int64.random(in: -50..<600, using: &random)
            for range in [low...low + 60, Int64.min...Int64.max, low...low, Int64.min...low, low...Int64.max] {
                var nodes = NodeSet()
                column.insert(into: &nodes, in: range)
                let wanted = expected.filter { $0.value.contains(where: range.contains) }.keys.sorted()
                #expect(Array(nodes) == wanted, "\(random)")
                #expect(wanted.allSatisfy { column.contains($0, in: range) }, "\(random)")
                #expect(!wanted.isEmpty || column.estimate(range) < 2_000, "\(random)")
            }
        }
    }
}
