import Core
import Testing

/// What every reader of ``JSONFields`` takes and refuses, and where it says the error is.
@Suite struct JSONFieldsTests {
    private enum Size: String, CaseIterable { case small, large }

    /// The pointers of the errors that a body is refused with, in their order.
    private func errors(_ json: String, _ body: (inout JSONFields) throws -> Void) throws -> [String] {
        do {
            try JSONFields.read(try JSONParser.parse(Array(json.utf8)), body)
            return []
        } catch let failure as Failure {
            #expect(failure.code == "invalid_request" && failure.kind == .invalid)
            #expect(failure.errors.allSatisfy { !$0.message.isEmpty })
            return failure.errors.map(\.pointer)
        }
    }

    private func read<T>(_ json: String, _ body: (inout JSONFields) throws -> T) throws -> T {
        try JSONFields.read(try JSONParser.parse(Array(json.utf8)), body)
    }

    @Test(arguments: ["[]", "1", "null", "\"{}\"", "true"])
    func theBodyMustBeAnObject(json: String) throws {
        #expect(try errors(json) { _ in } == [""])
    }

    @Test func membersThatNobodyAskedForAreErrors() throws {
        let pointers = try errors(#"{"a":"x","b":1,"c/d~e":2,"f":{"g":1,"h":2}}"#) { fields in
            _ = fields.string("a", length: 1...5)
            _ = fields.optionalObject("f") { $0.optionalInteger("g", in: 0...9) }
        }
        #expect(pointers == ["/f/h", "/b", "/c~1d~0e"])
    }

    @Test func whatMustBeThereIsMissedOnce() throws {
        for json in ["{}", #"{"s":null,"i":null,"d":null,"o":null,"c":null}"#] {
            let pointers = try errors(json) { fields in
                _ = fields.string("s", length: 1...5)
                _ = fields.integer("i", in: 1...5)
                _ = fields.identifier("d")
                _ = fields.objects("o", count: 0...5) { $0.has("x") }
                _ = fields.choice("c", Size.self)
            }
            #expect(pointers == ["/s", "/i", "/d", "/o", "/c"])
        }
    }

    @Test func aWrongMemberIsReportedOnceThoughItMustBeThere() throws {
        let pointers = try errors(#"{"s":1,"i":"2","d":"x","o":{},"c":"huge"}"#) { fields in
            _ = fields.string("s", length: 1...5)
            _ = fields.integer("i", in: 1...5)
            _ = fields.identifier("d")
            _ = fields.objects("o", count: 0...5) { $0.has("x") }
            _ = fields.choice("c", Size.self)
        }
        #expect(pointers == ["/s", "/i", "/d", "/o", "/c"])
    }

