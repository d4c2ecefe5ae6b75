import Core
import Search
import TestKit
import Testing

/// What is found, in which order, and what is marked in it.
@Suite struct TextSearchTests {
    private static func document(_ number: UInt64, _ title: String, body: String = "") -> TextDocument {
        SearchFixture.document(number, title, body: body)
    }

    @Test func everyWordMustBeFoundInAnyFieldAndOrder() async throws {
        let fixture = try await SearchFixture([
            SearchFixture.document(1, "Red running shoes", sku: "RUN-1", tags: "sport"),
            SearchFixture.document(2, "Blue running shoes", tags: "sport, sale"),
            SearchFixture.document(3, "Red scarf", body: "Warm wool for running errands"),
        ])
        #expect(try await Set(fixture.search("running")) == [1, 2, 3])
        #expect(try await fixture.search("running red") == [1, 3])
        #expect(try await fixture.search("shoes sale ") == [2])
        #expect(try await fixture.search("run-1") == [1])
        #expect(try await fixture.search("red blue").isEmpty)
    }

    @Test func titleAndSkuOutrankTagsAndBodyAndShortOutranksLong() async throws {
        let fixture = try await SearchFixture([
            SearchFixture.document(1, "Cup", body: "A lantern stands beside it"),
            SearchFixture.document(2, "Cup", tags: "lantern"),
            SearchFixture.document(3, "Lantern for the garden"),
            SearchFixture.document(4, "Lantern"),
            SearchFixture.document(5, "Cup", sku: "lantern"),
        ])
        #expect(try await fixture.search("lantern") == [5, 4, 3, 2, 1])
        #expect(try await fixture.search("lantern", limit: 2) == [5, 4])
        let scores = try await fixture.index.search(TextQuery("lantern"), of: .first).map(\.score)
        #expect(scores == scores.sorted(by: >))
        #expect(Set(scores).count == 5)
    }

    @Test func phrasesNeedTheirWordsOneAfterTheOther() async throws {
        let fixture = try await SearchFixture([
            Self.document(1, "hot dog bun"), Self.document(2, "dog in hot weather"), Self.document(3, "hot-dog"),
        ])
        #expect(try await Set(fixture.search("hot dog")) == [1, 2, 3])
        #expect(try await Set(fixture.search("\"hot dog\"")) == [1, 3])
        #expect(try await Set(fixture.search("hot-dog")) == [1, 3])
        #expect(try await Set(fixture.search("“hot dog” bun")) == [1])
        #expect(try await Set(fixture.search("\"hot do")) == [1, 3])
        #expect(try await fixture.search("\"hot do\" ").isEmpty)
    }

    @Test func theLastWordIsABeginningAndOthersWhenTheySaySo() async throws {
        let fixture = try await SearchFixture([
            Self.document(1, "keyboard cover"), Self.document(2, "keyhole cover"), Self.document(3, "key cover"),
        ])
        #expect(try await Set(fixture.search("cover key")) == [1, 2, 3])
        #expect(try await Set(fixture.search("keyb")) == [1])
        #expect(try await Set(fixture.search("key cover")) == [3])
        #expect(try await Set(fixture.search("key* cover")) == [1, 2, 3])
        #expect(try await Set(fixture.search("\"key\" cover")) == [3])
        #expect(try await fixture.search("c").isEmpty)
    }

    @Test(arguments: [
        ("creme brulee", "Crème Brûlée"), ("CRÈME", "creme"), ("cre\u{301}me", "créme"), ("Ελλαδα", "Ελλάδα"),
        ("viet nam", "Việt Nam"), ("ZURICH", "Zürich"), ("строительный", "строительныи\u{306}"),
        ("ångström", "A\u{30A}ngstrom"),
        ("日本", "日本語"), ("हिन्दी", "हिन्दी"),
    ])
    func diacriticsAndCaseDoNotMatter(query: String, title: String) async throws {
        let fixture = try await SearchFixture([Self.document(1, title), Self.document(2, "other")])
        #expect(try await fixture.search(query) == [1])
    }

    @Test func vowelSignsOfOtherScriptsDoMatter() async throws {
        let fixture = try await SearchFixture([Self.document(1, "कि"), Self.document(2, "कु")])
        #expect(try await fixture.search("कि") == [1])
    }

