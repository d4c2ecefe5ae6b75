import Commerce
import Core
import Testing

@Suite struct ProductDraftTests {
    private func pointers(_ json: String) async throws -> [String] {
        let failure = try await failure { try decode(json) { ProductDraft(&$0) } }
        return failure?.errors.map(\.pointer) ?? []
    }

    @Test func everyWrongMemberIsNamed() async throws {
        #expect(try await pointers("{}") == ["/sku", "/name", "/price"])
        #expect(
            try await pointers(
                #"{"sku": " A", "name": null, "price": "x", "currency": "eur", "tax_rate": 11, "tags": [""],"#
                    + #" "cost": [], "attributes": [], "active": 1, "color": 1}"#)
                == [
                    "/sku", "/name", "/price", "/currency", "/tax_rate", "/cost", "/tags/0", "/attributes", "/active",
                    "/color",
                ])
        #expect(
            try await pointers(#"{"sku": "A", "name": "A", "price": 1, "variants": [{"name": "x"}]}"#)
                == ["/variants/0/sku"])
    }

    @Test func lengthsAndCountsAreLimited() async throws {
        func product(_ member: String) -> String { #"{"sku": "A", "name": "A", "price": 1, \#(member)}"# }
        let tags = (0...50).map { "\"t\($0)\"" }.joined(separator: ",")
        #expect(try await pointers(product("\"tags\": [\(tags)]")) == ["/tags"])
        let variants = (0...100).map { "{\"sku\": \"s\($0)\"}" }.joined(separator: ",")
        #expect(try await pointers(product("\"variants\": [\(variants)]")) == ["/variants"])
        #expect(
            try await pointers(product("\"description\": \"\(String(repeating: "x", count: 20_001))\"")) == [
                "/description"
            ])
        #expect(
            try await pointers(#"{"sku": "\#(String(repeating: "x", count: 101))", "name": "A", "price": 1}"#) == [
                "/sku"
            ])
        #expect(try await pointers(product(#""tags": ["a\u0000"]"#)) == ["/tags/0"])
    }
}
