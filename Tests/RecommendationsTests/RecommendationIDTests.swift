import Core
import Testing

@testable import Recommendations

@Suite struct RecommendationIDTests {
    private let tenant = Tenant(3)
    private let items = [ItemKey("product", "p1"), ItemKey("product", "é/…"), ItemKey("article", "p1")]

    private func id(variant: String = "B", items: [ItemKey]) -> RecommendationID {
        RecommendationID(
            .session, variant: variant, at: Timestamp(microseconds: 61_000_000), items: items.map(\.shortHash))
    }

    @Test func readsWhatItWrites() throws {
        let text = id(items: items).text(of: tenant)
        let read = try #require(RecommendationID(text, of: tenant))
        #expect(read == id(items: items))
        #expect(read.algorithm == .session)
        #expect(read.variant == "B")
        #expect(read.minute == 1)
        #expect(items.allSatisfy(read.contains))
        #expect(!read.contains(ItemKey("product", "p2")))
        #expect(!read.contains(ItemKey("articl", "ep1")))
        let safe = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        #expect(Set(text).isSubset(of: safe))
    }

    @Test func holdsNothingAndAllItCan() throws {
        #expect(RecommendationID(id(variant: "", items: []).text(of: tenant), of: tenant) == id(variant: "", items: []))
        let many = (0..<RecommendationID.itemLimit).map { ItemKey("product", "p\($0)") }
        let variant = String(repeating: "v", count: RecommendationID.variantLimit)
        let text = id(variant: variant, items: many).text(of: tenant)
        #expect(text.count <= RecommendationID.lengthLimit)
        #expect(RecommendationID(text, of: tenant)?.contains(many[499]) == true)
    }

    @Test func isNothingToOthersAndNothingElseIsOne() {
        let text = id(items: items).text(of: tenant)
        #expect(RecommendationID(text, of: Tenant(4)) == nil)
        for wrong in ["", "x", "AQ", String(text.dropLast()), text + "A", String(repeating: "A", count: 5_000), "…"] {
            #expect(RecommendationID(wrong, of: tenant) == nil, "\(wrong)")
        }
        // Whichever character of it is changed.
        for place in text.indices {
            var changed = text
            changed.replaceSubrange(place...place, with: text[place] == "A" ? "B" : "A")
            #expect(RecommendationID(changed, of: tenant) == nil || changed.dropLast() == text.dropLast(), "\(changed)")
        }
    }
}
