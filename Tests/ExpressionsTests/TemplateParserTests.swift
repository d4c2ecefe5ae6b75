import Core
import Expressions
import TestKit
import Testing

/// Which texts are templates, and what is said of others.
@Suite struct TemplateParserTests {
    private func refusal(_ text: String, _ escaping: TemplateEscaping = .none) -> Failure? {
        do {
            _ = try Template(parsing: text, escaping: escaping)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("{{", 1, 3, "the path of a field"), ("{{ }}", 1, 4, "the path of a field"),
        ("a\n{{ b", 2, 5, "`}}` is expected, not the end"),
        ("{{ a b }}", 1, 6, "not `b`"), ("{{ a | }}", 1, 8, "the name of a filter"),
        ("{{ a | uper }}", 1, 8, "did you mean upper?"),
        ("{{ a | frobnicate }}", 1, 8, "there are default, upper"),
        ("{{ a | upper('x') }}", 1, 8, "upper takes no arguments"),
        ("{{ a | truncate }}", 1, 8, "a number of characters"),
        ("{{ a | truncate(0) }}", 1, 8, "a number of characters"),
        ("{{ a | money('XYZ') }}", 1, 8, "ISO 4217"), ("{{ a | date('%Q') }}", 1, 8, "a date is written"),
        ("{{ a | default(b) }}", 1, 16, "a text in quotes"),
        ("{{ a | replace('', 'b') }}", 1, 8, "not empty"), ("{{ a | default('x' }}", 1, 20, "`)` is expected"),
        ("{{ event.x }}", 1, 4, "an event has"),
        ("{{ 'a }}", 1, 4, "no closing '"), ("{{ a + 1 }}", 1, 6, "a filter, or `}}` is expected"),
        ("{{ a | default(1, 2) }}", 1, 8, "one argument"),
    ])
    func mistakesAreShownWhereTheyAre(text: String, line: Int, column: Int, reason: String) throws {
        let failure = try #require(refusal(text))
        #expect(failure.kind == .invalid && failure.code == "invalid_template")
        #expect(
            failure.details == [.init("line", .integer(line)), .init("column", .integer(column))], "\(failure.message)")
        #expect(failure.message.contains(reason), "\(failure.message)")
        #expect(failure.message.hasSuffix("^"))
    }

    @Test(arguments: [
        ("{\"a\": {{ b }}}", 1, 7, "end with `| json`"), ("{\"a\": \"{{ b | json }}\"}", 1, 8, "leave out `| json`"),
        ("{\"a\": \"{{ b }}\"", 1, 16, "not valid JSON"), ("{\"a\":\n\"{{ b }}\" \"c\"}", 2, 11, "not valid JSON"),
        ("{{ a | json }} x", 1, 16, "there is more after the end"), ("", 1, 1, "not valid JSON"),
        ("{\"a\\\"\": {{ b }} }", 1, 9, "end with"),
        ("{'a': 1}", 1, 2, "not valid JSON"),
    ])
    func jsonTemplatesAreCheckedWhenTheyAreSaved(text: String, line: Int, column: Int, reason: String) throws {
        let failure = try #require(refusal(text, .json))
        #expect(failure.code == "invalid_template")
        #expect(
            failure.details == [.init("line", .integer(line)), .init("column", .integer(column))], "\(failure.message)")
        #expect(failure.message.contains(reason), "\(failure.message)")
    }

    @Test func limitsAreNamed() {
        #expect(refusal(String(repeating: "x", count: 70_000))?.message.contains("at most 65536 bytes") == true)
        #expect(refusal(String(repeating: "{{a}}", count: 300))?.message.contains("at most 256 placeholders") == true)
        #expect(
            refusal("{{ a\(String(repeating: "|trim", count: 20)) }}")?.message.contains("at most 16 filters") == true)
    }

    @Test func fieldsAreThoseThatAreRead() throws {
        let template = try Template(
            parsing: "{{ b.c }} {{ a[0].x | upper }} {{ old.a }} {{ event.id }} {{ 'x' }} {{ b.c }}", escaping: .text)
        #expect(template.fields == ["a", "a[].x", "b.c"])
    }

    @Test func randomTextIsReadOrRefused() {
        var random = SeededRandom.fresh()
        let parts = [
            "{{", "}}", "{", "}", "a", "|", "upper", "(", ")", "'", "'x'", ".", "[0]", " ", "\n", "\"", "json",
            "default('x')", "é", "\u{0}",
        ]
        for _ in 0..<10_000 {
            let text = (0..<Int.random(in: 0...14, using: &random)).map { _ in
                parts[Int.random(in: 0..<parts.count, using: &random)]
            }.joined()
            for escaping in [TemplateEscaping.none, .json] {
                if let failure = refusal(text, escaping) {
                    #expect(failure.code == "invalid_template", "\(text) \(random)")
                } else if let template = try? Template(parsing: text, escaping: escaping) {
                    _ = try? template.render(EventFixture.event())
                }
            }
        }
    }
}
