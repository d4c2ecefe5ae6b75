import Commerce
import Core
import TestKit
import Testing

@Suite struct ProductBulkTests {
    private let rows = """
        [{"sku": "A", "name": "A", "price": "1.50"},
         {"sku": "B", "name": "B", "price": "x"},
         {"sku": "OLD", "price": "7"},
         {"sku": "SAME", "name": "Same", "price": "3"},
         {"sku": "C", "price": "1"},
         {"sku": "OLD-XL", "name": "Takes a variant's sku", "price": "1"},
         {"sku": "A", "name": "A again", "price": "1.50"},
         {"sku": "D", "name": "D", "price": "1", "external_id": "taken"},
         {"sku": "E", "name": "E", "price": "1.555"}]
        """

    private func shop(_ engine: TestStore.Engine) async throws -> CatalogFixture {
        let shop = try await CatalogFixture(engine)
        _ = try await shop.create(
            #"{"sku": "OLD", "name": "Old", "price": "5", "description": "Stays", "variants": [{"sku": "OLD-XL"}]}"#)
        _ = try await shop.create(#"{"sku": "SAME", "name": "Same", "price": "3", "external_id": "taken"}"#)
        return shop
    }

    @Test(arguments: TestStore.Engine.allCases)
    func eachAcceptableRowTakesEffectByItself(engine: TestStore.Engine) async throws {
        let shop = try await shop(engine)
        let result = try await shop.upsert(#"{"mode": "per_row", "products": \#(rows)}"#)
        #expect(
            result.outcomes.map(\.name) == [
                "created", "rejected", "updated", "unchanged", "rejected", "rejected", "updated", "rejected",
                "rejected",
            ])
        let codes = result.outcomes.compactMap { outcome -> String? in
            guard case .rejected(let failure) = outcome else { return nil }
            return ([failure.code] + failure.errors.map(\.pointer)).joined(separator: " ")
        }
        #expect(
            codes == [
                "invalid_request /price", "invalid_request /name", "sku_taken", "external_id_taken",
                "invalid_request /price",
            ])
        let old = try await shop.read { try shop.products.find(sku: "OLD", of: .first, in: $0) }
        #expect(old.description == "Stays")
        #expect(old.defaultVariant.price == Money("7", currency: .usd))
        #expect(old.variants.map(\.sku) == ["OLD-XL"])
        let again = try await shop.read { try shop.products.find(sku: "A", of: .first, in: $0) }
        #expect(again.name == "A again")
        #expect(text(result).hasPrefix(#"{"created":1,"updated":2,"unchanged":1,"rejected":5,"results":[{"index":0,"#))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func oneRefusedRowKeepsAllFromTakingEffect(engine: TestStore.Engine) async throws {
        let shop = try await shop(engine)
        let before = try await shop.changes().count
        let refusal = try await failure { try await shop.upsert(#"{"products": \#(rows)}"#) }
        #expect(refusal?.code == "bulk_rejected")
        #expect(
            refusal?.errors.map(\.pointer) == [
                "/products/1/price", "/products/4/name", "/products/5", "/products/7", "/products/8/price",
            ])
        #expect(try await shop.changes().count == before)
        #expect(try await shop.list(ProductFilter()).items.map(\.sku) == ["SAME", "OLD"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func variantsOfARowAreAddedAndChangedButNeverRemoved(engine: TestStore.Engine) async throws {
        let shop = try await shop(engine)
        let json = """
            {"products": [{"sku": "OLD", "variants": [{"sku": "OLD-XL", "price": "6"}, {"sku": "OLD-S", "name": "S"}]}]}
            """
        #expect(try await shop.upsert(json).count("updated") == 1)
        #expect(try await shop.upsert(json).count("unchanged") == 1)
        let old = try await shop.read { try shop.products.find(sku: "OLD-S", of: .first, in: $0) }
        #expect(old.variants.map { "\($0.sku) \($0.price)" } == ["OLD-XL 6.00", "OLD-S 5.00"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aThousandRowsAreTakenAndNotOneMore(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        func body(_ count: Int) -> String {
            let rows = (0..<count).map {
                #"{"sku": "P\#($0)", "name": "Product \#($0)", "price": "1.00", "tags": ["t"]}"#
            }
            return "{\"products\": [\(rows.joined(separator: ","))]}"
        }
        let result = try await shop.upsert(body(1000))
        #expect(result.count("created") == 1000)
        #expect(try await shop.upsert(body(1000)).count("unchanged") == 1000)
        let refusal = try await failure { try await shop.upsert(body(1001)) }
        #expect(refusal?.errors.map(\.pointer) == ["/products"])
        var tagged = ProductFilter()
        tagged.tag = "t"
        let page = try await shop.list(tagged, PageRequest(limit: 10, countsTotal: true))
        #expect(page.total == 1000)
        #expect(page.items.first?.sku == "P999")
    }
}
