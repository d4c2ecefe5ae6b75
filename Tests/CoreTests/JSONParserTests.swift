import Core
import TestKit
import Testing

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    /// The message of the failure that bytes are refused with.
    private func refusal(_ bytes: [UInt8]) -> String? {
        do {
            _ = try JSONParser.parse(bytes)
            return nil
        } catch {
            guard let failure = error as? Failure, failure.code == "malformed_json", failure.kind == .malformed
            else { return "not the right failure: \(error)" }
            return failure.message
        }
    }

    @Test(
        arguments: [
            ("null", .null), ("true", .bool(true)), (" \t\r\n false \n", .bool(false)), ("\"\"", .string("")),
            ("[]", .array([])), ("{}", .object(JSONObject())), ("[ ]", .array([])), ("{ }", .object(JSONObject())),
            ("[1,[2],null]", .array([.number("1"), .array([.number("2")]), .null])),
            ("{\"a\":1,\"b\":{}}", .object(JSONObject([.init("a", .number("1")), .init("b", .object(JSONObject()))]))),
            ("{ \"\" : [ ] }", .object(JSONObject([.init("", .array([]))]))),
        ] as [(String, JSONValue)])
    func readsEveryKindOfValue(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test(arguments: [
        "0", "-0", "1", "-1", "10", "0.5", "-0.5e10", "1E+2", "1e-2", "1.000", "123456789012345678901234567890",
        "1e400",
        "0e0", "0.0000000000000000000000000000001", "59.98",
    ])
    func numbersKeepTheirText(text: String) throws {
        #expect(try parse(text) == .number(text))
        #expect(try parse("[\(text)]") == .array([.number(text)]))
    }

    @Test(arguments: [
        "", " ", "-", "+1", "01", "-01", "00", "1.", ".5", "1.e5", "1e", "1e+", "1e1.5", "0x1", "NaN", "Infinity", "-a",
        "1 2", "nul", "nulll", "True", "tru", "'a'", "a", "[", "]", "[1", "[1,", "[,1]", "[1,]", "[1 2]", "[1;2]", "{",
        "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{\"a\" 1}", "{1:2}",
        "{\"a\":1}}",
        "{\"a\":1}{", "[1]x", "\"", "\"a", "\"\\\"", "\"\\", "\"\\a\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12G4\"",
        "\"\\u 123\"", "\"a\nb\"", "\"a\tb\"", "\"a\u{0}b\"", "\"a\u{1F}b\"", "// c\n1", "/* c */ 1", "1 // c",
        "\u{FEFF}1", "\u{A0}1", "\u{B}1", "\"\\\n\"", "[1,\u{C}2]",
    ])
    func refusesWhatTheStandardDoesNotAllow(text: String) {
        #expect(refusal(Array(text.utf8)) != nil)
        #expect(refusal(Array("[[\(text)".utf8)) != nil)
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""\ud83d\ude00""#, "😀"), (#""\uD834\uDD1E x""#, "𝄞 x"), (#""\u0000""#, "\u{0}"),
        (#""\uFFFF\uFFFE""#, "\u{FFFF}\u{FFFE}"),
        (#""\udbff\udfff""#, "\u{10FFFF}"), (#""a\nb\nc""#, "a\nb\nc"), ("\"é€😀\u{7F}\"", "é€😀\u{7F}"),
        (#""\\u0041""#, "\\u0041"),
        (#""é\u0301e\u0301""#, "é\u{301}e\u{301}"),
    ])
    func readsEscapes(text: String, value: String) throws {
        guard case .string(let read) = try parse(text) else {
            Issue.record("a string is expected")
            return
        }
        // Equality of strings is canonical equivalence; a parser must keep the scalars themselves.
        #expect(Array(read.unicodeScalars) == Array(value.unicodeScalars))
    }

    @Test(arguments: [
        #""\ud83d""#, #""\ude00""#, #""\ud83d\u0041""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ude00\ud83d""#,
        #""\ud83d\ud83d""#,
        #""\ud83d\""#, #""\udbff\ue000""#,
    ])
    func refusesHalvesOfSurrogatePairs(text: String) {
        #expect(refusal(Array(text.utf8)) != nil)
    }

    @Test(
        arguments: [
            [0x80], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xF0, 0x82, 0x82, 0xAC], [0xFF], [0x61, 0xFE],
        ] as [[UInt8]])
    func refusesInvalidUTF8(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(refusal([quote] + bytes + [quote])?.contains("UTF-8") == true)
        #expect(refusal(Array(#""\n"#.utf8) + bytes + [quote])?.contains("UTF-8") == true)
        #expect(refusal(Array(#"{""#.utf8) + bytes + Array(#"":1}"#.utf8))?.contains("UTF-8") == true)
        #expect(refusal(bytes) != nil)
    }

    @Test func nestingIsLimited() throws {
        func nested(_ open: String, _ middle: String, _ close: String, _ depth: Int) -> String {
            String(repeating: open, count: depth) + middle + String(repeating: close, count: depth)
        }
        _ = try parse(nested("[", "", "]", 64))
        _ = try parse(nested("{\"a\":", "1", "}", 64))
        _ = try parse("[" + String(repeating: nested("[", "", "]", 63) + ",", count: 3) + "1]")
        #expect(refusal(Array(nested("[", "", "]", 65).utf8))?.contains("deeper than 64") == true)
        #expect(refusal(Array(nested("{\"a\":", "1", "}", 65).utf8))?.contains("deeper than 64") == true)
        #expect(refusal(Array(String(repeating: "[", count: 1_000_000).utf8))?.contains("deeper than 64") == true)
    }

    @Test(arguments: [2, 16, 17, 18, 40, 400])
    func namesStandOnce(count: Int) throws {
        let members = (0..<count).map { "\"n\($0)\":\($0)" }
        let object = try parse("{\(members.joined(separator: ","))}")
        guard case .object(let object) = object else {
            Issue.record("an object is expected")
            return
        }
        #expect(object.members.map(\.name) == (0..<count).map { "n\($0)" })
        for repeated in [0, count / 2, count - 1] {
            let text = "{\((members + ["\"n\(repeated)\":0"]).joined(separator: ","))}"
            #expect(refusal(Array(text.utf8))?.contains("\"n\(repeated)\" stands here twice") == true)
        }
        #expect(refusal(Array(#"{"a":{"b":1},"\u0061":2}"#.utf8))?.contains("twice") == true)
        _ = try parse(#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#)
    }

    @Test func membersAreLimited() throws {
        func members(_ count: Int) -> String { (0..<count).map { "\"\($0)\":0" }.joined(separator: ",") }
        _ = try parse("{\(members(10_000))}")
        #expect(refusal(Array("{\(members(10_001))}".utf8))?.contains("more than 10000 members") == true)
    }

    @Test func failuresNameLineAndColumn() {
        #expect(refusal(Array("{\n  \"a\": 1,\n  b\n}".utf8))?.contains("line 3, column 3:") == true)
        #expect(refusal(Array("[1,2,]".utf8))?.contains("line 1, column 6:") == true)
        #expect(refusal([])?.contains("line 1, column 1:") == true)
        #expect(refusal(Array("\"é\u{1}\"".utf8))?.contains("line 1, column 4:") == true)
    }

    @Test func longNamesAreCutInFailures() {
        let name = String(repeating: "x", count: 100_000)
        #expect(refusal(Array("{\"\(name)\":1,\"\(name)\":2}".utf8))?.utf8.count ?? .max < 300)
    }
}
