import Core
import Foundation
import TestKit
import Testing

@testable import Search

/// Sorting by a field, counting its values, and ranking by its words.
@Suite struct PayloadRankTests {
    private func index(
        _ path: String, _ kind: PayloadField.Kind, _ values: [UInt32: JSONValue]
    ) throws -> PayloadIndex {
        var index = PayloadIndex()
        index.add(PayloadField(try PayloadPath(path), kind)) { _ in }
        for (slot, value) in values { index.set(JSONObject([.init(path, value)]), at: slot) }
        return index
    }

    // MARK: Words

    /// BM25 as the formula says, over all texts.
    private func plainScores(_ query: [String], _ texts: [UInt32: [String]]) -> [UInt32: Double] {
        let total = Double(texts.count)
        let mean = texts.values.reduce(0.0) { $0 + Double($1.count) } / total
        var scores = texts.mapValues { _ in 0.0 }
        for word in Set(query).sorted() {
            let with = Double(texts.values.count { $0.contains(word) })
            let weight = log(1 + (total - with + 0.5) / (with + 0.5))
            for (slot, words) in texts {
                let count = Double(words.count { $0 == word })
                let length = 1.2 * (1 - 0.75 + 0.75 * Double(words.count) / mean)
                scores[slot, default: 0] += weight * count / (count + length)
            }
        }
        return scores
    }

    @Test func wordsAreRankedAsTheFormulaSays() throws {
        var random = SeededRandom.fresh()
        let vocabulary = (0..<60).map { "w\($0)" }
        var texts: [UInt32: [String]] = [:]
        var index = try index("text", .text, [:])
        for _ in 0..<1_500 {
            let slot = UInt32.random(in: 0..<800, using: &random)
            if Int.random(in: 0..<5, using: &random) == 0 {
                index.remove(slot)
                texts[slot] = nil
                continue
            }
            let words = (0..<Int.random(in: 1..<12, using: &random)).map { _ in
                // The first words are frequent and the last are rare.
                vocabulary[min(Int.random(in: 0..<60, using: &random), Int.random(in: 0..<60, using: &random))]
            }
            texts[slot] = words
            index.set(JSONObject([.init("text", .string(words.joined(separator: ", ")))]), at: slot)
        }
        let path = try PayloadPath("text")
        for _ in 0..<15 {
            let query = (0..<Int.random(in: 1..<5, using: &random)).compactMap { _ in
                vocabulary.randomElement(using: &random)
            }
            let expected = plainScores(query, texts).filter { $0.value > 0 }
            // A few slots are asked one by one, many through the lists of words.
            for share in [1, 2, 100] as [UInt32] {
                let nodes = share == 1 ? nil : NodeSet((0..<800).filter { $0.isMultiple(of: share) })
                let wanted = expected.filter { nodes?.contains($0.key) ?? true }
                let text = query.joined(separator: " ").uppercased()
                let found = try #require(index.rank(text, in: path, among: nodes, limit: 20))
                #expect(found.count == min(20, wanted.count), "\(random)")
                #expect(found == found.sorted { ($1.score, $0.slot) < ($0.score, $1.slot) }, "\(random)")
                for hit in found {
                    #expect(abs(Double(hit.score) - (wanted[hit.slot] ?? -1)) < 1e-5, "\(random)")
                }
                let last = Double(found.last?.score ?? 0)
                let better = wanted.filter { $0.value > last + 1e-5 }
                #expect(Set(better.keys).isSubset(of: Set(found.map(\.slot))), "\(random)")
            }
        }
        #expect(index.rank("w1", in: try PayloadPath("other"), limit: 5) == nil)
        #expect(index.rank("...", in: path, limit: 5) == [])
        #expect(index.rank("w1", in: path, limit: 0) == [])
    }

