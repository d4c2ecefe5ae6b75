import ChangeLog
import Commerce
import Core
import TestKit
import Testing

@Suite struct ProductVariantTests {
    @Test(arguments: TestStore.Engine.allCases)
    func variantsAreAddedChangedAndRemovedWithTheirProduct(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let shirt = try await shop.create(#"{"sku": "S", "name": "Shirt", "price": "20", "tax_rate": 0.07}"#)
        let draft = try decode(#"{"sku": "S-RED", "options": {"color": "red"}}"#) { VariantDraft(&$0) }
        let added = try await shop.write { try shop.products.addVariant(draft, to: shirt.id, expecting: 1, in: $0) }
        #expect(added.version == 2)
        #expect(added.variant.price == Money("20", currency: .usd))
        #expect(added.variant.taxRate == Rate("0.07"))

        let patch = try decode(#"{"price": "22", "name": "Red", "options": {"size": "M"}}"#) { VariantPatch(&$0) }
        let changed = try await shop.write {
            try shop.products.updateVariant("S-RED", of: shirt.id, patch, expecting: 2, in: $0)
        }
        #expect(changed.version == 3)
        #expect(text(changed.variant.options) == #"{"color":"red","size":"M"}"#)
        let byID = try await failure {
            try await shop.write {
                try shop.products.removeVariant("\(added.variant.id)", of: shirt.id, expecting: 2, in: $0)
            }
        }
        #expect(byID?.code == "version_mismatch")
        try await shop.write {
            try shop.products.removeVariant("\(added.variant.id)", of: shirt.id, expecting: 3, in: $0)
        }
        let left = try await shop.read { try shop.products.find(shirt.id, of: .first, in: $0) }
        #expect(left.variants.isEmpty)
        #expect(left.version == 4)
        let again = try await failure {
            try await shop.write { try shop.products.removeVariant("S-RED", of: shirt.id, expecting: nil, in: $0) }
        }
        #expect(again?.kind == .notFound)
        let log = try await shop.changes().map { "\($0.entityType) \($0.operation) \($0.changedFields)" }
        #expect(
            log == [
                "product insert []", "variant insert []", #"product update ["variants", "version"]"#,
                #"variant update ["name", "options", "price"]"#, #"product update ["variants", "version"]"#,
                "variant delete []", #"product update ["variants", "version"]"#,
            ])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aVariantNeedsASkuOfItsOwnAndTextOptions(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let shirt = try await shop.create(#"{"sku": "S", "name": "Shirt", "price": "20"}"#)
        for (json, expected) in [
            (#"{"sku": "S"}"#, "sku_taken"), (#"{"sku": "T", "options": {"size": 1}}"#, "invalid_request"),
        ] {
            let draft = try decode(json) { VariantDraft(&$0) }
            let refusal = try await failure {
                try await shop.write { try shop.products.addVariant(draft, to: shirt.id, expecting: nil, in: $0) }
            }
            #expect(refusal?.code == expected)
        }
        let full = (0..<100).map { #"{"sku": "T\#($0)"}"# }.joined(separator: ",")
        let product = try await shop.create(#"{"sku": "T", "name": "T", "price": 1, "variants": [\#(full)]}"#)
        let refusal = try await failure {
            try await shop.write {
                try shop.products.addVariant(VariantDraft(sku: "more"), to: product.id, expecting: nil, in: $0)
            }
        }
        #expect(refusal?.code == "too_many_variants")
    }
}
