import Core
import Expressions
import TestKit
import Testing

/// How conditions explain themselves.
@Suite struct ConditionTraceTests {
    private func explain(_ text: String) throws -> JSONValue {
        let trace = try Condition(parsing: text).explain(EventFixture.event(), now: EventFixture.time)
        return try JSONParser.parse(JSONWriter.bytes(of: trace))
    }

    private func part(_ expression: String, _ members: JSONObject.Member...) -> JSONValue {
        .object(JSONObject([.init("expression", .string(expression))] + members))
    }

    @Test func everyPartHasItsValue() throws {
        let comparison = part(
            "count > 2", .init("value", .bool(true)),
            .init(
                "parts", .array([part("count", .init("value", .number("3"))), part("2", .init("value", .number("2")))]))
        )
        #expect(try explain("count > 2") == comparison)
        let times = try explain("now() - 1d < now()")["parts"]?.elements.first
        #expect(times?["value"]?.string == "2027-01-14T08:00:00Z")
        #expect(times?["parts"]?.elements.map { $0["value"]?.string } == ["2027-01-15T08:00:00Z", "86400s"])
    }

    @Test func whatWasNotNeededIsNotEvaluated() throws {
        let parts = try explain("paid || absent == 1 || count == 3")["parts"]?.elements ?? []
        #expect(parts.map { $0["value"] } == [.bool(true), nil, nil])
        #expect(parts.map { $0["evaluated"] } == [nil, .bool(false), .bool(false)])
        #expect(parts[1]["parts"]?.elements.map { $0["evaluated"] } == [.bool(false), .bool(false)])
        let both = try explain("count == 4 and paid")["parts"]?.elements ?? []
        #expect(both.map { $0["evaluated"] } == [nil, .bool(false)])
    }

    @Test func failuresAndMissingFieldsAreShown() throws {
        let trace = try explain("paid && absent == 1 && count == 3")
        #expect(trace["failure"]?.string?.contains("there is no field `absent`") == true)
        let parts = trace["parts"]?.elements ?? []
        #expect(parts[1]["failure"] != nil && parts[2]["evaluated"] == .bool(false))
        #expect(parts[1]["parts"]?.elements.first == part("absent", .init("missing", .bool(true))))
        let null = try explain("absent is null")
        #expect(null["value"] == .bool(true) && null["parts"]?.elements.first?["missing"] == .bool(true))
    }

    @Test func elementsAreNotFollowed() throws {
        let trace = try explain("any(items, quantity > 5)")
        #expect(trace["value"] == .bool(true) && trace["parts"]?.elements.count == 1)
        #expect(trace["parts"]?.elements.first?["value"]?.elements.count == 2)
    }

    /// The text of each part, whatever it ends with.
    @Test(arguments: [
        ("status in ('new', 'shipped')", ["status", "'new'", "'shipped'"]), ("name like 'an%'", ["name"]),
        ("name like '5!%' escape '!'", ["name"]), ("status not in ('new')", ["status", "'new'"]),
        ("name not like 'an%'", ["name"]), ("note is not null", ["note"]), ("not paid", ["paid"]),
        ("count + 1 * 2 - 3 / 4 > (count - 1) * 2", ["count + 1 * 2 - 3 / 4", "(count - 1) * 2"]),
        ("-count < 2", ["-count", "2"]),
    ])
    func partsAreWhole(text: String, parts: [String]) throws {
        let trace = try explain(" \(text) ")
        #expect(trace["expression"]?.string == text)
        #expect(trace["parts"]?.elements.map { $0["expression"]?.string } == parts)
    }

    @Test func operandsOfArithmeticAreWhole() throws {
        let sum = try explain("count + 1 * 2 - 3 / 4 > 0")["parts"]?.elements.first
        let parts = sum?["parts"]?.elements ?? []
        #expect(parts.map { $0["expression"]?.string } == ["count + 1 * 2", "3 / 4"])
        #expect(parts.first?["parts"]?.elements.map { $0["expression"]?.string } == ["count", "1 * 2"])
    }
}
