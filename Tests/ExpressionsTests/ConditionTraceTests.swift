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
}
