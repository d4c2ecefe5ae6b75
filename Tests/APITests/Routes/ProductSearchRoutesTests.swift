import ChangeLog
import Commerce
import Core
import HTTPTypes
import Logging
import Search
import Storage
import TestKit
import Testing

@testable import API

@Suite struct ProductSearchRoutesTests {
    private static let path = "/api/v1/products/search"

    /// Routes on an index of their own; the follower runs while the closure does.
    private func withSearch(
        _ engine: TestStore.Engine, _ body: (RouteCaller, Follower) async throws -> Void
    ) async throws {
        let store = try await TestStore(engine, schemas: Commerce.schemas)
        let commerce = Commerce()
        let logger = Logger(label: "test")
        let index = TextIndex(path: store.directory.file("text.sqlite"), metrics: store.metrics, logger: logger)
        let projection = ProductTextProjection(index, commerce.products, of: store.log)
        let follower = Follower(projection, of: store.log, metrics: store.metrics, logger: logger)
        let search = ProductSearch(index, commerce.products, follower, of: store.log)
        let routes =
            Routes.productRoutes(commerce) + Routes.productSearchRoutes(search, follower, patience: .seconds(20))
        try await body(RouteCaller(store, routes), follower)
        await index.close()
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoHasSeenAWriteFindsWhatItWrote(_ engine: TestStore.Engine) async throws {
        try await withSearch(engine) { api, follower in
            let made = try await api.call(
                .post, "/api/v1/products", body: #"{"sku":"chai","name":"Chai & <co>","price":18}"#)
            #expect(await api.failure(.get, Self.path, query: "q=chai") == "index_not_ready")
            let following = Task { try await follower.run() }
            let found = try await api.call(.get, Self.path, query: "q=cha&limit=5", seen: api.store.log.seen)
            following.cancel()
            #expect(found.json.text("query") == "cha")
            let item = found.json.objects("items").first ?? JSONObject()
            for member in made.json.members { #expect(item[member.name] == member.value) }
            #expect(
                item["highlights"]
                    == .object(
                        JSONObject([
                            .init("sku", .string("<mark>chai</mark>")),
                            .init("name", .string("<mark>Chai</mark> &amp; &lt;co&gt;")),
                        ])))
            #expect(Double(item.text("score")) ?? 0 > 0)
            let inactive = try await api.call(.get, Self.path, query: "q=chai&active=false")
            #expect(inactive.json.objects("items").isEmpty)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aBadSearchIsRefused(_ engine: TestStore.Engine) async throws {
        try await withSearch(engine) { api, _ in
            for query in ["", "q=", "q=a&limit=0", "q=a&limit=101", "q=a&active=1", "q=a&sort=name"] {
                #expect(await api.failure(.get, Self.path, query: query) == "invalid_query", "\(query)")
            }
            #expect(await api.failure(.get, Self.path, query: "q=%21") == "invalid_request")
        }
    }
}
