import Core
import Storage
import TestKit
import Testing

/// A server that is killed while the shop feeds recommendations.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ShopRecommendationCrashTests {
    private static let rounds = FaultScale.isFull ? 30 : 4
    private static let clients = 3
    private static let skus = 8

    /// Customers order and cancel, and products sell out, until the server is killed. In each other round the log does
    /// not tell of it any more, so the tables are read.
    @Test(arguments: TestStore.Engine.allCases)
    func whatWasOrderedIsBoughtOnceOrNotAtAll(_ engine: TestStore.Engine) async throws {
        var random = SeededRandom.fresh()
        let data = try ShopData(engine)
        var shop = try await data.start()
        try await shop.stock(Self.skus, units: 5)
        var customers: [String] = []
        for number in 0..<Self.clients {
            let answer = try await shop.send("POST", "/api/v1/customers", #"{"name":"customer \#(number)"}"#)
            customers.append(try #require(answer["id"], "\(answer.text)"))
        }
        for round in 1...Self.rounds {
            let life = Duration.milliseconds(Int.random(in: 200...1_500, using: &random))
            let seed = random.next()
            _ = try await shop.storm(Self.clients, killedAfter: life) { [shop, customers] client in
                await Self.buy(on: shop, as: customers[client], seed &+ UInt64(client))
            }
            if round % 2 == 0 { try await data.cutLog() }
            shop = try await data.start()
        }
        // Changes are taken over in their order: all were once the last one was.
        let last = try await shop.send("POST", "/api/v1/customers", #"{"name":"last"}"#)
        let customer = try #require(last["id"], "\(last.text)")
        let order = try await shop.send("POST", "/api/v1/orders", Self.order(of: customer, ["s0"]))
        try #require(order.status == 201, "\(order.text)")
        let history = "/api/v1/interactions/user/\(customer)"
        let isBought = try await eventually(within: .seconds(120)) {
            try await shop.send("GET", history).text.contains("purchase")
        }
        #expect(isBought, "\(random)")
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
        try await Self.expectTrue(data, "\(engine), \(random)")
    }

    private static func order(of customer: String, _ skus: Set<String>) -> String {
        let items = skus.sorted().map { #"{"sku":"\#($0)","quantity":1}"# }.joined(separator: ",")
        return #"{"customer_id":"\#(customer)","items":[\#(items)],"reserve":false}"#
    }

    /// Orders, cancels and counts until the connection breaks, which is what it waits for.
    private static func buy(on shop: Shop, as customer: String, _ seed: UInt64) async {
        guard let connection = try? shop.connect() else { return }
        var random = SeededRandom(seed: seed)
        while true {
            let skus = Set((0..<3).map { _ in "s\(Int.random(in: 0..<Self.skus, using: &random))" })
            guard let answer = try? await connection.exchange("POST", "/api/v1/orders", order(of: customer, skus))
            else { return }
            if Bool.random(using: &random), let id = answer["id"] {
                guard (try? await connection.exchange("POST", "/api/v1/orders/\(id)/cancel", "{}")) != nil else {
                    return
                }
            }
            let count = #"{"sku":"\#(skus.first ?? "s0")","quantity":\#(Int.random(in: 0...1, using: &random))}"#
            guard (try? await connection.exchange("POST", "/api/v1/inventory/count", count)) != nil else { return }
        }
    }

    /// Holds what was made against the tables of the shop. No server may run.
    private static func expectTrue(_ data: ShopData, _ when: String) async throws {
        let isAvailable = #"%"available":true%"#
        let items = try await data.count("SELECT COUNT(*) FROM recommendation_items")
        let available = try await data.count(
            "SELECT COUNT(*) FROM recommendation_items WHERE document LIKE \(isAvailable)")
        let stocked = try await data.count("SELECT COUNT(DISTINCT sku) FROM balances WHERE on_hand > reserved")
        #expect(items == Self.skus && available == stocked, "\(when)")
        let purchases = try await data.count("SELECT COUNT(*) FROM interactions")
        let bought = try await data.count(
            """
            SELECT COUNT(*) FROM (
                SELECT DISTINCT o.customer_id, o.ordered_at, l.product_id
                FROM orders o JOIN order_lines l ON l.tenant = o.tenant AND l.order_id = o.id
                WHERE o.status <> 'cancelled') AS bought
            """)
        let cancelled = try await data.count("SELECT COUNT(*) FROM orders WHERE status = 'cancelled'")
        #expect(purchases == bought && bought > 0 && cancelled > 0, "\(when)")
        print("\(when): \(bought) purchases, \(cancelled) orders cancelled")
    }
}
