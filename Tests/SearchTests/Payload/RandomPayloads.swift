import Core
import TestKit

@testable import Search

/// Random payloads and filters that have something to do with each other: few names, few values, many coincidences.
struct RandomPayloads {
    var random: SeededRandom

    static let words = ["red", "Red", "blue", "wolf", "fox", "a", "été", "x1"]
    static let uuids = ["0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11", "0197F2A4-6C1E-7B3A-9D10-5F2F6F0C9A11"]
    static let times = [
        "2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 12:30", "2024-01-02T01:00:00.5+01:00", "2024-02-30",
        "2024-01-01T23:00:00-0100", "noon", "2023-12-31T23:59:59.999999Z",
    ]
    static let paths = [
        "tag", "tags", "count", "price", "flag", "made", "place", "text", "offers[].price", "offers[].color", "tags[]",
        "offers[0].price", "inner.tag", "offers", "missing", "uuid",
    ]

    init(_ random: SeededRandom) { self.random = random }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }

    mutating func integer() -> JSONValue {
        chance(3)
            ? .number(pick(["9223372036854775807", "9007199254740993", "-5", "18446744073709551615"]))
            : .integer(Int.random(in: 0..<6, using: &random))
    }

    mutating func float() -> JSONValue { .number(pick(["0.5", "1.0", "2.5", "3.0", "-1.5", "1e3", "4.0"])) }

    mutating func text() -> JSONValue {
        .string((0..<Int.random(in: 0..<5, using: &random)).map { _ in pick(Self.words) }.joined(separator: " "))
    }

    mutating func place() -> JSONValue {
        let latitude = JSONValue.integer(Int.random(in: -3...3, using: &random))
        let longitude = JSONValue.number(pick(["-179.5", "-1", "0", "0.5", "1", "179.5"]))
        return .object(JSONObject([.init("lon", longitude), .init("lat", latitude)]))
    }

    /// A value for a field, most often of the kind that its name suggests.
    mutating func value(_ name: String) -> JSONValue {
        if chance(12) { return oddValue() }
        switch name {
        case "tag", "color": return .string(pick(Self.words))
        case "tags": return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in value("tag") })
        case "count": return integer()
        case "price": return chance(50) ? float() : integer()
        case "flag": return .bool(chance(50))
        case "made": return .string(pick(Self.times))
        case "place": return chance(80) ? place() : .array([place(), place()])
        case "uuid": return .string(pick(Self.uuids))
        case "offers":
            return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in .object(object(["price", "color"])) })
        case "inner": return .object(object(["tag", "count"]))
        default: return text()
        }
    }

    private mutating func oddValue() -> JSONValue {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return .null
        case 1: return .array([])
        case 2: return .array([.null])
        case 3: return .array([.string(pick(Self.words)), integer(), .null, float()])
        case 4: return .object(JSONObject())
        case 5: return integer()
        case 6: return .string(pick(Self.words))
        default: return .array([.array([integer()]), .bool(true), .string(pick(Self.times))])
        }
    }

    private mutating func object(_ names: [String]) -> JSONObject {
        JSONObject(names.filter { _ in chance(75) }.map { .init($0, value($0)) })
    }

    mutating func payload() -> JSONObject {
        object(["tag", "tags", "count", "price", "flag", "made", "place", "text", "offers", "inner", "uuid"])
    }
}

// MARK: Filters

extension RandomPayloads {
    mutating func filter(depth: Int = 0) -> JSONValue {
        var members: [JSONObject.Member] = []
        if chance(70) { members.append(.init("must", clause(depth))) }
        if chance(40) { members.append(.init("should", clause(depth))) }
        if chance(30) { members.append(.init("must_not", clause(depth))) }
        if chance(15) {
            let conditions = JSONValue.array((0..<3).map { _ in condition(depth) })
            let least = JSONValue.object(
                JSONObject([.init("conditions", conditions), .init("min_count", .integer(pick([1, 2, 3, 4])))]))
            members.append(.init("min_should", least))
        }
        return .object(JSONObject(members))
    }

    private mutating func clause(_ depth: Int) -> JSONValue {
        .array((0..<Int.random(in: 0..<3, using: &random)).map { _ in condition(depth) })
    }

