import Core
import TestKit
import Testing

@testable import YAML

/// What files may do to whoever reads them.
@Suite(.timeLimit(.minutes(5))) struct YAMLDocumentTests {
    /// Anchors that each stand for ten of the one before.
    private static func bomb(_ levels: Int, last: String = "") -> String {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...levels {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        return text + last
    }

    private func failure(_ text: String) throws -> Failure {
        let failure = try #require(throws: Failure.self) { try YAMLDocument.parse(text) }
        #expect(failure.code == "invalid_file")
        return failure
    }

    @Test func aliasesStandForABoundedNumberOfValues() throws {
        for text in [Self.bomb(9), Self.bomb(30)] {
            #expect(try failure(text).message.contains("100000"))
            #expect(YAMLLines(text)["/a0"] == nil)
        }
        // Each of these alone stands for less, and all of them together for more.
        let many = "a: &a [\(String(repeating: "x, ", count: 999))x]\nb: ["
        #expect(throws: Failure.self) { try YAMLDocument.parse(many + String(repeating: "*a, ", count: 101) + "]") }
        #expect(throws: Never.self) { try YAMLDocument.parse(many + String(repeating: "*a, ", count: 99) + "]") }
    }

    /// Whoever hashes keys would go through all that they stand for.
    @Test(arguments: [
        "? *a30\n: x\n", "*a30 : x\n", "{*a30 : x}\n", "k: {*a30 : x}\n", "k: [*a30 : x]\n", "k: [*a30 :x]\n",
        "? [*a30]\n: x\n", "k: {? *a30 : x}\n", "k: {*a30}\n", "k: {[*a30]: x}\n", "? {x: *a30}\n: y\n",
        "? - *a30\n: y\n", "? &b *a30\n: y\n",
    ])
    func aKeyStandsForItself(_ key: String) throws {
        _ = try failure(Self.bomb(30, last: key))
    }

    /// A line of the file may be long, and may hold what terminals obey.
    @Test func messagesShowLittleOfTheFile() throws {
        let long = String(repeating: "x", count: 100_000)
        for text in ["a: [\(long)", "a: \"\(long)", "\(long): 1\n\(long): 2\n", "a: b: \(long)", "\(long)\u{7}"] {
            let message = try failure(text).message
            #expect(message.count < 1_000 && message.contains("not YAML"), "\(message.prefix(2_000))")
        }
        let message = try failure("a: b: \u{202E}c\u{200B}\n").message
        #expect(message.contains(#"\u{202E}"#) && message.contains("1:"), "\(message)")
        for text in [
            "a: \u{1B}[2J\u{7}", "a: b: \u{1B}]0;x\u{7}", "\"a\\e\": 1\n\"a\\e\": 2\n", "a: [\r\nb: \u{7}\r]",
        ] {
            let message = try failure(text).message
            #expect(message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(message)")
        }
    }

    @Test func aliasesAreReadWhereTheyAreValues() throws {
        let text = """
            retry: &retry {strategy: fixed}
            observers:
              - retry: *retry
                text: "*bold* & *retry"
                sql: SELECT count(*) FROM orders * 2
              - *retry
              - [*retry, '*retry']
            """
        let document = try YAMLDocument.parse(text)
        let observers = document["observers"]?.elements ?? []
        #expect(observers[0]["retry"]?["strategy"] == .string("fixed"))
        #expect(observers[0]["text"] == .string("*bold* & *retry"))
        #expect(observers[0]["sql"] == .string("SELECT count(*) FROM orders * 2"))
        #expect(observers[1]["strategy"] == .string("fixed"))
        #expect(observers[2].elements.first?["strategy"] == .string("fixed"))
        #expect(observers[2].elements.last == .string("*retry"))
        #expect(YAMLLines(text)["/observers/0/sql"] == 5)
    }
}