    /// Whoever wants few is given the first of what whoever wants all is given, though most is not looked at.
    @Test func fewAreTheFirstOfAll() throws {
        var random = SeededRandom.fresh()
        var index = try index("text", .text, [:])
        for slot in 0..<4_000 as Range<UInt32> {
            // Few texts, so many score the same; now and then a long one, and one that says a word often.
            let words = (0..<[3, 3, 3, 40][Int.random(in: 0..<4, using: &random)]).map { _ in
                "w\(min(Int.random(in: 0..<30, using: &random), Int.random(in: 0..<30, using: &random)))"
            }
            index.set(JSONObject([.init("text", .string(words.joined(separator: " ")))]), at: slot)
            if slot.isMultiple(of: 7) { index.remove(slot / 2) }
        }
        let path = try PayloadPath("text")
        let some = NodeSet((0..<4_000).filter { !$0.isMultiple(of: 3) })
        // The last first: of half of the slots that is known as numbers.
        let lastFirst = SlotOrder(ranks: (0..<2_000).map { 4_000 - $0 }) { $0 > $1 }
        for _ in 0..<60 {
            let query = (0..<Int.random(in: 1..<6, using: &random)).map { _ in
                "w\(Int.random(in: 0..<30, using: &random))"
            }.joined(separator: " ")
            for nodes in [nil, some] {
                for ties in [SlotOrder.bySlot, lastFirst] {
                    let all = try #require(index.rank(query, in: path, among: nodes, limit: .max, breaking: ties))
                    for limit in [1, 10, 25] {
                        let few = index.rank(query, in: path, among: nodes, limit: limit, breaking: ties)
                        #expect(few == Array(all.prefix(limit)), "\(random) \(query)")
                    }
                }
            }
        }
    }

    // MARK: Values

