import Core
import TestKit
import Testing

/// `docs/recommendations.md` as somebody follows it: each of its blocks is run as it stands there, in one shell, on a
/// shop of the form of Northwind.
@Suite(.timeLimit(.minutes(5))) struct RecommendationsPageTests {
    @Test func everyBlockDoesWhatThePageSays() async throws {
        let page = try RecommendationsPage()
        try await page.follow()
        let attributes = try page.attributes()
        try expectTheShop(page)
        try expectAnswers(page, attributes)
        try expectWhatGoesWithAProduct(page)
        try expectAnOrder(page)
        try expectAVisitor(page)
        try expectWhoIsNew(page, attributes)
        try expectWhatCameOfAnAnswer(page)
        try expectAnImport(page)
        try expectFigures(page)
    }

    private func ids(_ answer: JSONValue) -> [String] {
        answer["recommendations"]?.elements.compactMap { $0["entity_id"]?.string } ?? []
    }

    private func expectTheShop(_ page: RecommendationsPage) throws {
        let syrup = try #require(page.answers(toBlockWith: "syrup=").first)
        #expect(syrup["available"] == .bool(true), "\(syrup)")
        #expect(syrup["attributes"]?["price"] == .number("14.0"), "\(syrup)")
        let shown = try page.shown(afterBlockWith: "syrup=")
        for name in try #require(syrup["attributes"]).members.map(\.name) {
            #expect(shown.contains("\"\(name)\":"), "\(name) is not in \(shown)")
        }
    }

    private func expectAnswers(_ page: RecommendationsPage, _ attributes: [String: JSONValue]) throws {
        let first = try #require(page.answers(toBlockWith: "/recommendations/user/$ana?count=3").first)
        let bought = SampleNorthwind.bought(by: "ANATR")
        let skus = ids(first).compactMap { attributes[$0]?["sku"]?.string.flatMap { Int($0) } }
        #expect(skus.count == 3 && bought.isDisjoint(with: skus) && bought.count > 20, "\(first)")
        let answers = try page.answers(toBlockWith: "\"bundle\"")
        try #require(answers.count == 2 && answers.map { ids($0).count } == [3, 3], "\(answers)")
        for id in ids(answers[0]) {
            guard case .number(let price)? = attributes[id]?["price"] else { Issue.record("\(id)"); continue }
            #expect(try #require(Double(price)) < 20, "\(answers[0])")
            #expect(attributes[id]?["category_id"] != .string("8"), "\(answers[0])")
        }
    }

    private func expectAnOrder(_ page: RecommendationsPage) throws {
        let syrup = try #require(page.answers(toBlockWith: "syrup=").first?["entity_id"]?.string)
        let then = try page.answers(toBlockWith: "/recommendations/user/$ana?count=100")
        try #require(then.count == 2, "\(then)")
        #expect(then[0].elements.first?["entity_id"] == .string(syrup), "\(then[0])")
        #expect(then[0].elements.first?["interaction_type"] == .string("purchase"), "\(then[0])")
        #expect(!ids(then[1]).contains(syrup) && ids(then[1]).count > 10, "\(then[1])")
        let after = try page.answers(toBlockWith: "\"quantity\": 13")
        try #require(after.count == 3, "\(after)")
        #expect(after[0].elements.count == 1 && after[0].elements[0]["entity_id"] != .string(syrup), "\(after[0])")
        #expect(after[1]["available"] == .bool(false), "\(after[1])")
    }

    private func expectAVisitor(_ page: RecommendationsPage) throws {
        let syrup = try #require(page.answers(toBlockWith: "syrup=").first?["entity_id"]?.string)
        let answer = try #require(page.answers(toBlockWith: "add_to_cart").last)
        #expect(ids(answer).count == 3 && !ids(answer).contains(syrup), "\(answer)")
        let types = answer["recommendations"]?.elements.map { $0["entity_type"] }
        #expect(types?.allSatisfy { $0 == .string("product") } == true, "\(answer)")
    }

    private func expectWhoIsNew(_ page: RecommendationsPage, _ attributes: [String: JSONValue]) throws {
        let zoe = try page.answers(toBlockWith: "/users/zoe")
        #expect(zoe.count == 2 && zoe[1]["cold_start"] == .bool(true) && ids(zoe[1]).count == 3, "\(zoe)")
        // The orders are thirty years old.
        let first = try #require(zoe[1]["recommendations"]?.elements.first, "\(zoe)")
        let popular = "\(SampleNorthwind.mostBought)"
        #expect(attributes[first["entity_id"]?.string ?? ""]?["sku"] == .string(popular), "\(zoe)")
        #expect(first["reason"] == .string("Popular"), "\(zoe)")
        let merged = try page.answers(toBlockWith: "/merge")
        #expect(merged[0]["moved"] == .integer(2) && merged[0]["complete"] == .bool(true), "\(merged)")
        #expect(merged[1].elements.contains { $0["entity_id"] == .string("baking") }, "\(merged)")
    }

    private func expectWhatGoesWithAProduct(_ page: RecommendationsPage) throws {
        let syrup = try #require(page.answers(toBlockWith: "syrup=").first?["entity_id"]?.string)
        let answers = try page.answers(toBlockWith: "/recommendations/trending")
        try #require(answers.count == 2, "\(answers)")
        #expect(ids(answers[0]).count == 3 && !ids(answers[0]).contains(syrup), "\(answers[0])")
        #expect(answers[1]["trending"]?.elements.count == 3, "\(answers[1])")
    }

    private func expectWhatCameOfAnAnswer(_ page: RecommendationsPage) throws {
        let answers = try page.answers(toBlockWith: "/recommendations/statistics")
        try #require(answers.count == 3, "\(answers)")
        #expect(ids(answers[0]).count == 3 && !ids(answers[0]).contains(answers[1]["entity_id"]?.string ?? ""))
        let rows = answers[2]["statistics"]?.elements.filter { $0["variant"] == .string("new") }
        #expect(rows?.first?["interactions"]?["view"] == .integer(1), "\(answers[2])")
    }

    private func expectAnImport(_ page: RecommendationsPage) throws {
        let output = try page.output(ofBlockWith: "import interactions")
        #expect(output.contains("1 rows read, 1 written") && output.contains("2 rows read, 2 written"), "\(output)")
        #expect(output.contains(#""entity_id":"baking","entity_type":"article""#), "\(output)")
    }

    private func expectFigures(_ page: RecommendationsPage) throws {
        let figures = try page.output(ofBlockWith: "> interactions.csv\n")
        #expect(figures.contains(/\ntested: [1-9]/) && figures.contains("\nhybrid "), "\(figures)")
        let why = try page.output(ofBlockWith: "recommend explain")
        #expect(why.contains("\nRECOMMENDED ") && why.contains("\nHISTORY ") && why.contains(" purchase "), "\(why)")
    }
}
