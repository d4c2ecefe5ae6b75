import Core
import Testing

@Suite struct JSONWriterTests {
    private func text(_ write: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        write(&json)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private func text(of value: some JSONEncodable) -> String {
        String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
    }

    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("a\"b\\c/", #""a\"b\\c/""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
        ("\u{0}\u{1}\u{B}\u{1F}", #""\u0000\u0001\u000b\u001f""#), ("é€😀\u{7F}\u{2028}", "\"é€😀\u{7F}\u{2028}\""),
        ("\"", #""\"""#), ("\\\\", #""\\\\""#), ("e\u{301}", "\"e\u{301}\""), ("\r\n", #""\r\n""#),
    ])
    func escapesWhatMustBe(value: String, json: String) {
        #expect(Array(text(of: value).utf8) == Array(json.utf8))
    }

    @Test(arguments: [0, 9, 10, -1, -10, 1_234_567_890, Int64.max, Int64.min, 100, -9_223_372_036_854_775_807])
    func writesWholeNumbers(value: Int64) {
        #expect(text(of: value) == String(value))
    }

    @Test func writesWhatIsJSONAlreadyOrMissing() {
        let image: [UInt8]? = Array(#"{"a":1}"#.utf8)
        let written = text { json in
            json.object { json in
                json.member("new", raw: image)
                json.member("old", raw: [UInt8]?.none)
                json.member("more", raw: Array("[]".utf8))
            }
        }
        #expect(written == #"{"new":{"a":1},"old":null,"more":[]}"#)
    }

    @Test func writesFloatingPointNumbersThatReadBack() {
        #expect(text(of: 0.1) == "0.1")
        #expect(text(of: 1e300) == "1e+300")
        #expect(text(of: 5e-324) == "5e-324")
        #expect(text(of: Double.infinity) == "null")
        #expect(text(of: Double.nan) == "null")
    }

    @Test func writesValuesOfThisRoom() throws {
        #expect(text(of: true) == "true")
        #expect(
            text(of: try #require(Identifier("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")))
                == "\"017f22e2-79b0-7cc3-98c4-dc0c0c07398f\"")
        #expect(text(of: Timestamp(microseconds: 1_500_000)) == "\"1970-01-01T00:00:01.500000Z\"")
        #expect(text(of: try Money(minorUnits: -5, currency: .usd)) == "\"-0.05\"")
        #expect(text(of: Rate(stored: 87_500)) == "\"0.0875\"")
        #expect(text(of: LogPosition(42)) == "42")
    }

    @Test func commasStandBetweenValuesHoweverTheyAreNested() {
        let written = text { json in
            json.object {
                $0.member("a", 1)
                $0.member("b", nil as String?)
                $0.member("c", "x" as String?)
                $0.member("empty", object: { _ in })
                $0.member("list", array: [1, 2, 3])
                $0.member("none", array: [Int]())
                $0.member("raw", raw: Array("[1,2]".utf8))
                $0.key(named: "na\"me")
                $0.array { json in
                    json.null()
                    json.array { _ in }
                    json.object { $0.member("d", false) }
                    json.raw("7".utf8)
                    json.value("end")
                }
                $0.member("last", object: { $0.member("e", 2) })
            }
        }
        #expect(
            written == #"{"a":1,"b":null,"c":"x","empty":{},"list":[1,2,3],"none":[],"raw":[1,2],"#
                + #""na\"me":[null,[],{"d":false},7,"end"],"last":{"e":2}}"#)
    }
}
