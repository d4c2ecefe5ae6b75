import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct ProductTests {
    private let mug = """
        {"sku": "MUG-1", "name": "Mug", "description": "Holds tea", "price": "12.50", "currency": "EUR",
         "tax_rate": "0.19", "cost": 4, "tags": ["kitchen", "gift", "kitchen"],
         "attributes": {"color": "blue", "size": {"ml": 300}},
         "external_id": "x-1", "variants": [{"sku": "MUG-1-XL", "name": "XL", "options": {"size": "XL"}, "price": 15}]}
        """

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsCreatedIsFoundAgain(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let created = try await shop.create(mug)
        let found = try await shop.read { try shop.products.find(created.id, of: .first, in: $0) }
        #expect(found == created)
        #expect(
            text(found) == """
                {"id":"\(created.id)","sku":"MUG-1","name":"Mug","description":"Holds tea","price":"12.50",\
                "currency":"EUR","tax_rate":"0.19","tags":["kitchen","gift"],\
                "attributes":{"color":"blue","size":{"ml":300}},\
                "active":true,"external_id":"x-1","variants":[{"id":"\(created.variants[0].id)",\
                "product_id":"\(created.id)","sku":"MUG-1-XL","name":"XL","options":{"size":"XL"},"price":"15.00",\
                "currency":"EUR","tax_rate":"0.19","active":true}],"version":1,"created_at":"2026-01-01T00:00:00Z",\
                "updated_at":"2026-01-01T00:00:00Z"}
                """)
        #expect(text(ProductWithCosts(found)).contains("\"cost\":\"4.00\""))
        for sku in ["MUG-1", "MUG-1-XL"] {
            let bySku = try await shop.read { try shop.products.find(sku: sku, of: .first, in: $0) }
            #expect(bySku.id == created.id)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func sellablesAreFoundTogether(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let product = try await shop.create(mug)
        let found = try await shop.read {
            try shop.products.sellables(["MUG-1", "nothing", "MUG-1-XL", "MUG-1"], of: .first, in: $0)
        }
        #expect(found.count == 2)
        #expect(found["MUG-1"]?.name == "Mug")
        #expect(found["MUG-1"]?.variantID == product.id)
        #expect(found["MUG-1-XL"]?.name == "Mug (XL)")
        #expect(found["MUG-1-XL"]?.price == Money("15", currency: .eur))
        #expect(found["MUG-1-XL"]?.taxRate == Rate("0.19"))
        #expect(found["MUG-1-XL"]?.isActive == true)
        _ = try await shop.patch(product.id, #"{"active": false}"#)
        let inactive = try await shop.read { try shop.products.sellables(["MUG-1-XL"], of: .first, in: $0) }
        #expect(inactive["MUG-1-XL"]?.isActive == false)
        let skus = try await shop.read { transaction in
            try [product.id, product.variants[0].id, Identifier(high: 1, low: 1)].map {
                try shop.products.sku(of: $0, of: .first, in: transaction)
            }
        }
        #expect(skus == ["MUG-1", "MUG-1-XL", nil])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func ofFiftyConcurrentCreationsOfOneSkuOneSucceeds(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let failures = try await withThrowingTaskGroup(of: Failure?.self) { group in
            for number in 0..<50 {
                group.addTask {
                    try await failure {
                        try await shop.create(#"{"sku": "ONE", "name": "No. \#(number)", "price": "1"}"#)
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(failures.count { $0 == nil } == 1)
        #expect(failures.count { $0?.code == "sku_taken" } == 49)
        let rows = try await shop.read { transaction in
            try ["products", "variants", "changes"].map { (table: SQL) in
                try transaction.first("SELECT COUNT(*) FROM \(table)") { $0.int(0) }
            }
        }
        #expect(rows == [1, 1, 1])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func uniqueValuesAreRefusedTwice(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        _ = try await shop.create(mug)
        let cup = try await shop.create(#"{"sku": "CUP", "name": "Cup", "price": "1"}"#)
        let bySku = try await failure { try await shop.patch(cup.id, #"{"sku": "MUG-1-XL"}"#) }
        #expect(bySku?.code == "sku_taken")
        #expect(bySku?.kind == .conflict)
        let byExternal = try await failure { try await shop.patch(cup.id, #"{"external_id": "x-1"}"#) }
        #expect(byExternal?.code == "external_id_taken")
        let created = try await failure {
            try await shop.create(#"{"sku": "NEW", "name": "New", "price": "1", "external_id": "x-1"}"#)
        }
        #expect(created?.code == "external_id_taken")
        let twice = try await failure {
            try await shop.create(#"{"sku": "A", "name": "A", "price": "1", "variants": [{"sku": "B"}, {"sku": "B"}]}"#)
        }
        #expect(twice?.code == "sku_taken")
        #expect(try await shop.list(ProductFilter()).items.map(\.sku) == ["CUP", "MUG-1"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aPatchChangesWhatItNamesAndRemovesWhatIsNull(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let old = try await shop.create(mug)
        shop.store.time.advance(bySeconds: 60)
        let new = try await shop.patch(
            old.id,
            #"""
            {"description": null, "price": "13", "tags": ["tea"], "cost": null,
             "attributes": {"color": null, "size": {"cm": 9}, "new": [1]}}
            """#, expecting: 1)
        #expect(new.version == 2)
        #expect(new.updatedAt > old.updatedAt)
        #expect(new.description == nil)
        #expect(new.name == "Mug")
        #expect(new.defaultVariant.price == Money("13", currency: .eur))
        #expect(new.defaultVariant.cost == nil)
        #expect(new.externalID == "x-1")
        #expect(text(new.attributes) == #"{"size":{"ml":300,"cm":9},"new":[1]}"#)
        let read = try await shop.read { try shop.products.find(old.id, of: .first, in: $0) }
        #expect(read == new)
        var tagged = ProductFilter()
        tagged.tag = "kitchen"
        #expect(try await shop.list(tagged).items.isEmpty)
        tagged.tag = "tea"
        #expect(try await shop.list(tagged).items.map(\.id) == [old.id])
        let same = try await shop.patch(old.id, #"{"name": "Mug"}"#)
        #expect(same.version == 2)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReplacementKeepsVariantsAndCostAndNothingElse(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let old = try await shop.create(mug)
        let draft = try decode(#"{"sku": "MUG-1", "name": "Cup", "price": "9", "currency": "EUR"}"#) {
            ProductDraft(replacing: &$0)
        }
        let new = try await shop.write { try shop.products.replace(old.id, draft, expecting: 1, in: $0) }
        #expect(new.name == "Cup")
        #expect(new.tags.isEmpty)
        #expect(new.attributes.members.isEmpty)
        #expect(new.externalID == nil)
        #expect(new.defaultVariant.taxRate == .zero)
        #expect(new.defaultVariant.cost == Money("4", currency: .eur))
        #expect(new.variants == old.variants)
        #expect(new.createdAt == old.createdAt)
        #expect(new.version == 2)
        let dollars = try decode(#"{"sku": "MUG-1", "name": "Cup", "price": "9"}"#) { ProductDraft(replacing: &$0) }
        let refusal = try await failure {
            try await shop.write { try shop.products.replace(old.id, dollars, expecting: nil, in: $0) }
        }
        #expect(refusal?.errors.map(\.pointer) == ["/currency"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOldVersionIsRefused(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let product = try await shop.create(mug)
        _ = try await shop.patch(product.id, #"{"name": "Second"}"#, expecting: 1)
        let patch = try await failure { try await shop.patch(product.id, #"{"name": "Third"}"#, expecting: 1) }
        #expect(patch?.code == "version_mismatch")
        #expect(patch?.details == [.init("current_version", .integer(2))])
        let delete = try await failure {
            try await shop.write { try shop.products.delete(product.id, expecting: 1, in: $0) }
        }
        #expect(delete?.kind == .preconditionFailed)
        let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await failure {
                        try await shop.patch(product.id, #"{"name": "Racer \#(number)"}"#, expecting: 2)
                    } == nil
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(winners == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aDeletedProductIsGoneUnlessInUse(engine: TestStore.Engine) async throws {
        let guarded = Products { skus, _, _ in skus.filter { $0 == "MUG-1-XL" } }
        let shop = try await CatalogFixture(engine, products: guarded)
        let product = try await shop.create(mug)
        let refusal = try await failure {
            try await shop.write { try shop.products.delete(product.id, expecting: nil, in: $0) }
        }
        #expect(refusal?.code == "product_in_use")
        let renamed = try await failure {
            let patch = try decode(#"{"sku": "OTHER"}"#) { VariantPatch(&$0) }
            return try await shop.write {
                try shop.products.updateVariant("MUG-1-XL", of: product.id, patch, expecting: nil, in: $0)
            }
        }
        #expect(renamed?.code == "product_in_use")
        try await shop.write { try Products().delete(product.id, expecting: 1, in: $0) }
        let missing = try await failure {
            try await shop.read { try shop.products.find(product.id, of: .first, in: $0) }
        }
        #expect(missing?.kind == .notFound)
        _ = try await shop.create(mug)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func currenciesDecideWhatAmountsThereAre(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        let yen = try await failure {
            try await shop.create(
                #"{"sku": "Y", "name": "Y", "price": "1.5", "currency": "JPY","#
                    + #" "variants": [{"sku": "Y2", "price": "2.5"}]}"#
            )
        }
        #expect(yen?.errors.map(\.pointer) == ["/price", "/variants/0/price"])
        let negative = try await failure { try await shop.create(#"{"sku": "Y", "name": "Y", "price": -1}"#) }
        #expect(negative?.errors.map(\.pointer) == ["/price"])
        let product = try await shop.create(#"{"sku": "Y", "name": "Y", "price": "1.5"}"#)
        let alone = try await failure { try await shop.patch(product.id, #"{"currency": "EUR"}"#) }
        #expect(alone?.errors.map(\.pointer) == ["/currency"])
        let changed = try await shop.patch(product.id, #"{"currency": "JPY", "price": "150"}"#)
        #expect(text(changed).contains(#""price":"150","currency":"JPY""#))
    }
}
