import Core
import Expressions
import TestKit
import Testing

/// Which texts are conditions, and what is said of others.
@Suite struct ConditionParserTests {
    /// The failure that a text is refused with.
    private func refusal(_ text: String) -> Failure? {
        do {
            _ = try Condition(parsing: text)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("5", 1, 1, "true or false is needed"), ("a && b + 1", 1, 6, "true or false"),
        ("!lower(a)", 1, 2, "true or false"),
        ("a || (now())", 1, 7, "true or false"), ("any(a, 5)", 1, 8, "true or false"),
        ("", 1, 1, "a value is expected, not the end"),
        ("status ==", 1, 10, "a value is expected, not the end"),
        ("status == && x", 1, 11, "a value is expected, not `&&`"), ("a\n  && && b", 2, 6, "not `&&`"),
        ("(a", 1, 3, "`)` is expected"), ("a)", 1, 2, "an operator or the end is expected, not `)`"),
        ("a b", 1, 3, "an operator or the end is expected, not `b`"), ("'abc", 1, 1, "no closing '"),
        ("status == 'ä' #", 1, 15, "the character `#`"), ("a < b < c", 1, 7, "comparisons do not follow"),
        ("a is 5", 1, 6, "null is expected"), ("a not 5", 1, 7, "in or like is expected"),
        ("a in 5", 1, 6, "`(` is expected"),
        ("a in ()", 1, 7, "a value is expected"), ("a like b", 1, 8, "a pattern in quotes"),
        ("a like 'x!a' escape '!'", 1, 8, "the escape"),
        ("a like 'x' escape 'no'", 1, 19, "one ASCII character"),
        ("fild_changed('a')", 1, 1, "did you mean field_changed?"),
        ("lover(a) == 'b'", 1, 1, "did you mean lower?"), ("frobnicate(a)", 1, 1, "there are now, date"),
        ("lower(a, b)", 1, 1, "lower takes 1 argument, and here it has 2"), ("now(1)", 1, 1, "now takes 0 arguments"),
        ("has_field(a)", 1, 11, "in quotes"), ("has_field('a b')", 1, 11, "is not the path"),
        ("has_field('')", 1, 11, "not the path"),
        ("field_changed('old.a')", 1, 15, "without either"), ("date('2026-02-30') < now()", 1, 6, "is not a time"),
        ("a > 7x", 1, 5, "neither a number nor a duration"), ("a > 1.5d", 1, 5, "a whole number"),
        ("a. == 1", 1, 4, "name of a member"),
        ("a[x] == 1", 1, 3, "an index"), ("a[1 == 1", 1, 5, "`]` is expected"), ("a[1.5]", 1, 3, "whole number"),
        ("event.typ == 'x'", 1, 1, "did you mean event.type?"), ("event == 1", 1, 1, "an event has event.id"),
        ("in == 1", 1, 1, "data.in"),
        ("a == 1234567890123456789", 1, 6, "at most 18 digits"), (#"a == '\x'"#, 1, 7, "this escape is unknown"),
        ("a == 999999w", 1, 6, "8000 years"),
        (#"a == '\ud800'"#, 1, 7, "four hexadecimal digits"),
    ])
    func mistakesAreShownWhereTheyAre(text: String, line: Int, column: Int, reason: String) throws {
        let failure = try #require(refusal(text))
        #expect(failure.kind == .invalid && failure.code == "invalid_condition")
        #expect(failure.details == [.init("line", .integer(line)), .init("column", .integer(column))])
        #expect(failure.message.contains("line \(line), column \(column): "))
        #expect(failure.message.contains(reason), "\(failure.message)")
        let lines = failure.message.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.last?.firstIndex(of: "^").map { lines.last?.distance(from: lines.last?.startIndex ?? $0, to: $0) }
                == column + 1)
    }

    @Test func limitsAreNamed() throws {
        func message(_ text: String) -> String { refusal(text)?.message ?? "none" }
        #expect(message("a == '\(String(repeating: "x", count: 5000))'").contains("at most 4096 bytes"))
        #expect(message(String(repeating: "(", count: 100) + "a").contains("at most 64 levels"))
        #expect(message(String(repeating: "!", count: 100) + "a").contains("at most 64 levels"))
        #expect(message(String(repeating: "-", count: 100) + "1 == 1").contains("at most 64 levels"))
        #expect(message("1" + String(repeating: "+1", count: 100) + " == 1").contains("at most 64 levels"))
        #expect(message("a in (1\(String(repeating: ",1", count: 32)))").contains("at most 32"))
        #expect(message("a\(String(repeating: ".b", count: 70)) == 1").contains("at most 64 parts"))
        _ = try Condition(parsing: "a in (1\(String(repeating: ",1", count: 31)))")
        _ = try Condition(parsing: String(repeating: "(", count: 62) + "a" + String(repeating: ")", count: 62))
        _ = try Condition(parsing: "a" + String(repeating: " && a", count: 700))
    }

    @Test func longLinesAreCut() throws {
        let failure = try #require(
            refusal(String(repeating: "a && ", count: 100) + "&&" + String(repeating: " a", count: 100)))
        let lines = failure.message.split(separator: "\n")
        #expect(lines.count == 3 && lines[1].count < 110 && lines[2].count < 60)
    }

    @Test(arguments: [
        ("status == 'a'", ["status"]), ("a.b > 1 && c[0].d == e['f'] || a.b = 2", ["a.b", "c[].d", "e.f"]),
        ("any(items, quantity > data.limit && sku == 'x')", ["items", "items[].quantity", "items[].sku", "limit"]),
        ("any(tags, this == 'x')", ["tags", "tags[]"]), ("old.a == new.b && field_changed('c.d')", ["a", "b", "c.d"]),
        ("any(orders, any(lines, price > 1))", ["orders", "orders[].lines", "orders[].lines[].price"]),
        ("event.type == 'x' && has_field('y')", ["y"]), ("field_changed_to('a', data.b)", ["a", "b"]),
        ("old is null", []),
    ])
    func fieldsAreThoseThatAreRead(text: String, fields: [String]) throws {
        #expect(try Condition(parsing: text).fields == fields)
    }

    @Test func randomTextIsReadOrRefused() throws {
        var random = SeededRandom.fresh()
        let parts = [
            "a", "status", "(", ")", "&&", "||", "!", "==", "<", "in", "like", "is", "null", "not", "'x'", "\"", "'",
            "\\", "5",
            "7d", "1.", ".", "[", "]", ",", "any(", "has_field('a')", "-", "*", "/", "\u{0}", "é", "🔥", "\n", "now()",
            "this", "escape",
        ]
        var accepted = 0
        for _ in 0..<20_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                text += parts[Int.random(in: 0..<parts.count, using: &random)]
                if Bool.random(using: &random) { text += " " }
            }
            guard let condition = try? Condition(parsing: text) else {
                #expect(refusal(text)?.code == "invalid_condition", "\(text) \(random)")
                continue
            }
            accepted += 1
            _ = condition.explain(EventFixture.event(), now: EventFixture.time)
        }
        #expect(accepted > 100, "\(random)")
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            _ = try? Condition(parsing: String(decoding: bytes, as: UTF8.self))
        }
    }
}
