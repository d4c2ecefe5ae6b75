import Commerce
import Core
import TestKit
import Testing

@Suite struct ProductListTests {
    private func shop(_ engine: TestStore.Engine) async throws -> CatalogFixture {
        let shop = try await CatalogFixture(engine)
        for (sku, name) in [("c", "Tea"), ("a", "Cocoa"), ("d", "Tea"), ("b", "Beer"), ("e", "Ale")] {
            let tags = name == "Tea" || sku == "b" ? #"["hot"]"# : "[]"
            _ = try await shop.create(
                #"{"sku": "\#(sku)", "name": "\#(name)", "price": 1, "active": \#(sku != "d"), "tags": \#(tags)}"#)
        }
        _ = try await shop.create(
            #"{"sku": "z", "name": "Foreign", "price": 1, "tags": ["hot"]}"#, as: CatalogFixture.other)
        return shop
    }

    @Test(arguments: TestStore.Engine.allCases)
    func everyOrderShowsEachProductOnceAcrossPages(engine: TestStore.Engine) async throws {
        let shop = try await shop(engine)
        let expected: [ProductFilter.Sort: String] = [.createdAt: "cadbe", .name: "ebacd", .sku: "abcde"]
        for sort in ProductFilter.Sort.allCases {
            for descending in [false, true] {
                var filter = ProductFilter()
                filter.sort = sort
                filter.descending = descending
                var skus = ""
                var after: [CursorValue]?
                repeat {
                    let page = try await shop.list(filter, PageRequest(limit: 2, after: after, countsTotal: true))
                    #expect(page.total == 5)
                    skus += page.items.map(\.sku).joined()
                    after = page.next
                } while after != nil
                let ascending = expected[sort] ?? ""
                #expect(skus == (descending ? String(ascending.reversed()) : ascending), "\(sort) \(descending)")
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func filtersNarrowTheList(engine: TestStore.Engine) async throws {
        let shop = try await shop(engine)
        for sort in ProductFilter.Sort.allCases {
            var filter = ProductFilter()
            filter.sort = sort
            filter.tag = "hot"
            #expect(Set(try await shop.list(filter).items.map(\.sku)) == ["b", "c", "d"])
            filter.isActive = true
            #expect(Set(try await shop.list(filter).items.map(\.sku)) == ["b", "c"])
            filter.sku = "c"
            #expect(try await shop.list(filter).items.map(\.sku) == ["c"])
            filter.externalID = "nobody"
            #expect(try await shop.list(filter).items.isEmpty)
        }
        let offset = try await shop.list(ProductFilter(), PageRequest(limit: 2, offset: 3))
        #expect(offset.items.map(\.sku) == ["a", "c"])
        #expect(offset.next == nil)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aTenantSeesAndChangesOnlyItsOwn(engine: TestStore.Engine) async throws {
        let shop = try await shop(engine)
        let mine = try await shop.read { try shop.products.find(sku: "c", of: .first, in: $0) }
        let other = CatalogFixture.other
        let products = shop.products
        let attempts: [@Sendable () async throws -> Void] = [
            { _ = try await shop.read { try products.find(mine.id, of: other, in: $0) } },
            { _ = try await shop.read { try products.find(sku: "c", of: other, in: $0) } },
            { _ = try await shop.write(as: other) { try products.update(mine.id, .init(), expecting: nil, in: $0) } },
            {
                let draft = ProductDraft(sku: "c", name: "c", price: .zero(.usd))
                _ = try await shop.write(as: other) { try products.replace(mine.id, draft, expecting: nil, in: $0) }
            },
            { try await shop.write(as: other) { try products.delete(mine.id, expecting: nil, in: $0) } },
            {
                _ = try await shop.write(as: other) {
                    try products.addVariant(VariantDraft(sku: "v"), to: mine.id, expecting: nil, in: $0)
                }
            },
            {
                _ = try await shop.write(as: other) {
                    try products.updateVariant("c", of: mine.id, .init(), expecting: nil, in: $0)
                }
            },
            {
                try await shop.write(as: other) { try products.removeVariant("c", of: mine.id, expecting: nil, in: $0) }
            },
        ]
        for attempt in attempts {
            #expect(try await failure(attempt)?.kind == .notFound)
        }
        let seen = try await shop.read { transaction in
            (
                try products.sellables(["c", "z"], of: other, in: transaction).keys.sorted(),
                try products.sku(of: mine.id, of: other, in: transaction),
                try products.list(ProductFilter(), PageRequest(), of: other, in: transaction).items.map(\.sku)
            )
        }
        #expect(seen == (["z"], nil, ["z"]))
        let bulk = try decode(#"{"products": [{"sku": "c", "name": "Theirs", "price": 2}]}"#) {
            try Bulk(products: &$0)
        }
        let result = try await shop.write(as: other) { try products.upsert(bulk, in: $0) }
        #expect(result.count("created") == 1)
        let still = try await shop.read { try products.find(mine.id, of: .first, in: $0) }
        #expect(still == mine)
    }
}