    @Test func pointsAreSortedByNumbersAndTimes() throws {
        let numbers: [UInt32: JSONValue] = [
            1: .number("5"), 2: .number("-2.5"), 3: .array([.number("7"), .number("1"), .number("7")]),
            4: .string("6"), 5: .number("5.0"), 2_000: .number("1e2"),
        ]
        let floats = try index("n", .float, numbers)
        let path = try PayloadPath("n")
        #expect(floats.sorted(by: path, limit: 10)?.map(\.slot) == [2, 3, 1, 5, 3, 2_000])
        #expect(floats.sorted(by: path, descending: true, limit: 3)?.map(\.slot) == [2_000, 3, 1])
        #expect(
            floats.sorted(by: path, from: .integer(5), limit: 3)?.map(\.value) == [.float(5), .float(5), .float(7)])
        #expect(
            floats.sorted(by: path, among: NodeSet([1, 3]), descending: true, from: .float(6), limit: 9)?.map(\.slot)
                == [1, 3])
        let few = NodeSet([1])
        #expect(floats.sorted(by: path, among: few, limit: 9)?.map(\.slot) == [1])
        #expect(floats.sorted(by: path, among: few, limit: .max)?.map(\.slot) == [1])
        #expect(Set(floats.orderValues(of: 3, by: path)) == [.float(1), .float(7)])
        let times = try index(
            "n", .datetime, [1: .string("2024-01-02"), 2: .string("2024-01-01T23:00:00-02:00"), 3: .string("x")])
        #expect(times.sorted(by: path, limit: 9)?.map(\.slot) == [1, 2])
        let second = try #require(Timestamp("2024-01-02T01:00:00Z"))
        #expect(times.sorted(by: path, from: .moment(second), limit: 9)?.map(\.slot) == [2])
        #expect(times.sorted(by: path, descending: true, from: .moment(second), limit: 9)?.map(\.slot) == [2, 1])
        let day = try #require(Timestamp("2024-01-02T00:30:00Z"))
        #expect(times.sorted(by: path, from: .moment(day), limit: 9)?.map(\.slot) == [2])
        #expect(times.sorted(by: path, descending: true, from: .moment(day), limit: 9)?.map(\.slot) == [1])
        #expect(try index("n", .keyword, numbers).sorted(by: path, limit: 1) == nil)
        let integers = try index("n", .integer, numbers)
        #expect(integers.sorted(by: path, from: .float(4.5), limit: 9)?.map(\.value) == [.integer(5), .integer(7)])
    }

    @Test func valuesAreCounted() throws {
        let values: [UInt32: JSONValue] = [
            1: .string("b"), 2: .string("a"), 3: .array([.string("a"), .string("c"), .string("a")]), 4: .string("c"),
            5: .number("1"), 6: .null,
        ]
        let path = try PayloadPath("v")
        let index = try index("v", .keyword, values)
        let all = try #require(index.facets(of: path, limit: 10))
        #expect(all.map(\.value) == [.text("a"), .text("c"), .text("b")])
        #expect(all.map(\.count) == [2, 2, 1])
        let some = try #require(index.facets(of: path, among: NodeSet([1, 2, 3]), limit: 2))
        #expect(some.map(\.value) == [.text("a"), .text("b")])
        #expect(some.map(\.count) == [2, 1])
        let many = (10..<40).map { (UInt32($0), JSONValue.string("v\($0)")) }
        let wide = try self.index("v", .keyword, values.merging(many) { $1 })
        #expect(wide.facets(of: path, among: NodeSet([1, 2, 3]), limit: 2) == some)
        #expect(
            try self.index("v", .bool, [1: .bool(true), 2: .bool(false), 3: .bool(true)]).facets(of: path, limit: 1)
                == [PayloadFacet(value: .bool(true), count: 2)])
        #expect(try self.index("v", .text, values).facets(of: path, limit: 1) == nil)
    }

    // MARK: Fusion

    @Test func ranksAreFusedAsTheFormulaSays() {
        let fused = RankFusion.reciprocal([["a", "b", "c"], ["b", "d"]], limit: 3)
        #expect(fused.map(\.id) == ["b", "a", "d"])
        #expect(abs(fused[0].score - (1.0 / 62 + 1.0 / 61)) < 1e-12)
        #expect(abs(fused[1].score - 1.0 / 61) < 1e-12)
        let tied = RankFusion.reciprocal([["a", "b"], ["b", "a"]], constant: 1, limit: 9)
        #expect(tied.map(\.id) == ["a", "b"])
        #expect(RankFusion.reciprocal([] as [[Int]], limit: 3).isEmpty)
        #expect(RankFusion.reciprocal([[1]], limit: 0).isEmpty)
    }

    private struct FusionCase {
        let rankings: [[(id: Int, score: Double)]]
        let weights: [Double]?

        init(_ random: inout SeededRandom) {
            rankings = (0..<Int.random(in: 1..<4, using: &random)).map { _ in
                var seen: Set<Int> = []
                let count = Int.random(in: 0..<8, using: &random)
                let unique = (0..<count).map { _ in Int.random(in: 0..<10, using: &random) }.filter {
                    seen.insert($0).inserted
                }
                return unique.enumerated().map { (id: $1, score: Double(20 - $0 * $0) / 4) }
            }
            let isWeighted = Bool.random(using: &random)
            weights = isWeighted ? rankings.map { _ in Double.random(in: -0.5..<2, using: &random) } : nil
        }

        var json: JSONValue {
            let lists = rankings.map { ranking in
                JSONValue.array(ranking.map { .array([.integer($0.id), .number("\($0.score)")]) })
            }
            let weights = weights.map { JSONValue.array($0.map { .number("\($0)") }) }
            return .object(JSONObject([.init("rankings", .array(lists)), .init("weights", weights ?? .null)]))
        }
    }

    @Test func ranksAreFusedAsQdrantDoes() throws {
        var random = SeededRandom.fresh()
        let cases = (0..<60).map { _ in FusionCase(&random) }
        let input = JSONWriter.bytes(of: JSONValue.array(cases.map(\.json)))
        let result = try Python.run("qdrant_fusion.py", input: input)
        try #require(result.status == 0, "\(random): \(result.output)")
        let lines = result.output.split(separator: "\n")
        try #require(lines.count == 2 * cases.count, "\(random)")
        for (index, fusion) in cases.enumerated() {
            let ids = fusion.rankings.map { $0.map(\.id) }
            let reciprocal = RankFusion.qdrantReciprocal(ids, weights: fusion.weights, limit: 5)
            let distribution = RankFusion.distributionBased(fusion.rankings, limit: 5)
            for (own, line) in [(reciprocal, lines[2 * index]), (distribution, lines[2 * index + 1])] {
                let theirs = line.split(separator: " ").dropFirst().compactMap { Double($0) }
                #expect(own.count == theirs.count, "\(random)")
                #expect(zip(own, theirs).allSatisfy { abs($0.score - $1) < 1e-9 }, "\(random): \(own) \(line)")
            }
        }
    }
}
