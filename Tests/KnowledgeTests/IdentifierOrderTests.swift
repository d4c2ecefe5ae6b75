import Core
import Search
import TestKit
import Testing

@testable import Knowledge

/// The order of ids as numbers.
@Suite struct IdentifierOrderTests {
    private let words = ["", "a", "b", "ab", "é", "日本", "Z", "10", "9", "🙂", "\"\\\n"]

    private func slots(_ index: ElementIndex, _ count: Int, _ random: inout SeededRandom) -> [UInt32] {
        Array(Set((0..<count).map { _ in UInt32.random(in: 0..<index.limit, using: &random) })).shuffled(using: &random)
    }

    /// As many as are known up to the first that is not are written.
    private func expectWritten(_ slots: [UInt32], _ index: ElementIndex, _ when: String) {
        let known = slots.prefix { index.order.rank(of: $0) != nil }
        var json = JSONWriter()
        json.array { json in
            let count = index.order.write(slots[...], between: "[", and: ",1]", to: &json)
            #expect(count == known.count, "\(when)")
            json.value(7)
        }
        let texts = known.map { "[\(String(decoding: JSONWriter.bytes(of: index.id($0)), as: UTF8.self)),1]" } + ["7"]
        #expect(json.bytes == Array("[\(texts.joined(separator: ","))]".utf8), "\(when)")
    }

    @Test func itIsThatOfTheIdsHoweverTheyCame() {
        var random = SeededRandom.fresh()
        var index = ElementIndex(IndexedFields.nodes, dimensions: 4)
        for turn in 0..<6 {
            for number in 0..<[1, 900, 3_000, 20, 5_000, 300][turn] {
                let word = words.randomElement(using: &random) ?? ""
                _ = index.assign("\(word)\(Int.random(in: 0..<100_000, using: &random))-\(turn)-\(number)")
            }
            let before = index.order
            index.order = IdentifierOrder(index, after: before, isWritten: true)
            for count in [1, 30, 4_000] {
                let some = slots(index, count, &random)
                let expected = some.sorted { index.id($0) < index.id($1) }
                #expect(index.sorted(some) == expected, "\(random)")
                #expect(some.sorted(by: index.isBefore) == expected, "\(random)")
                for few in [0, 1, 7, 2_000] { #expect(index.first(few, of: some) == Array(expected.prefix(few))) }
                expectWritten(some, index, "\(random)")
            }
        }
        #expect(index.order.rank(of: 0) != nil && index.order.rank(of: index.limit) == nil)
    }

    /// Making it anew costs as much as there are ids, so few late ones are compared as texts.
    @Test func itIsMadeAnewOnceEnoughHaveCome() {
        var index = ElementIndex(IndexedFields.nodes, dimensions: 4)
        for number in 0..<2_000 { _ = index.assign("n\(number)") }
        index.order = IdentifierOrder(index, after: IdentifierOrder(), isWritten: true)
        _ = index.assign("a")
        index.order = IdentifierOrder(index, after: index.order, isWritten: true)
        #expect(index.order.rank(of: 2_000) == nil && index.sorted([0, 2_000]) == [2_000, 0])
        for number in 0..<2_000 { _ = index.assign("m\(number)") }
        index.order = IdentifierOrder(index, after: index.order, isWritten: true)
        #expect(index.order.rank(of: 2_000) == 0)
    }
}
