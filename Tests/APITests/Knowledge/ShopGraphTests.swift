import API
import ChangeLog
import Commerce
import Core
import Storage
import Telemetry
import TestKit
import Testing

/// The shop is a graph by itself: what is sold over HTTP is found by a search.
@Suite(.timeLimit(.minutes(5))) struct ShopGraphTests {
    private static func withShop(
        _ engine: TestStore.Engine, isGraph: Bool = true, _ body: (LiveServer) async throws -> Void
    ) async throws {
        let commerce = Commerce()
        let shop =
            Routes.productRoutes(commerce) + Routes.customerRoutes(commerce) + Routes.orderRoutes(commerce)
            + Routes.inventoryRoutes(commerce)
        try await KnowledgeRoutesFixture.withServer(
            engine, settings: isGraph ? ["knowledge.shop": "true"] : [:], routes: shop, body)
    }

    private static func post(_ server: LiveServer, _ path: String, _ body: String) async throws -> String {
        let answer = try await server.send("POST", path, body)
        #expect((200..<300).contains(answer.status), "\(path): \(String(decoding: answer.body, as: UTF8.self))")
        return try answer.json().text("id")
    }

    private static func names(_ server: LiveServer, _ path: String, _ body: String) async throws -> [String] {
        let answer = try await server.send("POST", path, body)
        guard case .array(let found)? = try answer.json()[path == "/search/nodes" ? "nodes" : "edges"] else {
            return []
        }
        return found.compactMap { if case .string(let name)? = $0["name"] { name } else { nil } }
    }

    private static func product(_ server: LiveServer, _ sku: String, _ name: String, by supplier: String) async throws
        -> String
    {
        try await post(
            server, "/api/v1/products",
            """
            {"sku": "\(sku)", "name": "\(name)", "price": "3.00", "currency": "USD",
             "attributes": {"category": "Beverages", "supplier": "\(supplier)"}}
            """)
    }

    private static func order(_ server: LiveServer, of customer: String, _ skus: String...) async throws -> String {
        let items = skus.map { #"{"sku": "\#($0)", "quantity": 2}"# }.joined(separator: ", ")
        return try await post(
            server, "/api/v1/orders",
            #"{"customer_id": "\#(customer)", "items": [\#(items)], "reserve": false}"#)
    }

    @Test func namesThatLookAlikeAreOneSupplier() async throws {
        try await Self.withShop(.sqlite) { server in
            _ = try await Self.product(server, "chai", "Chai", by: "Caf\u{E9}")
            _ = try await Self.product(server, "beer", "Beer", by: "Cafe\u{301}")
            let beers = #"{"query": "Beer", "filters": {"node_labels": ["Product"]}}"#
            try await wait { try await Self.names(server, "/search/nodes", beers) == ["Beer"] }
            let suppliers = #"{"query": "cafe", "filters": {"node_labels": ["Supplier"]}}"#
            #expect(try await Self.names(server, "/search/nodes", suppliers) == ["Caf\u{E9}"])
            #expect(try await server.send("GET", "/graph/nodes/supplier:Caf%C3%A9").status == 200)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoBoughtWhatASupplierSellsIsOneSearch(_ engine: TestStore.Engine) async throws {
        try await Self.withShop(engine) { server in
            _ = try await Self.product(server, "chai", "Chai", by: "Exotic Liquids")
            _ = try await Self.product(server, "beer", "Beer", by: "Bavaria Brews")
            let ada = try await Self.post(server, "/api/v1/customers", #"{"name": "Ada"}"#)
            let bob = try await Self.post(server, "/api/v1/customers", #"{"name": "Bob"}"#)
            let first = try await Self.order(server, of: ada, "chai", "beer")
            _ = try await Self.order(server, of: bob, "beer")
            func buyers(of supplier: String) async throws -> [String] {
                try await Self.names(
                    server, "/search/nodes",
                    """
                    {"bfs_origin_node_uuids": ["supplier:\(supplier)"], "filters": {"node_labels": ["Customer"]},
                     "config": {"search_methods": ["bfs"], "bfs_max_depth": 2}}
                    """)
            }
            try await wait { try await buyers(of: "Bavaria Brews") == ["Ada", "Bob"] }
            #expect(try await buyers(of: "Exotic Liquids") == ["Ada"])
            let sold = try await Self.names(server, "/search/edges", #"{"query": "bought chai"}"#)
            #expect(sold.contains("BOUGHT"))
            let products = #"{"query": "chai", "filters": {"node_labels": ["Product"]}}"#
            #expect(try await Self.names(server, "/search/nodes", products) == ["Chai"])
            // What is cancelled was so until then.
            let cancelled = try await server.send(
                "POST", "/api/v1/orders/\(first)/cancel", "{}", headers: ["If-Match": "\"1\""])
            #expect(cancelled.status == 200, "\(String(decoding: cancelled.body, as: UTF8.self))")
            let held = """
                {"query": "bought",
                 "filters": {"edge_types": ["BOUGHT"], "invalid_at": [[{"comparison_operator": "IS NULL"}]]}}
                """
            try await wait { try await Self.names(server, "/search/edges", held).count == 1 }
        }
    }

    @Test func aProductThatGoesElsewhereHasOneSupplier() async throws {
        try await Self.withShop(.sqlite) { server in
            let id = try await Self.product(server, "chai", "Chai", by: "Exotic Liquids")
            func suppliers() async throws -> [String] {
                let path = "/graph/nodes/product:\(id)/neighbors?edge_types=SUPPLIED_BY&ids_only=true"
                guard case .array(let nodes)? = try await server.send("GET", path).json()["nodes"] else { return [] }
                return nodes.compactMap { if case .string(let id)? = $0["uuid"] { id } else { nil } }
            }
            try await wait { try await suppliers() == ["supplier:Exotic Liquids"] }
            let patch = #"{"attributes": {"supplier": null, "supplier_id": 4}}"#
            let patched = try await server.send(
                "PATCH", "/api/v1/products/\(id)", patch, headers: ["If-Match": "\"1\""])
            #expect(patched.status == 200)
            try await wait { try await suppliers() == ["supplier:4"] }
        }
    }

    @Test func whatIsReservedForAnOrderStandsBesideIt() async throws {
        try await Self.withShop(.sqlite) { server in
            _ = try await Self.product(server, "chai", "Chai", by: "Exotic Liquids")
            let received = try await server.send(
                "POST", "/api/v1/inventory/receive", #"{"sku": "chai", "quantity": 9}"#)
            #expect((200..<300).contains(received.status))
            let order = try await Self.post(
                server, "/api/v1/orders", #"{"items": [{"sku": "chai", "quantity": 2}], "reserve": true}"#)
            func around(_ types: String) async throws -> Int {
                let path = "/graph/nodes/order:\(order)/neighbors?edge_types=\(types)&depth=2&ids_only=true"
                guard case .array(let nodes)? = try await server.send("GET", path).json()["nodes"] else { return 0 }
                return nodes.count
            }
            try await wait { try await around("RESERVED_FOR,RESERVES") == 2 }
            try await wait { try await around("CONTAINS,SUPPLIED_BY") == 2 }
        }
    }

    @Test func whatIsTakenOverIsCounted() async throws {
        try await Self.withShop(.sqlite) { server in
            _ = try await Self.post(server, "/api/v1/customers", #"{"name": "Ada"}"#)
            let counter = server.store.metrics.counter("shop_graph_changes_total", "").with()
            try await wait { counter.value == 1 }
        }
    }

    /// An order is many more writes when the shop is a graph too, so that is nothing that happens unasked.
    @Test func aShopIsNoGraphUnlessThatIsWanted() async throws {
        try await Self.withShop(.sqlite, isGraph: false) { server in
            let id = try await Self.post(server, "/api/v1/customers", #"{"name": "Ada"}"#)
            // What is written after it is found, and nobody has taken over what was before.
            #expect(try await server.send("PUT", "/graph/nodes/later", #"{"name": "later"}"#).status == 201)
            #expect(try await server.send("GET", "/graph/nodes/customer:\(id)").status == 404)
            let begun = try await server.store.log.read { transaction in
                try transaction.exists("SELECT 1 FROM feeds WHERE name = 'shop-graph'")
            }.value
            #expect(!begun)
        }
    }
}