    @Test func foundWordsAreMarkedAndMarkupIsEscaped() async throws {
        let fixture = try await SearchFixture([
            SearchFixture.document(
                1, "Crème <b>brûlée</b> & co", sku: "CB-1", tags: "dessert", body: "No match here")
        ])
        let hit = try #require(try await fixture.index.search(TextQuery("creme brul"), of: .first).first)
        #expect(hit.highlights == [.title: "<mark>Crème</mark> &lt;b&gt;<mark>brûlée</mark>&lt;/b&gt; &amp; co"])
        let code = try #require(try await fixture.index.search(TextQuery("cb-1 dessert"), of: .first).first)
        #expect(code.highlights == [.sku: "<mark>CB</mark>-<mark>1</mark>", .tags: "<mark>dessert</mark>"])
    }

    @Test func aPhraseIsMarkedOnlyWhereItsWordsFollowEachOther() async throws {
        let fixture = try await SearchFixture([Self.document(1, "a b a b c a c b")])
        let hit = try #require(try await fixture.index.search(TextQuery("\"a b c\" "), of: .first).first)
        #expect(hit.highlights[.title] == "a b <mark>a</mark> <mark>b</mark> <mark>c</mark> a c b")
    }

    @Test func aLongFieldIsShownAroundTheFirstWordFound() async throws {
        let words = (0..<2_000).map { "w\($0)" }
        let fixture = try await SearchFixture([Self.document(1, "x", body: words.joined(separator: " "))])
        let hit = try #require(try await fixture.index.search(TextQuery("\"w100\" "), of: .first).first)
        let shown = (94..<124).map { $0 == 100 ? "<mark>w100</mark>" : "w\($0)" }.joined(separator: " ")
        #expect(hit.highlights[.body] == "… \(shown) …")
        // Beyond what highlights look at it is found all the same.
        let late = try #require(try await fixture.index.search(TextQuery("\"w1999\" "), of: .first).first)
        #expect(late.highlights.isEmpty)
    }

    @Test func onlyActiveDocumentsAreFoundWhenAskedFor() async throws {
        let fixture = try await SearchFixture([
            SearchFixture.document(1, "lamp"), SearchFixture.document(2, "lamp", isActive: false),
        ])
        #expect(try await Set(fixture.search("lamp")) == [1, 2])
        #expect(try await fixture.search("lamp", active: true) == [1])
        #expect(try await fixture.search("lamp", active: false) == [2])
    }

    @Test func noTenantFindsWhatIsAnothers() async throws {
        // The numbers and words are chosen so that one tenant's number and word could be read as another's.
        let tenants = [1, 2, 11, 36, 37, 1_297].map { Tenant($0) }
        let words = ["lamp", "1lamp", "0lamp", "amp", "11lamp"]
        let documents = tenants.flatMap { tenant in
            words.enumerated().map { index, word in
                SearchFixture.document(UInt64(tenant.number) * 100 + UInt64(index), word, tenant: tenant)
            }
        }
        let fixture = try await SearchFixture(documents)
        for tenant in tenants {
            for (index, word) in words.enumerated() {
                let found = try await fixture.search("\"\(word)\" ", of: tenant)
                #expect(found == [UInt64(tenant.number) * 100 + UInt64(index)], "\(word) of \(tenant.number)")
            }
        }
        #expect(try await fixture.search("lamp", of: Tenant(3)).isEmpty)
    }

    @Test func limitsOfAQueryAreHeld() async throws {
        #expect(throws: Failure.self) { try TextQuery("a", limit: 0) }
        #expect(throws: Failure.self) { try TextQuery("a", limit: 101) }
        #expect(throws: Failure.self) { try TextQuery("") }
        #expect(throws: Failure.self) { try TextQuery("  \" * \" !?") }
        #expect(throws: Failure.self) { try TextQuery(String(repeating: "x", count: 257)) }
        #expect(throws: Failure.self) { try TextQuery((1...17).map { "w\($0)" }.joined(separator: " ")) }
        #expect(throws: Failure.self) { try TextQuery((1...17).map { "w\($0)" }.joined(separator: "-")) }
        _ = try TextQuery((1...16).map { "w\($0)" }.joined(separator: " "), limit: 100)
    }
}