    mutating func condition(_ depth: Int) -> JSONValue {
        switch Int.random(in: 0..<20, using: &random) {
        case 0 where depth < 2: return filter(depth: depth + 1)
        case 1 where depth < 2:
            let inner = JSONObject([
                .init("key", .string(pick(["offers", "offers[]", "tags", "inner"]))),
                .init("filter", elementFilter()),
            ])
            return .object(JSONObject([.init("nested", .object(inner))]))
        case 2: return one("has_id", .array((0..<3).map { _ in .integer(Int.random(in: 0..<40, using: &random)) }))
        case 3: return one("is_empty", one("key", .string(pick(Self.paths))))
        case 4: return one("is_null", one("key", .string(pick(Self.paths))))
        case 5: return one("has_vector", .string(pick(["image", "sound"])))
        case 6:
            let slice = JSONObject([.init("total", .integer(3)), .init("index", .integer(pick([0, 1, 2])))])
            return one("slice", .object(slice))
        default:
            let (name, test, suited) = test()
            let path = pick(chance(70) ? suited : Self.paths)
            return .object(JSONObject([.init("key", .string(path)), .init(name, test)]))
        }
    }

    /// A filter for the objects of an array.
    private mutating func elementFilter() -> JSONValue {
        let conditions = JSONValue.array(
            (0..<2).map { _ in
                let (name, test, _) = test()
                return .object(JSONObject([.init("key", .string(pick(["price", "color"]))), .init(name, test)]))
            })
        return one(pick(["must", "should", "must_not"]), conditions)
    }

    private func one(_ name: String, _ value: JSONValue) -> JSONValue { .object(JSONObject([.init(name, value)])) }

    /// An operator, its operand, and fields that it suits.
    private mutating func test() -> (String, JSONValue, [String]) {
        switch Int.random(in: 0..<14, using: &random) {
        case 0...2: return ("match", match(), ["tag", "tags", "count", "flag", "uuid", "offers[].color", "inner.tag"])
        case 3, 4: return ("match", textMatch(), ["text", "tag", "tags"])
        case 5, 6:
            let range = bounds { $0.chance(50) ? $0.float() : $0.integer() }
            return ("range", range, ["count", "price", "offers[].price"])
        case 7, 8:
            let times = Self.times.filter { $0 != "noon" && $0 != "2024-02-30" }
            return ("range", bounds { .string($0.pick(times)) }, ["made"])
        case 9: return ("values_count", bounds { .integer($0.pick([0, 1, 2, 3])) }, ["tags", "offers", "missing"])
        case 10: return (pick(["is_empty", "is_null"]), .bool(chance(50)), Self.paths)
        case 11:
            let radius = JSONValue.number(pick(["100", "150000.5", "9e6"]))
            return ("geo_radius", .object(JSONObject([.init("center", place()), .init("radius", radius)])), ["place"])
        case 12:
            let corners = [JSONObject.Member("top_left", place()), .init("bottom_right", place())]
            return ("geo_bounding_box", .object(JSONObject(corners)), ["place"])
        default: return ("geo_polygon", polygon(), ["place"])
        }
    }

    private mutating func match() -> JSONValue {
        let wholes = (0..<3).map { _ in JSONValue.integer(Int.random(in: 0..<6, using: &random)) }
        let texts = (0..<2).map { _ in JSONValue.string(pick(Self.words + Self.uuids)) }
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: return one("value", texts[0])
        case 2: return one("value", wholes[0])
        case 3: return one("value", .bool(chance(50)))
        case 4: return one("any", .array(chance(10) ? [] : chance(50) ? texts : wholes))
        default: return one("except", .array(chance(10) ? [] : chance(50) ? texts : wholes))
        }
    }

    private mutating func textMatch() -> JSONValue {
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: return one("text", .string(pick(Self.words) + " " + pick(Self.words)))
        case 2: return one("text_any", text())
        case 3: return one("phrase", text())
        case 4: return one("prefix", .string(pick(["", "r", "re", "x"])))
        default: return one("substring", .string(pick(["", "e", "ed", "ol"])))
        }
    }

    private mutating func bounds(_ bound: (inout Self) -> JSONValue) -> JSONValue {
        var members: [JSONObject.Member] = []
        if chance(60) { members.append(.init(pick(["gt", "gte"]), bound(&self))) }
        if chance(60) || members.isEmpty { members.append(.init(pick(["lt", "lte"]), bound(&self))) }
        return .object(JSONObject(members))
    }

    private mutating func polygon() -> JSONValue {
        func ring(_ corners: [(String, String)]) -> JSONValue {
            let points = corners.map {
                JSONValue.object(JSONObject([.init("lon", .number($0.1)), .init("lat", .number($0.0))]))
            }
            return one("points", .array(points))
        }
        let outer = ring(
            pick([
                [("-2", "-2"), ("2", "-2"), ("2", "2"), ("-2", "2"), ("-2", "-2")],
                [("-3", "0"), ("3", "0.5"), ("0", "1"), ("-3", "0")],
            ]))
        var members = [JSONObject.Member("exterior", outer)]
        if chance(50) {
            let hole = ring([("-1", "-1"), ("1", "-1"), ("1", "0.75"), ("-1", "0.75"), ("-1", "-1")])
            members.append(.init("interiors", .array([hole])))
        }
        return .object(JSONObject(members))
    }
}
