import Core
import Testing

@testable import Search

/// Each operator of a filter, and what is refused.
@Suite struct PayloadFilterTests {
    private let payload = """
        {"city": "Berlin", "tags": ["red", "blue"], "count": 5, "price": 5.0, "active": true, "none": null, "empty": [],
         "text": "The Quick brown fox, an Été", "made": "2024-05-01T12:30:00+02:00",
         "place": {"lat": 52.52, "lon": 13.405}, "mixed": [1, null],
         "offers": [{"price": 3, "color": "red"}, {"price": 9, "color": "blue"}], "matrix": [[1, 2], [3]]}
        """

    private func fits(_ filter: String, id: PointKey = .number(7)) throws -> Bool {
        guard case .object(let payload) = try JSONParser.parse(Array(payload.utf8)) else { return false }
        return try PayloadFilter(JSONParser.parse(Array(filter.utf8)))
            .matches(payload: payload, id: id, vectorNames: ["image"])
    }

    @Test(arguments: [
        (#""key": "city", "match": {"value": "Berlin"}"#, true),
        (#""key": "city", "match": {"value": "berlin"}"#, false),
        (#""key": "tags", "match": {"value": "blue"}"#, true),
        (#""key": "tags[]", "match": {"value": "blue"}"#, true),
        (#""key": "tags[0]", "match": {"value": "blue"}"#, false),
        (#""key": "count", "match": {"value": 5}"#, true),
        (#""key": "price", "match": {"value": 5}"#, false),
        (#""key": "active", "match": {"value": true}"#, true),
        (#""key": "active", "match": {"value": 1}"#, false),
        (#""key": "tags", "match": {"any": ["green", "red"]}"#, true),
        (#""key": "tags", "match": {"any": []}"#, false),
        (#""key": "tags", "match": {"except": ["red"]}"#, true),
        (#""key": "tags", "match": {"except": ["red", "blue"]}"#, false),
        (#""key": "none", "match": {"except": ["red"]}"#, false),
        (#""key": "count", "match": {"except": ["red"]}"#, true),
        (#""key": "text", "match": {"text": "FOX quick"}"#, true),
        (#""key": "text", "match": {"text": "fox wolf"}"#, false),
        (#""key": "text", "match": {"text": "ete"}"#, true),
        (#""key": "text", "match": {"text": " "}"#, false),
        (#""key": "text", "match": {"text_any": "wolf fox"}"#, true),
        (#""key": "text", "match": {"phrase": "quick brown"}"#, true),
        (#""key": "text", "match": {"phrase": "brown quick"}"#, false),
        (#""key": "city", "match": {"prefix": "Ber"}"#, true),
        (#""key": "city", "match": {"prefix": "ber"}"#, false),
        (#""key": "city", "match": {"substring": "erli"}"#, true),
        (#""key": "city", "match": {"substring": "erls"}"#, false),
        (#""key": "count", "range": {"gte": 5, "lt": 6}"#, true),
        (#""key": "count", "range": {"gt": 5}"#, false),
        (#""key": "price", "range": {"gte": 5, "lte": 5}"#, true),
        (#""key": "price", "range": {"lt": 5}"#, false),
        (#""key": "active", "range": {}"#, false),
        (#""key": "made", "range": {"gte": "2024-05-01T10:30:00Z", "lt": "2024-05-01 10:31"}"#, true),
        (#""key": "made", "range": {"gt": "2024-05-02"}"#, false),
        (#""key": "place", "geo_radius": {"center": {"lat": 52.52, "lon": 13.4}, "radius": 500}"#, true),
        (#""key": "place", "geo_radius": {"center": {"lat": 52.52, "lon": 13.4}, "radius": 300}"#, false),
        (
            #""key": "place", "geo_bounding_box": {"top_left": {"lat": 53, "lon": 13}, "#
                + #""bottom_right": {"lat": 52, "lon": 14}}"#,
            true
        ),
        (
            #""key": "place", "geo_bounding_box": {"top_left": {"lat": 53, "lon": 14}, "#
                + #""bottom_right": {"lat": 52, "lon": 13}}"#,
            false
        ),
        (#""key": "none", "is_null": true"#, true),
        (#""key": "mixed", "is_null": true"#, true),
        (#""key": "city", "is_null": false"#, true),
        (#""key": "missing", "is_empty": true"#, true),
        (#""key": "empty", "is_empty": true"#, true),
        (#""key": "city", "is_empty": false"#, true),
        (#""is_empty": {"key": "none"}"#, true),
        (#""is_null": {"key": "city"}"#, false),
        (#""key": "tags", "values_count": {"gte": 2, "lt": 3}"#, true),
        (#""key": "missing", "values_count": {"lt": 1}"#, true),
        (#""key": "city", "values_count": {"gt": 1}"#, false),
        (#""key": "matrix", "match": {"value": 3}"#, false),
        (#""key": "matrix[]", "match": {"value": 3}"#, true),
        (#""has_id": [1, 7]"#, true),
        (#""has_id": ["0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11"]"#, false),
        (#""has_vector": "image""#, true),
        (#""has_vector": """#, false),
        (#""slice": {"total": 1, "index": 0}"#, true),
        (
            #""nested": {"key": "offers", "filter": {"must": [{"key": "price", "range": {"lt": 5}}, "#
                + #"{"key": "color", "match": {"value": "red"}}]}}"#,
            true
        ),
        (
            #""nested": {"key": "offers[]", "filter": {"must": [{"key": "price", "range": {"gt": 5}}, "#
                + #"{"key": "color", "match": {"value": "red"}}]}}"#,
            false
        ),
    ])
    func operatorsMeanWhatQdrantMeans(_ condition: String, _ expected: Bool) throws {
        #expect(try fits("{\"must\": [{\(condition)}]}") == expected)
        #expect(try fits("{\"must_not\": {\(condition)}}") == !expected)
    }

    @Test func clausesCombine() throws {
        let yes = #"{"key": "city", "match": {"value": "Berlin"}}"#
        let no = #"{"key": "city", "match": {"value": "Paris"}}"#
        #expect(try fits("{}"))
        #expect(try fits("{\"must\": [\(yes), \(yes)], \"should\": [], \"must_not\": null}"))
        #expect(try !fits("{\"must\": [\(yes), \(no)]}"))
        #expect(try fits("{\"should\": [\(no), \(yes)]}"))
        #expect(try !fits("{\"should\": [\(no)]}"))
        #expect(try fits("{\"min_should\": {\"conditions\": [\(yes), \(no), \(yes)], \"min_count\": 2}}"))
        #expect(try !fits("{\"min_should\": {\"conditions\": [\(yes), \(no)], \"min_count\": 2}}"))
        #expect(try fits("{\"must\": [{\"must_not\": [\(no)]}]}"))
    }

    @Test(arguments: [
        (#"{"musty": []}"#, "/filter/musty"),
        (#"{"a/b~": []}"#, "/filter/a~1b~0"),
        (#"{"must": 5}"#, "/filter/must"),
        (#"{"must": [5]}"#, "/filter/must/0"),
        (#"{"must": [{"key": "a"}]}"#, "/filter/must/0"),
        (#"{"must": [{"key": "a..b", "is_null": true}]}"#, "/filter/must/0/key"),
        (#"{"must": [{"key": "a", "like": "b"}]}"#, "/filter/must/0/like"),
        (#"{"must": [{"key": "a", "is_null": true, "is_empty": true}]}"#, "/filter/must/0"),
        (#"{"must": [{"key": "a", "match": {"values": 1}}]}"#, "/filter/must/0/match/values"),
        (#"{"must": [{"key": "a", "match": {"value": 1.5}}]}"#, "/filter/must/0/match/value"),
        (#"{"must": [{"key": "a", "match": {"any": ["a", 1]}}]}"#, "/filter/must/0/match/any"),
        (#"{"must": [{"key": "a", "match": {"any": [true]}}]}"#, "/filter/must/0/match/any/0"),
        (#"{"must": [{"key": "a", "match": {}}]}"#, "/filter/must/0/match"),
        (#"{"must": [{"key": "a", "range": {"gt": true}}]}"#, "/filter/must/0/range/gt"),
        (#"{"must": [{"key": "a", "range": {"gt": "noon"}}]}"#, "/filter/must/0/range/gt"),
        (#"{"must": [{"key": "a", "range": {"gt": "2024-01-01", "lt": 5}}]}"#, "/filter/must/0/range/lt"),
        (#"{"must": [{"key": "a", "range": {"ge": 5}}]}"#, "/filter/must/0/range/ge"),
        (#"{"must": [{"key": "a", "values_count": {"gt": -1}}]}"#, "/filter/must/0/values_count/gt"),
        (
            #"{"must": [{"key": "a", "geo_radius": {"center": {"lat": 91, "lon": 0}, "radius": 1}}]}"#,
            "/filter/must/0/geo_radius/center"
        ),
        (
            #"{"must": [{"key": "a", "geo_radius": {"center": {"lat": 9, "lon": 0}}}]}"#,
            "/filter/must/0/geo_radius/radius"
        ),
        (
            #"{"must": [{"key": "a", "geo_polygon": {"exterior": {"points": [{"lat": 9, "lon": 0}]}}}]}"#,
            "/filter/must/0/geo_polygon/exterior/points"
        ),
        (#"{"should": [{"has_id": [1, -1]}]}"#, "/filter/should/0/has_id/1"),
        (#"{"should": [{"has_id": ["x"]}]}"#, "/filter/should/0/has_id/0"),
        (#"{"should": [{"has_vector": 1}]}"#, "/filter/should/0/has_vector"),
        (#"{"should": [{"slice": {"total": 2, "index": 2}}]}"#, "/filter/should/0/slice"),
        (
            #"{"should": [{"nested": {"key": "a", "filter": {"must": [{"has_id": 1}]}}}]}"#,
            "/filter/should/0/nested/filter/must/0/has_id"
        ),
        (#"{"min_should": {"conditions": [], "min_count": 0}}"#, "/filter/min_should/min_count"),
        (#"{"min_should": {"min_count": 1}}"#, "/filter/min_should/conditions"),
    ])
    func whatIsWrongIsNamed(_ filter: String, _ pointer: String) throws {
        let json = try JSONParser.parse(Array(filter.utf8))
        let failure = #expect(throws: Failure.self) { try PayloadFilter(json, at: "/filter") }
        #expect(failure?.errors.map(\.pointer) == [pointer])
    }

    @Test func limitsAreHeld() throws {
        func nested(_ depth: Int) -> JSONValue {
            (1..<depth).reduce(.object(JSONObject())) { inner, _ in
                .object(JSONObject([.init("must", .array([inner]))]))
            }
        }
        #expect(try PayloadFilter(nested(PayloadFilter.depthLimit)).must.count == 1)
        #expect(throws: Failure.self) { try PayloadFilter(nested(PayloadFilter.depthLimit + 1)) }
        func wide(_ count: Int) -> JSONValue {
            .object(JSONObject([.init("must", .array(Array(repeating: .object(JSONObject()), count: count)))]))
        }
        #expect(try PayloadFilter(wide(PayloadFilter.conditionLimit)).must.count == PayloadFilter.conditionLimit)
        #expect(throws: Failure.self) { try PayloadFilter(wide(PayloadFilter.conditionLimit + 1)) }
        let ids = JSONValue.array(Array(repeating: .number("1"), count: PayloadFilter.valueLimit + 1))
        let tooMany = JSONValue.object(JSONObject([.init("must", .object(JSONObject([.init("has_id", ids)])))]))
        #expect(throws: Failure.self) { try PayloadFilter(tooMany) }
        func match(_ name: String, _ text: String) -> JSONValue {
            let match = JSONValue.object(JSONObject([.init(name, .string(text))]))
            let condition = JSONValue.object(JSONObject([.init("key", .string("a")), .init("match", match)]))
            return .object(JSONObject([.init("must", condition)]))
        }
        let long = [("value", PayloadFilter.textLimit), ("substring", PayloadFilter.substringLimit)]
        for (name, limit) in long {
            #expect(throws: Never.self) { try PayloadFilter(match(name, String(repeating: "a", count: limit))) }
            #expect(throws: Failure.self) { try PayloadFilter(match(name, String(repeating: "a", count: limit + 1))) }
        }
        let words = String(repeating: "a ", count: PayloadFilter.wordLimit)
        #expect(throws: Never.self) { try PayloadFilter(match("text", words)) }
        #expect(throws: Failure.self) { try PayloadFilter(match("text", words + "b")) }
    }

    @Test func memoriesHaveTextsForIDs() throws {
        let json = try JSONParser.parse(Array(#"{"must": [{"has_id": ["mem_1"]}]}"#.utf8))
        let filter = try PayloadFilter(json, ids: .text)
        #expect(filter.matches(payload: JSONObject(), id: .text("mem_1")))
        #expect(!filter.matches(payload: JSONObject(), id: .text("mem_2")))
    }
}
