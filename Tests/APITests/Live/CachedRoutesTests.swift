import API
import Caching
import ChangeLog
import Commerce
import Core
import Synchronization
import Telemetry
import TestKit
import Testing

/// Lists are answered from the cache, and never with what somebody was told to have changed.
@Suite(.timeLimit(.minutes(5))) struct CachedRoutesTests {
    private static let stored = "millrace; fwd=uri-miss; stored"
    private static let memory = "millrace; hit; detail=memory"

    private static func routes() -> [Route] {
        let commerce = Commerce()
        return Routes.productRoutes(commerce) + Routes.inventoryRoutes(commerce) + Routes.orderRoutes(commerce)
            + Routes.customerRoutes(commerce)
    }

    private static func status(_ server: LiveServer, _ path: String, key: String? = nil) async throws -> String? {
        // Where others write too, an answer is kept once the log is settled.
        _ = try await server.store.settledHead()
        let headers = key.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        let answer = try await server.send("GET", path, headers: headers)
        #expect(answer.status == 200)
        return answer.headers["cache-status"]
    }

    private static func makeProduct(_ server: LiveServer, _ sku: String) async throws {
        let body = #"{"sku":"\#(sku)","name":"Chai","price":"3.33","currency":"USD","cost":"1.11"}"#
        #expect(try await server.send("POST", "/api/v1/products", body).status == 201)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aListIsKeptUntilOneOfItsKindChanges(_ engine: TestStore.Engine) async throws {
        try await LiveServer.run(engine, routes: Self.routes()) { server in
            let lists = ["/api/v1/products?limit=5&active=true", "/api/v1/orders?limit=5", "/api/v1/customers"]
            for list in lists {
                #expect(try await Self.status(server, list) == Self.stored)
                #expect(try await Self.status(server, list) == Self.memory)
            }
            try await Self.makeProduct(server, "chai")
            #expect(try await Self.status(server, lists[0]) == Self.stored)
            #expect(try await Self.status(server, lists[1]) == Self.memory)
            #expect(try await Self.status(server, lists[2]) == Self.memory)
            let found = try await server.send("GET", lists[0])
            #expect(found.headers["cache-status"] == Self.memory)
            #expect(found.headers["content-type"] == "application/json")
            guard case .array(let items) = try found.json()["items"] else {
                Issue.record("The list has no items.")
                return
            }
            #expect(items.count == 1)
            // The same query, written otherwise; and others.
            #expect(try await Self.status(server, "/api/v1/products?active=%74rue&limit=5") == Self.memory)
            #expect(try await Self.status(server, "/api/v1/products?active=true&limit=6") == Self.stored)
            #expect(try await Self.status(server, "/api/v1/products") == Self.stored)
        }
    }

    /// Pages of one list have cursors that lead on, from the cache as from the database.
    @Test(arguments: TestStore.Engine.allCases)
    func cursorsOfKeptPagesLeadOn(_ engine: TestStore.Engine) async throws {
        try await LiveServer.run(engine, routes: Self.routes()) { server in
            for number in 0..<5 { try await Self.makeProduct(server, "s\(number)") }
            for _ in 1...2 {
                var path = "/api/v1/products?limit=2"
                var count = 0
                while true {
                    let page = try await server.send("GET", path).json()
                    if case .array(let items) = page["items"] { count += items.count }
                    guard case .string(let cursor) = page["next_cursor"] else { break }
                    path = "/api/v1/products?limit=2&cursor=\(cursor)"
                }
                #expect(count == 5)
            }
        }
    }

    /// What things cost is in the answer to one who may see it, and in no other, whoever asks first.
    @Test(arguments: [true, false]) func costsAreNotKeptForThoseWhoMayNotSeeThem(seesFirst: Bool) async throws {
        try await LiveServer.run(.sqlite, routes: Self.routes()) { server in
            try await Self.makeProduct(server, "chai")
            let made = try await server.send(
                "POST", "/api/v1/keys", #"{"name":"reader","scopes":["products:read"]}"#)
            let key = try made.json().text("key")
            for seesCosts in [seesFirst, !seesFirst] {
                let headers = seesCosts ? [:] : ["Authorization": "Bearer \(key)"]
                let answer = try await server.send("GET", "/api/v1/products", headers: headers)
                #expect(answer.status == 200)
                #expect(String(decoding: answer.body, as: UTF8.self).contains("1.11") == seesCosts)
            }
        }
    }

    /// A change of nothing but a cost, which stands in no image of the log, ends the lists that show it.
    @Test func aChangeOfACostAloneIsSeen() async throws {
        let routes = Self.routes() + Routes.variantRoutes(Commerce())
        try await LiveServer.run(.sqlite, routes: routes) { server in
            try await Self.makeProduct(server, "chai")
            func list() async throws -> String {
                String(decoding: try await server.send("GET", "/api/v1/products").body, as: UTF8.self)
            }
            guard case .array(let items) = try await server.send("GET", "/api/v1/products").json()["items"],
                case .object(let product) = items.first
            else {
                Issue.record("The list has no product.")
                return
            }
            let path = "/api/v1/products/\(product.text("id"))"
            let patched = try await server.send(
                "PATCH", path, #"{"cost":"2.22"}"#, headers: ["If-Match": "\"1\""])
            #expect(patched.status == 200)
            #expect(try await list().contains("2.22"))
            let variant = #"{"sku":"chai-xl","price":"4.00","cost":"1.55"}"#
            #expect(try await server.send("POST", path + "/variants", variant).status == 201)
            #expect(try await list().contains("1.55"))
            let changed = try await server.send(
                "PATCH", path + "/variants/chai-xl", #"{"cost":"1.66"}"#, headers: ["If-Match": "\"3\""])
            #expect(changed.status == 200, "\(String(decoding: changed.body, as: UTF8.self))")
            #expect(try await list().contains("1.66"))
        }
    }

    /// Nothing in memory, so each answer that is a hit comes from Redis; and none is older than an answered update.
    @Test func nobodyIsGivenAnOlderAnswerFromRedis() async throws {
        let redis = try await RedisServer()
        let settings = try SettingsRegistry(CachingSettings.all).values(from: [
            SettingsSource(
                name: "test",
                texts: [
                    "cache.memory": "0", "cache.query_memory": "0", "cache.redis": redis.url,
                    "cache.redis_timeout": "2000",
                ])
        ])
        let store = try await TestStore(.sqlite, schemas: LiveServer.schemas, settings: settings)
        let client = RedisClient(settings: settings, metrics: store.metrics)
        let cache = Cache(
            store.log.cache, redis: client, namespace: "test", settings: settings, metrics: store.metrics)
        try await LiveServer.run(store, routes: Self.routes(), cache: cache) { server in
            let order = try await Self.makeOrder(server)
            let progress = Progress()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for reader in 1...3 {
                    group.addTask { try await Self.read(order, reader, progress, server) }
                }
                for number in 1...60 {
                    let answer = try await server.send(
                        "PATCH", "/api/v1/orders/\(order)", #"{"notes":"\#(number)"}"#,
                        headers: ["If-Match": "\"\(number)\""])
                    #expect(answer.status == 200)
                    progress.answered.store(number + 1, ordering: .releasing)
                    // Time for the readers to find the entry that the first of them leaves.
                    _ = try await server.send("GET", "/api/v1/orders/\(order)")
                }
                progress.isDone.store(true, ordering: .releasing)
                try await group.waitForAll()
            }
            for path in ["/api/v1/orders/\(order)", "/api/v1/orders"] {
                while try await Self.status(server, path) != "millrace; hit; detail=redis" {}
            }
            let hits = store.metrics.counter("cache_hits_total", "", labels: ["cache"]).with("redis").value
            #expect(hits > 0)
        }
        await client?.close()
    }

    private final class Progress: Sendable {
        let answered = Atomic<Int>(1)
        let isDone = Atomic<Bool>(false)
    }

    private static func read(
        _ order: String, _ reader: Int, _ progress: Progress, _ server: LiveServer
    ) async throws {
        while !progress.isDone.load(ordering: .acquiring) {
            let least = progress.answered.load(ordering: .acquiring)
            let single = try await server.send("GET", "/api/v1/orders/\(order)").json()
            #expect(try #require(Int(single.text("version"))) >= least, "reader \(reader) of the order")
            let list = try await server.send("GET", "/api/v1/orders").json()
            guard case .array(let items) = list["items"], case .object(let first) = items.first else {
                Issue.record("The list has no order.")
                return
            }
            #expect(try #require(Int(first.text("version"))) >= least, "reader \(reader) of the list")
        }
    }

    private static func makeOrder(_ server: LiveServer) async throws -> String {
        try await makeProduct(server, "chai")
        _ = try await server.send("POST", "/api/v1/inventory/receive", #"{"sku":"chai","quantity":10}"#)
        let made = try await server.send("POST", "/api/v1/orders", #"{"items":[{"sku":"chai","quantity":1}]}"#)
        return try made.json().text("id")
    }
}
