import Core
import Foundation
import Storage
import TestKit
import Testing

extension GraphCrashTests {
    /// How many readings are interrupted.
    private static let interruptions = FaultScale.isFull ? 20 : 3
    /// How many requests each client sends before the graph is wanted.
    private static let shopRequests = FaultScale.isFull ? 2_000 : 500
    /// Nodes by their label and edges by their name, and how many of them the tables make.
    private static let comparisons: [(label: String, inTables: SQL)] = [
        ("Product", "SELECT COUNT(*) FROM products"), ("Order", "SELECT COUNT(*) FROM orders"),
        ("Reservation", "SELECT COUNT(*) FROM reservations"),
        ("CONTAINS", "SELECT COUNT(*) FROM order_lines WHERE product_id IS NOT NULL"),
        ("RESERVES", "SELECT COUNT(*) FROM reservations"),
        ("RESERVED_FOR", "SELECT COUNT(*) FROM reservations WHERE order_id IS NOT NULL"),
    ]

    /// The log does not tell of the shop any more when its graph is wanted, and the server is killed again and again
    /// while it reads the tables and orders come. A reading that came to its end begins anew, as the log is cut again.
    @Test(arguments: TestStore.Engine.allCases)
    func aShopThatIsReadFromItsTablesIsAllThereOnce(_ engine: TestStore.Engine) async throws {
        let random = SeededRandom.fresh()
        let data = try ShopData(engine)
        var shop = try await data.start()
        try await shop.stock(20, units: 1_000_000)
        await Self.write(on: shop, "before", random.seed, times: Self.shopRequests)
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
        var (kills, interruptions) = (0, 0)
        while interruptions < Self.interruptions, kills < 4 * Self.interruptions {
            if !(try await isRead(data)) { try await data.cutLog() }
            shop = try await data.start(["knowledge.shop=true"])
            await withTaskGroup(of: Void.self) { [shop, kills] group in
                group.addTask { await Self.write(on: shop, "r\(kills)", random.seed, times: .max) }
                group.addTask {
                    await Self.expectTakenOver(["entities_read", "changes"], on: shop, "kill \(kills), \(random)")
                    await shop.process.kill()
                }
            }
            kills += 1
            interruptions += try await isRead(data) ? 1 : 0
        }
        #expect(interruptions == Self.interruptions, "\(random)")
        shop = try await data.start(["knowledge.shop=true"])
        // The first may be read from its table; what comes once changes are taken over is not.
        _ = try await Self.order(on: shop)
        await Self.expectTakenOver(["changes"], on: shop, "\(random)")
        let node = "/graph/nodes/order:\(try await Self.order(on: shop))"
        #expect(try await eventually(within: .seconds(120)) { try await shop.send("GET", node).status == 200 })
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
        for (label, inTables) in Self.comparisons {
            let isOne = #"%"\#(label)"%"#
            let found = try await data.count("SELECT COUNT(*) FROM graph_elements WHERE document LIKE \(isOne)")
            let expected = try await data.count(inTables)
            #expect(expected > 0, "\(label), \(random)")
            #expect(found == expected, "\(label), \(random)")
        }
        print("\(engine): \(interruptions) readings of a shop interrupted by \(kills) kills")
    }

    /// Whether a reading was begun and has not come to its end. No server may run.
    private func isRead(_ data: ShopData) async throws -> Bool {
        try await data.count("SELECT COUNT(*) FROM feed_readings WHERE name = 'shop-graph'") > 0
    }

    private static func order(on shop: Shop) async throws -> String {
        let answer = try await shop.send("POST", "/api/v1/orders", #"{"items":[{"sku":"s0","quantity":1}]}"#)
        return try #require(answer["id"], "\(answer.text)")
    }

    /// Waits until a server has taken over something of some kinds.
    private static func expectTakenOver(_ kinds: [String], on shop: Shop, _ when: String) async {
        let isTakenOver = try? await eventually(within: .seconds(60)) {
            for kind in kinds where try await shop.metric("shop_graph_\(kind)_total") ?? 0 > 0 { return true }
            return false
        }
        #expect(isTakenOver == true, "\(when)")
    }

    private static func write(on shop: Shop, _ name: String, _ seed: UInt64, times: Int) async {
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<2 {
                group.addTask {
                    var storm = WriteStorm(name: "\(name)x\(client)", seed: seed &+ UInt64(client))
                    await storm.run(on: shop, times: times)
                }
            }
        }
    }
}
