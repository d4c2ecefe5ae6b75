import Core
import Expressions
import TestKit
import Testing

/// What templates make of events.
@Suite struct TemplateTests {
    private func render(
        _ text: String, _ escaping: TemplateEscaping = .none, _ event: EventDocument = EventFixture.event()
    ) throws -> String {
        try Template(parsing: text, escaping: escaping).render(event)
    }

    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("{{ status }}", "shipped"), ("{{status}}/{{  count  }}", "shipped/3"),
        ("Order {{ id }}: {{ total_amount }}!", "Order o-1: 59.98!"), ("{{ rate }}", "0.50"), ("{{ paid }}", "true"),
        ("[{{ note }}]", "[]"), ("{{ items[1].sku }}", "tofu"), ("{{ shipping_address.country }}", "DE"),
        ("{{ tags }}", "[\"new\",\"gift\"]"), ("{{ data['odd name'] }}", "1"), ("{{ new.status }}", "shipped"),
        ("{{ huge }}", "1234567890123456789012"), ("{{ event.type }} {{ event.position }}", "order.insert 42"),
        ("{{ event.entity_type }}", "order"),
        ("{{ event.time }}", "2027-01-15T08:00:00Z"), ("{{ event.request_id }}", ""), ("{{ name }}", "Äpfel \"rot\""),
        ("{{ '{{' }} and }} and { and {", "{{ and }} and { and {"), ("{{ \"a|b\" }}", "a|b"),
        ("ä{{ status }}ö", "äshippedö"),
        ("a\n{{ status\n}}\nb", "a\nshipped\nb"),
    ])
    func placeholdersBecomeValues(text: String, expected: String) throws {
        #expect(try render(text) == expected)
    }

    @Test(arguments: [
        ("absent | default('none')", "none"), ("note | default('none')", "none"),
        ("status | default('none')", "shipped"),
        ("absent | upper | default('none')", "none"), ("absent | default(5)", "5"), ("status | upper", "SHIPPED"),
        ("name | upper | lower", "äpfel \"rot\""), ("'  a b\n' | trim", "a b"), ("status | truncate(5)", "ship…"),
        ("status | truncate(7)", "shipped"), ("status | json", "\"shipped\""),
        ("items[0] | json", "{\"sku\":\"chai\",\"quantity\":2,\"price\":\"18.00\"}"),
        ("note | json", "null"), ("total_amount | money('EUR')", "59.98 EUR"), ("count | money('JPY')", "3 JPY"),
        ("'1.005' | money('USD')", "1.01 USD"), ("rate | money('KWD')", "0.500 KWD"),
        ("created_at | date('%d.%m.%Y %H:%M:%S%%')", "10.01.2027 08:00:00%"),
        ("created_at | date", "2027-01-10T08:00:00Z"), ("created_at | date('iso')", "2027-01-10T08:00:00Z"),
        ("'1970-01-02' | date('unix')", "86400"),
        ("event.time | date('%Y')", "2027"), ("'a b/ü' | url", "a%20b%2F%C3%BC"),
        ("'<a \"b\">&' | html", "&lt;a &quot;b&quot;&gt;&amp;"),
        ("status | base64", "c2hpcHBlZA=="), ("'ab' | base64", "YWI="), ("'abc' | base64", "YWJj"), ("'' | base64", ""),
        ("tags | length", "2"),
        ("status | length", "7"), ("items[0] | length", "3"), ("tags | join(', ')", "new, gift"),
        ("tags | join", "newgift"), ("empty | join('x')", ""),
        ("status | replace('pp', 'p')", "shiped"), ("'aaa' | replace('a', 'aa')", "aaaaaa"), ("note | upper", ""),
        ("tags | join('-') | upper", "NEW-GIFT"),
    ])
    func filtersChangeValues(placeholder: String, expected: String) throws {
        #expect(try render("{{ \(placeholder) }}") == expected)
    }

    @Test func valuesAreEscapedForWhereTheyGo() throws {
        let value = "a\"b'<c>&\\\r\n\t\u{1}é\u{2028}/ %"
        let event = EventFixture.event(
            String(
                decoding: JSONWriter.bytes(of: JSONValue.object(JSONObject([.init("v", .string(value))]))),
                as: UTF8.self))
        let expected: [TemplateEscaping: String] = [
            .json: "\"a\\\"b'<c>&\\\\\\r\\n\\t\\u0001é\u{2028}/ %\"",
            .html: "\"a&quot;b&#39;&lt;c&gt;&amp;\\\r\n\t\u{1}é\u{2028}/ %\"",
            .url: "\"a%22b%27%3Cc%3E%26%5C%0D%0A%09%01%C3%A9%E2%80%A8%2F%20%25\"",
            .slack: "\"a\"b'&lt;c&gt;&amp;\\\r\n\t\u{1}é\u{2028}/ %\"",
            .header: "\"a\"b'<c>&\\é/ %\"", .text: "\"a\"b'<c>&\\\n\té/ %\"", .none: "\"\(value)\"",
        ]
        for escaping in TemplateEscaping.allCases {
            #expect(try render("\"{{ v }}\"", escaping, event) == expected[escaping], "\(escaping)")
        }
    }

    @Test func whatAFilterEscapedIsNotEscapedTwice() throws {
        let event = EventFixture.event(#"{"v": "<&>"}"#)
        #expect(try render("{{ v | html }}", .html, event) == "&lt;&amp;&gt;")
        #expect(try render("{{ v | url }}", .url, event) == "%3C%26%3E")
        #expect(try render("{{ v | html }}", .slack, event) == "&amp;lt;&amp;amp;&amp;gt;")
        #expect(try render("{{ v | json }}", .html, event) == "&quot;&lt;&amp;&gt;&quot;")
        #expect(try render("{{ v | html | upper }}", .html, event) == "&amp;LT;&amp;AMP;&amp;GT;")
    }

    @Test func valuesAreNeverReadAsPlaceholders() throws {
        let event = EventFixture.event(#"{"a": "{{ b }}", "b": "{{ a }}"}"#)
        #expect(try render("{{ a }}{{ b }}", .none, event) == "{{ b }}{{ a }}")
        #expect(try render("{{ a | replace('b', 'a') }}", .none, event) == "{{ a }}")
    }

    @Test func jsonTemplatesMakeJSON() throws {
        let text =
            #"{"text": "{{ name }} is {{ status }}", "all": {{ items | json }}, "no": {{ note | json }},"#
            + #" "n": {{ rate | json }}}"#
        let value = try JSONParser.parse(Array(render(text, .json).utf8))
        #expect(value["text"]?.string == "Äpfel \"rot\" is shipped")
        #expect(value["all"]?.elements.count == 2 && value["no"] == .null && value["n"] == .number("0.50"))
    }

    @Test(arguments: [
        ("{{ absent }}", "no such field"), ("{{ absent | upper }}", "no such field"),
        ("{{ items | upper }}", "upper does not take an array"),
        ("{{ items[0] | trim }}", "trim does not take an object"), ("{{ status | date }}", "date takes a time"),
        ("{{ status | money('EUR') }}", "money takes an amount"), ("{{ status | join }}", "join takes an array"),
        ("{{ count | length }}", "length takes"),
        ("ab\n {{ old.x }}", "no such field"),
    ])
    func whatCannotBeFilledInFails(text: String, reason: String) throws {
        let template = try Template(parsing: text, escaping: .none)
        let failure = #expect(throws: Failure.self) { try template.render(EventFixture.event()) }
        #expect(failure?.code == "template_failed" && failure?.kind == .invalid)
        #expect(failure?.message.contains(reason) == true, "\(failure?.message ?? "")")
        if text.contains("\n") { #expect(failure?.message.contains("line 2, column 2") == true) }
    }

    @Test func imagesThatAreMissingOrMalformedFail() throws {
        let template = try Template(parsing: "{{ old.a | default('x') }}", escaping: .none)
        let update = EventFixture.event("{\"a\":1}", operation: "update")
        #expect(throws: Failure.self) { try template.render(update) }
        #expect(throws: Failure.self) {
            try template.render(EventFixture.event("{}", before: "{", operation: "update"))
        }
        #expect(try template.render(EventFixture.event("{}")) == "x")
    }

    @Test func renderedTextsHaveALimit() throws {
        let event = EventFixture.event("{\"a\": \"\(String(repeating: "x", count: 10_000))\"}")
        let template = try Template(parsing: String(repeating: "{{ a }}", count: 200), escaping: .none)
        #expect(throws: Failure.self) { try template.render(event) }
    }

    @Test func escapedTextsHaveNothingThatBreaksOut() throws {
        var random = SeededRandom.fresh()
        let parts = [
            "\"", "\\", "<", ">", "&", "'", "\r", "\n", "\u{0}", "{{", "}}", "%", " ", "a", "é", "🔥", "\u{85}", ":",
        ]
        let json = try Template(parsing: "[\"{{ v }}\", {{ v | json }}]", escaping: .json)
        let html = try Template(parsing: "{{ v }}", escaping: .html)
        let url = try Template(parsing: "{{ v }}", escaping: .url)
        let header = try Template(parsing: "{{ v }}", escaping: .header)
        for _ in 0..<500 {
            let value = (0..<8).map { _ in parts[Int.random(in: 0..<parts.count, using: &random)] }.joined()
            let object = JSONValue.object(JSONObject([.init("v", .string(value))]))
            var event = EventFixture.event()
            event.after = JSONWriter.bytes(of: object)
            let array = try JSONParser.parse(Array(json.render(event).utf8))
            #expect(array == .array([.string(value), .string(value)]), "\(random)")
            #expect(try !html.render(event).contains { "<>\"'".contains($0) }, "\(random)")
            #expect(
                try url.render(event).utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"'&:\\{}".utf8.contains($0) })
            #expect(
                try header.render(event).unicodeScalars.allSatisfy {
                    $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)
                })
        }
    }
}
