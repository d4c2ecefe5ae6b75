import Core
import TestKit
import Testing

/// `docs/knowledge.md` as somebody follows it: each of its blocks is run as it stands there, in one shell, with a shop
/// of the form of Northwind and words in the form of WordNet.
@Suite(.timeLimit(.minutes(5))) struct KnowledgePageTests {
    @Test func everyBlockDoesWhatThePageSays() async throws {
        let page = try KnowledgePage()
        try await page.follow()
        try expectFacts(page)
        try expectSearches(page)
        try expectAttributes(page)
        try expectThePast(page)
        try expectWays(page)
        try expectTheShop(page)
        try expectWords(page)
    }

    private func ids(_ answer: JSONValue?, _ member: String) -> [String] {
        answer?[member]?.elements.compactMap { $0["uuid"]?.string } ?? []
    }

    private func expectFacts(_ page: KnowledgePage) throws {
        let said = try page.lines(ofBlockWith: "\"DESIGNED\", \"fact\"")
        let shown = try page.shown(afterBlockWith: "\"DESIGNED\", \"fact\"").split(separator: "…")
        #expect(said.count == 1 && shown.count == 2)
        #expect(said[0].hasPrefix(shown[0]) && said[0].hasSuffix(shown[1]), "\(said)")

        let answers = try page.answers(toBlockWith: "many_to_one")
        try #require(answers.count == 4, "\(answers)")
        #expect(answers[1]["invalidated"] == .array([]))
        #expect(answers[2]["invalidated"] == .array([.string("london")]))
        let london = answers[3]
        #expect(london["uuid"] == .string("london"))
        #expect(london["invalid_at"] == .string("1835-07-08T00:00:00Z"), "\(london)")
        #expect(london["expired_at"] == london["updated_at"], "\(london)")
    }

    private func expectSearches(_ page: KnowledgePage) throws {
        let words = try #require(page.answers(toBlockWith: #"'{"query": "analytical engine"}'"#).first)
        for kind in ["edges", "nodes", "episodes", "communities"] { #expect(words[kind] != nil, "no \(kind)") }
        #expect(Set(ids(words, "edges")).contains("notes") && ids(words, "nodes") == ["engine"], "\(words)")
        for hit in (words["edges"]?.elements ?? []) + (words["nodes"]?.elements ?? []) {
            #expect(hit["score"] != nil && hit["methods"]?["fulltext"]?["rank"] != nil, "\(hit)")
        }
        let full = try #require(page.answers(toBlockWith: "bfs_origin_node_uuids\": [\"charles").first)
        #expect(full["edges"]?.elements.map { $0["name"] } == [.string("DESIGNED")], "\(full)")
        #expect(ids(full, "nodes") == ["engine"], "\(full)")
    }

    private func expectAttributes(_ page: KnowledgePage) throws {
        let answers = try page.answers(toBlockWith: "property_filters")
        #expect(answers.map { ids($0, "nodes") } == [[], ["difference"]], "\(answers)")
    }

    private func expectThePast(_ page: KnowledgePage) throws {
        let answers = try page.answers(toBlockWith: #""query": "ada lives""#)
        try #require(answers.count == 3, "\(answers)")
        #expect(ids(answers[0], "edges") == ["london"], "\(answers[0])")
        let around = answers[1]
        #expect(around["edges"] == .array([.string("london")]), "\(around)")
        #expect(around["nodes"]?.elements.count == 1, "\(around)")
        #expect(ids(answers[2], "facts").sorted() == ["london", "notes", "ockham"], "\(answers[2])")
    }

    private func expectWays(_ page: KnowledgePage) throws {
        let said = try page.lines(ofBlockWith: "/graph/communities")
        let answers = try said.prefix(3).map(KnowledgePage.answer)
        #expect(Set(ids(answers[0], "nodes")).isSuperset(of: ["engine", "charles"]), "\(answers[0])")
        let paths = answers[1]["paths"]?.elements ?? []
        #expect(paths.map { ids($0, "nodes") } == [["ada", "engine", "charles"]], "\(answers[1])")
        #expect(answers[2]["communities"] != nil, "\(answers[2])")
        #expect(said[3].hasPrefix("digraph") && said.last == "}", "\(said)")
    }

    private func expectTheShop(_ page: KnowledgePage) throws {
        let found = try #require(page.answers(toBlockWith: "supplier:7").first)
        let buyers = found["nodes"]?.elements.compactMap { $0["attributes"]?["external_id"]?.string } ?? []
        #expect(Set(buyers) == SampleNorthwind.buyers(ofSupplier: 7) && Set(buyers).count == buyers.count, "\(found)")
    }

    private func expectWords(_ page: KnowledgePage) throws {
        let said = try page.lines(ofBlockWith: "glossy fur")
        let (words, relations) = (SampleWordNet.wordCount, SampleWordNet.relationCount)
        for line in [
            "nodes: \(words) rows read, \(words) written, \(words) of them new, 0 rejected",
            "edges: \(relations) rows read, \(relations) written, \(relations) of them new, 0 rejected",
        ] { #expect(said.contains(line), "\(said)") }
        let answer = try #require(said.last)
        let found = try KnowledgePage.answer(answer)["nodes"]?.elements ?? []
        let best = found.first { $0["methods"]?["fulltext"]?["rank"] == .integer(1) }
        #expect(best?["uuid"]?.string == SampleWordNet.nutria, "\(answer)")
        // Only edges lead there.
        let mammal = try #require(found.first { $0["uuid"]?.string == SampleWordNet.mammal }, "\(answer)")
        #expect(mammal["methods"]?.members.map(\.name) == ["bfs"], "\(mammal)")
    }
}
