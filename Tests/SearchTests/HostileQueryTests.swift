import Core
import Search
import TestKit
import Testing

/// Nothing that somebody types has a meaning beyond its words.
@Suite struct HostileQueryTests {
    private static let hostile = [
        "lamp OR chair", "lamp NOT chair", "NEAR(lamp chair)", "title:lamp", "{title sku}:lamp", "-title:lamp", "^lamp",
        "lamp + chair", "lamp AND", "(lamp", "lamp)", "\"lamp", "lamp\"", "\"\"\"lamp", "lamp*chair", "*lamp", "lamp**",
        "'; DROP TABLE documents; --", "lamp' OR '1'='1", "\\lamp", "lamp\u{0}chair", "%lamp%", "_lamp", "lamp;chair",
        "\u{E000}lamp", "1\u{E000}lamp", "lamp\u{202E}", "\u{FEFF}lamp", "la\u{300}\u{300}\u{300}mp", "🔥lamp🔥",
        "ﬁ lamp",
        "lamp ? : @ $1 ?1", "İlamp", "ŉ", "ǰ", "\u{1F469}\u{200D}\u{1F680} lamp", "!lamp&chair|x", "lamp~2", "lamp^4",
    ]

    @Test(arguments: hostile) func hostileTextIsOnlyWords(text: String) async throws {
        let fixture = try await SearchFixture([
            SearchFixture.document(1, "lamp", body: "or not and near title"),
            SearchFixture.document(2, "lamp", tenant: Tenant(2)), SearchFixture.document(3, "chair"),
        ])
        guard let query = try? TextQuery(text) else { return }
        let found = try await fixture.index.search(query, of: .first).map(\.id.low)
        #expect(Set(found).isSubset(of: [1, 3]))
        #expect(try await fixture.search("chair") == [3])
    }

    @Test func operatorsAreWords() async throws {
        let fixture = try await SearchFixture([
            SearchFixture.document(1, "lamp or chair"), SearchFixture.document(2, "lamp"),
            SearchFixture.document(3, "chair"),
        ])
        #expect(try await fixture.search("lamp OR chair") == [1])
        #expect(try await fixture.search("title:lamp").isEmpty)
    }

    @Test func randomTextNeverFailsAndNeverLeavesItsTenant() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        let alphabet = Array("ab lamp\"*()-+:^{}'\\%_?;,.\u{0}\t\né\u{301}日ß\u{E000}🔥ORANDNOTNEAR").map { $0 }
        let documents = (0..<200).map { number in
            let text = String((0..<12).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
            return SearchFixture.document(
                UInt64(number), text, body: "lamp a b", tenant: Tenant(Int64(number % 2 + 1)))
        }
        let fixture = try await SearchFixture(documents)
        for _ in 0..<2_000 {
            let length = Int.random(in: 1...40, using: &random)
            let text = String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
            guard let query = try? TextQuery(text, limit: 100) else { continue }
            let hits = try await fixture.index.search(query, of: Tenant(1))
            #expect(hits.allSatisfy { $0.id.low.isMultiple(of: 2) }, "seed \(seed), query \(text.debugDescription)")
            let unmarked = hits.filter { $0.highlights.isEmpty }
            #expect(unmarked.isEmpty, "seed \(seed), query \(text.debugDescription)")
        }
    }
}
