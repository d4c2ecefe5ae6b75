import Core
import Search
import TestKit
import Testing

@testable import Knowledge

/// What queries are given comes to a real FalkorDB as it was, whatever is in it.
@Suite("Parameters of Cypher", .timeLimit(.minutes(5)))
struct CypherTests {
    /// Texts that would mean something if they were taken for a part of a query, or of its parameters.
    private static let texts = [
        "", " ", " a", "a ", "\n", "it's", "\"", "`", "\\", "\\'", "a\\", "\\\\'", "\\n", "\\u0041", "$value", "$$",
        "'", "''", "' RETURN 1 //", "' other='x", "}", "{a:1}", "[1,2]", "null", "CYPHER value=1", ";", "--", "/*",
        "*/",
        "a\u{0}b", "\u{0}", "a\u{1}b", "\u{1}", "\u{2}", "\u{2}0", "=", "=\u{2}", "e\u{301}", "é", "😀 日本語", "\u{2028}",
        "x') DETACH DELETE n //", "' MATCH (n) DELETE n RETURN '", "*", "a,b", "a|b", "@x:{y}", "-1", "1.0",
    ]

    @Test("Keys come back as they were, and are another one for each text")
    func keys() {
        let keys = Self.texts.map(CypherKey.encode)
        for (text, key) in zip(Self.texts, keys) {
            #expect(ExactText(CypherKey.decode(key)) == ExactText(text))
            #expect(!key.utf8.contains { $0 < 2 })
        }
        #expect(Set(keys.map(ExactText.init)).count == keys.count)
        #expect(
            ["", "a", "a b", "a0", "ab", "b"].map(CypherKey.encode).sorted()
                == ["", "a", "a b", "a0", "ab", "b"].map(CypherKey.encode))
    }

    @Test("Texts are the same on the other side, and nothing but texts")
    func roundTrip() async throws {
        let fixture = try await FalkorDBFixture()
        var random = SeededRandom.fresh()
        let pieces = Self.texts + ["a", "1", ",", ":", "(", ")", "n", "\t", "\r"]
        var texts = Self.texts + [String(repeating: "x'\\ ", count: 25_000)]
        for _ in 0..<500 {
            texts.append(
                (0..<Int.random(in: 1...6, using: &random)).map { _ in
                    pieces.randomElement(using: &random) ?? ""
                }.joined())
        }
        for text in texts {
            let row = try await fixture.ask(
                CypherQuery(
                    "RETURN $value, $values[1], $map.member", .init("value", .key(text)),
                    .init("values", .list([.integer(1), .key(text)])),
                    .init("map", .map([.init("other", .null), .init("member", .key(text))]))))
            #expect(row.count == 1, "\(random)")
            for place in 0..<3 {
                #expect(ExactText(row.first?.key(place) ?? "-") == ExactText(text), "\(random)")
            }
        }
    }

    @Test("Other values are the same on the other side")
    func values() async throws {
        let fixture = try await FalkorDBFixture()
        let values: [CypherValue] = [
            .null, .bool(true), .bool(false), .integer(0), .integer(.max), .integer(.min), .number(0.5),
            .number(-1e-10),
            .number(1e300), .list([]), .list([.integer(1), .list([.text("a"), .null])]),
        ]
        for value in values {
            #expect(try await fixture.ask(CypherQuery("RETURN $value", .init("value", value))) == [[value]])
        }
        let vector: [Float] = [0.1, -1e-30, 3.4028235e+38, 0, -0.7071068]
        let row = try await fixture.ask(CypherQuery("RETURN vecf32($value)", .init("value", .vector(vector))))
        guard case .vector(let found)? = row.first?.first else {
            Issue.record("\(row)")
            return
        }
        #expect(zip(found, vector).allSatisfy { abs($0 - $1) <= abs($1) * 1e-5 } && found.count == vector.count)
    }

    @Test("What is not finite is nothing, and the byte 0 in other texts is a space")
    func refused() async throws {
        let fixture = try await FalkorDBFixture()
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(try await fixture.ask(CypherQuery("RETURN $value", .init("value", .number(number)))) == [[.null]])
        }
        let rows = try await fixture.ask(CypherQuery("RETURN $value", .init("value", .text("a\u{0}' RETURN 1 //"))))
        #expect(rows == [[.text("a ' RETURN 1 //")]])
    }

    /// The index of a property would take some of these for others, and does not compare what it has found.
    @Test("Each text is found by itself alone, by the index")
    func indexed() async throws {
        let fixture = try await FalkorDBFixture()
        try await fixture.write(CypherQuery("CREATE INDEX FOR (n:Text) ON (n.id)"))
        try await fixture.write(
            CypherQuery(
                "UNWIND $texts AS id MERGE (n:Text {id: id})", .init("texts", .keys(Self.texts + Self.texts))))
        for text in Self.texts {
            for query in [
                CypherQuery("MATCH (n:Text {id: $id}) RETURN n.id", .init("id", .key(text))),
                CypherQuery("MATCH (n:Text) WHERE n.id IN $ids RETURN n.id", .init("ids", .keys([text]))),
            ] {
                let found = try await fixture.ask(query).map { ExactText($0.key(0)) }
                #expect(found == [ExactText(text)])
            }
        }
    }

    @Test("Words are found that mean something to the index of words, and no others")
    func words() async throws {
        let fixture = try await FalkorDBFixture()
        try await fixture.write(
            CypherQuery(
                "CALL db.idx.fulltext.createNodeIndex({label: 'Fact', stopwords: []}, {field: 'text', nostem: true})"))
        let words = [
            "the", "and", "not", "will", "lives", "live", "living", "1e5", "0x1", "inf", "nan", "12", "日本語", "ß",
            "straße",
        ]
        for word in words {
            try await fixture.write(
                CypherQuery(
                    "CREATE (:Fact {id: $id, text: $text})", .init("id", .key(word)),
                    .init("text", .text(FalkorDBWords.text([word]) ?? ""))))
        }
        for word in words {
            for query in [
                word, "(\(word))", "-\(word)", "@text:\(word)", "%\(word)%", "\(word)*", "\"\(word)\"", "{\(word)}",
                "\(word) \(word)",
            ] {
                let query = FalkorDBQueries.words(
                    try #require(FalkorDBWords.query(query)), .edge, FalkorDBFilter(GraphFilters(), .edge), limit: 10)
                let found = try await fixture.ask(query).map { $0.key(0) }
                #expect(found.filter { $0 != "text" } == (word == "straße" || word == "ß" ? found : [word]), "\(word)")
                #expect(found.contains(word))
            }
        }
        #expect(FalkorDBWords.query("?! ... ''") == nil)
    }
}