    @Test(arguments: [
        (#""""#, false), (#""a""#, true), (#""abcde""#, true), (#""abcdef""#, false), (#""éé€😀x""#, true),
        (#""a\u0000""#, false), (#""a\u001b""#, false), (#""a\u007f""#, false), (#""a\tb\r\n""#, true), ("5", false),
        (#""e\u0301e\u0301e\u0301""#, false),
    ])
    func textHasALengthAndNoControlCharacters(json: String, isFine: Bool) throws {
        let alone = try errors(#"{"t":\#(json)}"#) { _ = $0.optionalString("t", length: 1...5) }
        #expect(alone == (isFine ? [] : ["/t"]))
        let inArray = try errors(#"{"t":["ok",\#(json)]}"#) { _ = $0.optionalStrings("t", count: 0...2, length: 1...5) }
        #expect(inArray == (isFine ? [] : ["/t/1"]))
    }

    @Test(
        arguments: [
            ("7", 7), ("-3", -3), ("7.0", 7), ("0.7e1", 7), ("-0", 0), ("1e2", 100), ("101", nil), ("-101", nil),
            ("7.5", nil), (#""7""#, nil), ("true", nil), ("1e400", nil), ("99999999999999999999", nil),
            ("0.000000000000000000000000001", nil),
        ] as [(String, Int64?)])
    func wholeNumbersLieWithinBounds(json: String, value: Int64?) throws {
        let pointers = try errors(#"{"n":\#(json)}"#) { fields in
            #expect(fields.optionalInteger("n", in: -100...100) == value)
        }
        #expect(pointers == (value == nil ? ["/n"] : []))
    }

    @Test func wholeNumbersReachTheirEnds() throws {
        let ends = try read(#"{"a":9223372036854775807,"b":-9223372036854775808}"#) { fields in
            [fields.integer("a", in: .min ... .max), fields.integer("b", in: .min ... .max)]
        }
        #expect(ends == [.max, .min])
    }

    @Test(
        arguments: [
            (#""59.98""#, "59.98"), ("59.98", "59.98"), ("59.980", "59.98"), ("5e1", "50.00"), ("0", "0.00"),
            ("-0", "0.00"),
            ("59.985", nil), (#""-1""#, nil), ("-0.01", nil), (#""1,5""#, nil), (#""""#, nil), ("[]", nil),
            ("10000000000000.01", nil), ("9007199254740.93", "9007199254740.93"),
        ] as [(String, String?)])
    func amountsAreReadFromTheirText(json: String, amount: String?) throws {
        let pointers = try errors(#"{"m":\#(json)}"#) { fields in
            #expect(fields.optionalMoney("m", .usd)?.description == amount)
        }
        #expect(pointers == (amount == nil ? ["/m"] : []))
    }

    @Test func ratesFlagsTimesCurrenciesAndChoices() throws {
        let good = #"{"r":"0.0875","b":false,"t":"2026-11-21T09:30:00+01:00","c":"EUR","s":"large"}"#
        try read(good) { fields in
            #expect(fields.optionalRate("r") == Rate(stored: 87_500))
            #expect(fields.optionalBool("b") == false)
            #expect(fields.optionalTimestamp("t") == Timestamp("2026-11-21T08:30:00Z"))
            #expect(fields.optionalCurrency("c") == .eur)
            #expect(fields.optionalChoice("s", Size.self) == .large)
        }
        let bad = #"{"r":"11","b":0,"t":"yesterday","c":"eur","s":"Large","d":7}"#
        let pointers = try errors(bad) { fields in
            #expect(fields.optionalRate("r") == nil)
            #expect(fields.optionalBool("b") == nil)
            #expect(fields.optionalTimestamp("t") == nil)
            #expect(fields.optionalCurrency("c") == nil)
            #expect(fields.optionalChoice("s", Size.self) == nil)
            #expect(fields.optionalIdentifier("d") == nil)
        }
        #expect(pointers == ["/r", "/b", "/t", "/c", "/s", "/d"])
    }

    @Test func errorsInNestedObjectsHaveTheirPlace() throws {
        let json = #"{"lines":[{"sku":"a","quantity":1},7,{"sku":"","quantity":0,"x":1}],"address":{"city":3}}"#
        let pointers = try errors(json) { fields in
            _ = fields.objects("lines", count: 1...3) { line in
                (line.string("sku", length: 1...9), line.integer("quantity", in: 1...9))
            }
            _ = fields.optionalObject("address") { $0.optionalString("city", length: 1...9) }
        }
        #expect(pointers == ["/lines/1", "/lines/2/sku", "/lines/2/quantity", "/lines/2/x", "/address/city"])
    }

    @Test func arraysHaveALength() throws {
        for (json, isFine) in [("[]", false), ("[{}]", true), ("[{},{}]", true), ("[{},{},{}]", false), ("{}", false)] {
            let pointers = try errors(#"{"a":\#(json)}"#) { _ = $0.objects("a", count: 1...2) { $0.has("x") } }
            #expect(pointers == (isFine ? [] : ["/a"]))
        }
        #expect(
            try errors(#"{"a":["x",2,null]}"#) { _ = $0.optionalStrings("a", count: 0...9, length: 0...9) }
                == ["/a/1", "/a/2"])
    }

    @Test func treesAreTakenAsTheyAre() throws {
        let tree = try read(#"{"t":{"any":[1,{"x":null}]},"u":null}"#) { fields in
            #expect(fields.optionalTree("u") == nil)
            return fields.optionalTree("t")
        }
        #expect(tree?["any"] == .array([.number("1"), .object(JSONObject([.init("x", .null)]))]))
        #expect(try errors(#"{"t":[]}"#) { _ = $0.optionalTree("t") } == ["/t"])
    }

    @Test func rulesOfTheCallerAreReportedWithTheRest() throws {
        let pointers = try errors(#"{"from":5,"to":3,"extra":1}"#) { fields in
            let from = fields.integer("from", in: 0...9)
            let to = fields.integer("to", in: 0...9)
            #expect(fields.isValid)
            if from > to { fields.reject("to", "It must not be less than from.") }
            #expect(!fields.isValid)
        }
        #expect(pointers == ["/to", "/extra"])
    }

    @Test func theNumberOfErrorsIsLimited() throws {
        let members = (0..<500).map { "\"m\($0)\":0" }.joined(separator: ",")
        #expect(try errors("{\(members)}") { _ in }.count == 100)
    }

    @Test func aMergePatchKeepsRemovesAndSets() throws {
        func patch(_ json: String) throws -> Patch<String> {
            try read(json) { fields in fields.patch("notes") { $0.optionalString($1, length: 0...9) } }
        }
        #expect(try patch("{}") == .keep)
        #expect(try patch(#"{"notes":null}"#) == .remove)
        #expect(try patch(#"{"notes":"x"}"#) == .set("x"))
        #expect(
            try errors(#"{"notes":5}"#) { _ = $0.patch("notes") { $0.optionalString($1, length: 0...9) } } == ["/notes"]
        )
        #expect(Patch<String>.keep.applied(to: "old") == "old")
        #expect(Patch<String>.remove.applied(to: "old") as String? == nil)
        #expect(Patch<String>.remove.applied(to: "old", default: "none") == "none")
        #expect(Patch.set("new").applied(to: "old", default: "none") == "new")
    }
}
