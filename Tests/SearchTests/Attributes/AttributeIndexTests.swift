import Core
import TestKit
import Testing

@testable import Search

/// What the index of attributes says is what the attributes say, after any history and in each of its copies.
@Suite struct AttributeIndexTests {
    /// A value with its kind and its place among those of the kind.
    private struct Ranked {
        let value: JSONValue
        let kind: Int
        let rank: Int
    }

    /// Each way to write a number, in the order of the numbers.
    private static let numbers = [
        ["-1e400"], ["-1e300"], ["-9223372036854775808"], ["-9007199254740993"], ["-2.5", "-25e-1"], ["-1", "-1.0"],
        ["0", "-0.0", "0e5"], ["1e-300"], ["0.5"], ["1", "1.0", "1e0"], ["9007199254740992"], ["9007199254740993"],
        ["9223372036854775806"], ["9223372036854775807"], ["9223372036854775808", "9.223372036854775808e18"],
        ["1e300"], ["1e400"],
    ]
    /// In the order of their bytes.
    private static let texts = ["", "\0", " ", "1", "A", "a", "a\0", "a b", "ab", "b", "é", "日本"]
    /// Between the last two of these. Of the longer ones only what they begin with is kept.
    private static let long = [1_000, 1_001, 1_010].map { String(repeating: "é", count: $0 / 2) + "z" }

    private static let scalars: [Ranked] =
        numbers.enumerated().flatMap { rank, texts in
            texts.map { Ranked(value: .number($0), kind: 1, rank: rank) }
        }
        + texts.enumerated().map { Ranked(value: .string($1), kind: 3, rank: 2 * $0) }
        + [false, true].enumerated().map { Ranked(value: .bool($1), kind: 0, rank: $0) }
    private static let others: [Ranked] =
        [
            Ranked(value: .object(JSONObject()), kind: 2, rank: 0),
            Ranked(value: .array([.string("a")]), kind: 2, rank: 0),
        ] + long.map { Ranked(value: .string($0), kind: 3, rank: 2 * texts.count - 3) }

    private enum Comparison: CaseIterable {
        case equal, different, less, lessOrEqual, greater, greaterOrEqual, known, unknown

        func test(_ name: String, _ value: JSONValue) throws -> AttributeTest {
            let value = try #require(AttributeValue(value))
            return switch self {
            case .equal: .equal(name, to: value)
            case .different: .different(name, from: value)
            case .less: .less(name, than: value, orEqual: false)
            case .lessOrEqual: .less(name, than: value, orEqual: true)
            case .greater: .greater(name, than: value, orEqual: false)
            case .greaterOrEqual: .greater(name, than: value, orEqual: true)
            case .known: .known(name, true)
            case .unknown: .known(name, false)
            }
        }

        func holds(_ found: Ranked, _ value: Ranked) -> Bool {
            let isAlike = found.kind == value.kind
            return switch self {
            case .equal: isAlike && found.rank == value.rank
            case .different: !isAlike || found.rank != value.rank
            case .less: isAlike && found.rank < value.rank
            case .lessOrEqual: isAlike && found.rank <= value.rank
            case .greater: isAlike && found.rank > value.rank
            case .greaterOrEqual: isAlike && found.rank >= value.rank
            case .known, .unknown: true
            }
        }
    }

    /// An index and what it should know.
    private struct World {
        var index = AttributeIndex()
        var values: [UInt32: [String: [Ranked]]] = [:]

        mutating func step(_ random: inout SeededRandom) {
            let slot = UInt32.random(in: 0..<40, using: &random)
            guard Int.random(in: 0..<6, using: &random) > 0 else {
                values[slot] = nil
                return index.set(JSONObject(), at: slot)
            }
            var (members, known): ([JSONObject.Member], [String: [Ranked]]) = ([], [:])
            for name in AttributeIndexTests.names where Bool.random(using: &random) {
                let found = (0..<Int.random(in: 0..<4, using: &random)).compactMap { _ in
                    (AttributeIndexTests.scalars + AttributeIndexTests.others).randomElement(using: &random)
                }
                known[name] = found
                var list = found.map(\.value) + (Bool.random(using: &random) ? [.null] : [])
                list.shuffle(using: &random)
                // A list in a list is no value that could be compared.
                let single = list.count == 1 && found.allSatisfy { $0.kind != 2 }
                members.append(.init(name, single ? list[0] : .array(list)))
            }
            values[slot] = known
            index.set(JSONObject(members), at: slot)
        }

        func check(_ name: String, _ comparison: Comparison, _ value: Ranked, _ random: SeededRandom) throws {
            let expected = values.filter { _, known in
                let isFound = known[name]?.contains { comparison.holds($0, value) } ?? false
                return comparison == .unknown ? !isFound : isFound
            }
            let found = index.slots(passing: try comparison.test(name, value.value), among: NodeSet(values.keys))
            #expect(Array(found) == expected.keys.sorted(), "\(random) \(name) \(comparison) \(value)")
        }
    }

    /// Names of which one is made of another with what stands before and behind it.
    private static let names = ["a", "at", "1:a", "", "a\0", String(repeating: "n", count: 255)]

    @Test func itSaysWhatTheAttributesSay() throws {
        var random = SeededRandom.fresh()
        var world = World()
        var worlds: [World] = []
        for _ in 0..<40 {
            for _ in 0..<10 { world.step(&random) }
            worlds.append(world)
            for _ in 0..<150 {
                let world = try #require(worlds.randomElement(using: &random))
                let name = try #require(Self.names.randomElement(using: &random))
                let comparison = try #require(Comparison.allCases.randomElement(using: &random))
                try world.check(name, comparison, try #require(Self.scalars.randomElement(using: &random)), random)
            }
        }
    }

    @Test func everyPairOfValuesComparesAsItIsWorth() throws {
        for found in Self.scalars + Self.others {
            for value in Self.scalars {
                for comparison in Comparison.allCases where comparison != .unknown {
                    let test = try comparison.test("a", value.value)
                    let isPassed = test.passes(try #require(AttributeValue(found.value)))
                    #expect(isPassed == comparison.holds(found, value), "\(found) \(comparison) \(value)")
                }
            }
        }
    }

    @Test func whatIsLongIsAnotherTextThanWhatItBeginsWith() throws {
        let (most, more) = (String(repeating: "x", count: 1_000), String(repeating: "x", count: 60_000))
        var index = AttributeIndex()
        for (slot, text) in [most, most + "x", more, more + "y"].enumerated() {
            index.set(JSONObject([.init("a", .string(text))]), at: UInt32(slot))
        }
        let value = try #require(AttributeValue(.string(most)))
        let all = NodeSet(0..<4)
        #expect(Array(index.slots(passing: .equal("a", to: value), among: all)) == [0])
        #expect(Array(index.slots(passing: .greater("a", than: value, orEqual: false), among: all)) == [1, 2, 3])
        // What is kept of them does not grow with them.
        #expect(AttributeKey.all(of: JSONObject([.init("a", .string(more))])).allSatisfy { $0.text.utf8.count < 1_020 })
        // Nobody can ask for the name.
        #expect(AttributeKey.all(of: JSONObject([.init(String(repeating: "n", count: 256), .integer(1))])).isEmpty)
    }
}
