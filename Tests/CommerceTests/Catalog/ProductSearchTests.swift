import ChangeLog
import Commerce
import Core
import Logging
import Search
import TestKit
import Testing

@Suite struct ProductSearchTests {
    /// A catalogue, an index file of its own, and the follower that leads one to the other while the closure runs.
    private func withSearch(
        _ engine: TestStore.Engine, beforeFollowing prepare: (CatalogFixture) async throws -> Void = { _ in },
        _ body: (CatalogFixture, ProductSearch, Follower, TextIndex) async throws -> Void
    ) async throws {
        let shop = try await CatalogFixture(engine)
        try await prepare(shop)
        let index = TextIndex(
            path: shop.store.directory.file("products.sqlite"), metrics: shop.store.metrics,
            logger: Logger(label: "test"))
        let projection = ProductTextProjection(index, shop.products, of: shop.store.log)
        let follower = Follower(
            projection, of: shop.store.log, metrics: shop.store.metrics, logger: Logger(label: "test"))
        let running = Task { try await follower.run() }
        do {
            try await body(shop, ProductSearch(index, shop.products, follower, of: shop.store.log), follower, index)
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        _ = await running.result
        await index.close()
    }

    private func find(
        _ text: String, in shop: CatalogFixture, _ search: ProductSearch, _ follower: Follower, active: Bool? = nil,
        of tenant: Tenant = .first
    ) async throws -> [ProductHit] {
        try await follower.waitUntil(position: shop.store.log.seen, atMost: .seconds(20))
        return try await search.search(try TextQuery(text, active: active), of: tenant)
    }

    private let names = ["Crème brûlée torch", "Torch <red> & blue", "Red lamp", "Lamp shade"]

    private func fill(_ shop: CatalogFixture) async throws {
        for (number, name) in names.enumerated() {
            _ = try await shop.create(
                #"""
                {"sku": "T-\#(number)", "name": "\#(name)", "description": "Thing number \#(number)",
                 "price": \#(number), "tags": ["tag\#(number)"], "active": \#(number != 3),
                 "variants": [{"sku": "V\#(number)-XL", "name": "Huge"}]}
                """#)
        }
        _ = try await shop.create(#"{"sku": "T-0", "name": "Foreign torch", "price": 1}"#, as: CatalogFixture.other)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func productsAreFoundByTheirWords(engine: TestStore.Engine) async throws {
        try await withSearch(engine) { shop, search, follower, _ in
            try await fill(shop)
            func skus(_ text: String, active: Bool? = nil) async throws -> [String] {
                try await find(text, in: shop, search, follower, active: active).map(\.sku).sorted()
            }
            #expect(try await skus("torch") == ["T-0", "T-1"])
            #expect(try await skus("CREME brul") == ["T-0"])
            #expect(try await skus("\"red lamp\"") == ["T-2"])
            #expect(try await skus("lamp") == ["T-2", "T-3"])
            #expect(try await skus("lamp", active: true) == ["T-2"])
            #expect(try await skus("lamp", active: false) == ["T-3"])
            #expect(try await skus("V1-XL") == ["T-1"])
            #expect(try await skus("tag2") == ["T-2"])
            #expect(try await skus("huge thing").count == 4)
            #expect(try await skus("nothing").isEmpty)
            let hit = try await find("red torch", in: shop, search, follower).first
            #expect(hit?.highlights == [.title: "<mark>Torch</mark> &lt;<mark>red</mark>&gt; &amp; blue"])
            let json = hit.map { text($0) } ?? ""
            #expect(json.hasPrefix("{\"id\":\"\(hit?.id.description ?? "")\",\"sku\":\"T-1\""))
            #expect(json.contains(",\"score\":") && !json.contains("\"cost\""))
            #expect(
                json.hasSuffix(
                    #""highlights":{"name":"<mark>Torch</mark> &lt;<mark>red</mark>&gt; &amp; blue"}}"#))
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theIndexFollowsEachChange(engine: TestStore.Engine) async throws {
        try await withSearch(engine) { shop, search, follower, index in
            try await fill(shop)
            func count(_ text: String) async throws -> Int {
                try await find(text, in: shop, search, follower).count
            }
            let torch = try await shop.read { try shop.products.find(sku: "T-0", of: .first, in: $0) }
            #expect(try await count("creme") == 1)
            _ = try await shop.patch(torch.id, #"{"name": "Flame", "price": "99"}"#)
            #expect(try await count("creme") == 0)
            let flame = try await find("flame", in: shop, search, follower)
            #expect(flame.first?.json["price"] == .string("99.00"))
            try await shop.write { try shop.products.removeVariant("V0-XL", of: torch.id, expecting: nil, in: $0) }
            #expect(try await count("V0-XL") == 0)
            try await shop.write { try shop.products.delete(torch.id, expecting: nil, in: $0) }
            #expect(try await count("flame") == 0)
            let left = try await index.search(try TextQuery("flame"), of: .first)
            #expect(left.isEmpty, "The document is gone, and not only passed over.")
            let bulk = (0..<300).map { #"{"sku": "B\#($0)", "name": "Bulky \#($0)", "price": 1}"# }
            _ = try await shop.upsert("{\"products\": [\(bulk.joined(separator: ","))]}")
            #expect(try await count("bulky 299") == 1)
            #expect(try await count("bulky") == 20)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aTenantFindsOnlyItsOwn(engine: TestStore.Engine) async throws {
        try await withSearch(engine) { shop, search, follower, _ in
            try await fill(shop)
            let theirs = try await find("torch", in: shop, search, follower, of: CatalogFixture.other)
            #expect(theirs.first?.json["name"] == .string("Foreign torch") && theirs.count == 1)
            let mine = try await find("foreign", in: shop, search, follower)
            #expect(mine.isEmpty)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aMissingIndexIsMadeFromTheTables(engine: TestStore.Engine) async throws {
        func fillMore(_ shop: CatalogFixture) async throws {
            try await fill(shop)
            let bulk = (0..<1000).map { #"{"sku": "B\#($0)", "name": "Bulky n\#($0)", "price": 1}"# }
            _ = try await shop.upsert("{\"products\": [\(bulk.joined(separator: ","))]}")
        }
        try await withSearch(engine, beforeFollowing: fillMore) { shop, search, follower, _ in
            #expect(try await find("n0", in: shop, search, follower).map(\.sku) == ["B0"])
            #expect(try await find("\"n499\"", in: shop, search, follower).map(\.sku) == ["B499"])
            #expect(try await find("\"n999\"", in: shop, search, follower).map(\.sku) == ["B999"])
            #expect(try await find("creme", in: shop, search, follower).map(\.sku) == ["T-0"])
            let theirs = try await find("torch", in: shop, search, follower, of: CatalogFixture.other)
            #expect(theirs.count == 1)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aHitShowsTheSameFromTheIndexAndFromTheTables(engine: TestStore.Engine) async throws {
        try await withSearch(engine) { shop, _, running, index in
            try await fill(shop)
            _ = try await shop.create(
                #"""
                {"sku": "K", "name": "Dear torch", "price": 2, "cost": "1.25",
                 "variants": [{"sku": "L", "cost": 1}, {"sku": "M"}]}
                """#)
            try await running.waitUntil(position: shop.store.log.seen, atMost: .seconds(20))
            // A follower that has heard of nothing: with it the search cannot know that the index is up to date.
            let projection = ProductTextProjection(index, shop.products, of: shop.store.log)
            let idle = Follower(
                projection, of: shop.store.log, metrics: shop.store.metrics, logger: Logger(label: "test"))
            let fresh = ProductSearch(index, shop.products, running, of: shop.store.log)
            let behind = ProductSearch(index, shop.products, idle, of: shop.store.log)
            for words in ["torch", "red lamp", "huge"] {
                let query = try TextQuery(words)
                let images = try await fresh.search(query, of: .first)
                let rows = try await behind.search(query, of: .first)
                #expect(images.map { text($0) } == rows.map { text($0) } && !rows.isEmpty)
                #expect(images.map { text($0.showingCosts(true)) } == rows.map { text($0.showingCosts(true)) })
                let atOnce = try fresh.searchAtOnce(query, of: .first, within: .seconds(20))
                #expect(atOnce?.map { text($0) } == images.map { text($0) })
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aChangeThatTheIndexHasNotHeardOfIsShown(engine: TestStore.Engine) async throws {
        let shop = try await CatalogFixture(engine)
        try await fill(shop)
        let logger = Logger(label: "test")
        let index = TextIndex(
            path: shop.store.directory.file("products.sqlite"), metrics: shop.store.metrics, logger: logger)
        let follower = Follower(
            ProductTextProjection(index, shop.products, of: shop.store.log), of: shop.store.log,
            metrics: shop.store.metrics, logger: logger)
        let search = ProductSearch(index, shop.products, follower, of: shop.store.log)
        let following = Task { try await follower.run() }
        try await follower.waitUntil(position: shop.store.log.seen, atMost: .seconds(20))
        following.cancel()
        _ = await following.result
        let torches = try await search.search(TextQuery("torch"), of: .first)
        let dear = try #require(torches.first { $0.sku == "T-0" })
        let gone = try #require(torches.first { $0.sku == "T-1" })
        _ = try await shop.patch(dear.id, #"{"price": "99", "cost": "7"}"#)
        try await shop.write { try shop.products.delete(gone.id, expecting: nil, in: $0) }
        // What is at hand at once is of the embedded engine alone.
        let atOnce = try search.searchAtOnce(TextQuery("torch"), of: .first, within: .seconds(20))
        #expect((atOnce == nil) == (engine == .postgres))
        let later = try await search.search(TextQuery("torch"), of: .first)
        for hits in [atOnce ?? later, later] {
            #expect(hits.map(\.sku) == ["T-0"])
            #expect(hits.first?.json["price"] == .string("99.00"))
            #expect(hits.first?.json["cost"] == nil)
            #expect(hits.first?.showingCosts(true).json["cost"] == .string("7.00"))
        }
        await index.close()
    }
}

extension ProductHit {
    /// What a client reads of it.
    fileprivate var json: JSONObject {
        guard case .object(let object)? = try? JSONParser.parse(JSONWriter.bytes(of: self)) else { return JSONObject() }
        return object
    }

    fileprivate var sku: String { json["sku"]?.string ?? "" }
}
