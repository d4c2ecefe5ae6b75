import Commerce
import Core
import Logging
import Storage
import Telemetry
import TestKit
import Testing

@testable import ChangeLog
@testable import Recommendations

/// A shop in a store of its own, and what makes items and purchases of it.
struct ShopItemsWorld: Sendable {
    let store: TestStore
    let items = Items()
    let interactions = Interactions()

    init(_ engine: TestStore.Engine) async throws {
        store = try await TestStore(engine, schemas: Commerce.schemas + [RecommendationsSchema.schema])
    }

    /// One that knows nothing but what is stored, as after a restart.
    func feed(_ shop: any EntityImages = Commerce(), isOn: Bool = true) throws -> Feed<ShopSink> {
        let settings = try SettingsRegistry(RecommendationsSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["recommendations.shop": "\(isOn)"])
        ])
        return ShopSink(items, interactions)
            .feed(store.log, from: shop, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
    }

    /// Has the shop do something.
    @discardableResult
    func act<T: Sendable>(_ body: @escaping @Sendable (Commerce, UnitOfWork) throws -> T) async throws -> T {
        store.time.advance(bySeconds: 1)
        return try await store.log.write(TestStore.context) { try body(Commerce(), $0) }.value
    }

    /// Takes over all that there is, by another one for each part.
    func catchUp(_ shop: any EntityImages = Commerce()) async throws {
        repeat { _ = try await store.settledHead() } while try await feed(shop).takeOver() > 0
    }

    func progress() async throws -> FeedProgress { try await feed().progress() }

    /// Has the log lose what has happened so far, as retention does.
    ///
    /// - parameter isKept: whether the changes stay, as ``restoreLog()`` needs them. Nobody reads them until then.
    func cutLog(isKept: Bool = false) async throws {
        let head = try await store.settledHead()
        guard !isKept else {
            try await execute("UPDATE change_log_start SET position = \(head)")
            return
        }
        store.time.advance(bySeconds: 7_200)
        try await store.log.forgetFollower(ShopSink.name)
        #expect(try await retention().pass() > 0)
    }

    func retention() throws -> Retention {
        let settings = try SettingsRegistry(ChangeLogSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["change_log.retention_age": "1"])
        ])
        return Retention(store.log, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
    }

    func restoreLog() async throws { try await execute("UPDATE change_log_start SET position = 0") }

    private static let tables: [SQL] = [
        "recommendation_items", "interactions", "shop_items", "shop_skus", "shop_stock", "shop_purchases",
    ]

    /// Forgets what was made of the shop, and how far it is.
    func dropItems() async throws {
        for table in Self.tables + ["feeds", "feed_readings", "feed_findings"] {
            try await execute("DELETE FROM \(table)")
        }
    }

    func execute(_ sql: SQL) async throws { _ = try await store.database.write { try $0.execute(sql) } }

    func count(_ sql: SQL) async throws -> Int64 {
        try await store.database.read { try $0.first(sql) { $0.integer(0) } } ?? 0
    }

    /// How many changes were taken over.
    var changesTaken: Int { store.metrics.counter("shop_recommendation_changes_total", "").with().value }

    /// How many things were taken over from the tables.
    var entitiesRead: Int { store.metrics.counter("shop_recommendation_entities_read_total", "").with().value }

    /// How many there are of them.
    var entities: Int64 {
        get async throws {
            try await count(
                """
                SELECT (SELECT COUNT(*) FROM products) + (SELECT COUNT(*) FROM balances)
                    + (SELECT COUNT(*) FROM orders)
                """)
        }
    }

    /// All items and purchases with all that is said of them, but for times that say when they were written.
    func made() async throws -> [String] {
        try await store.database.read { transaction in
            let items = try transaction.rows(
                "SELECT tenant, document FROM recommendation_items ORDER BY tenant, entity_type, entity_id"
            ) { row in
                guard case .object(let object) = try JSONParser.parse(row.bytes(1)) else { return "" }
                let members = object.members.filter { !["created_at", "updated_at"].contains($0.name) }
                return "\(row.integer(0)) \(String(decoding: JSONWriter.bytes(of: JSONObject(members)), as: UTF8.self))"
            }
            let purchases = try transaction.rows(
                """
                SELECT tenant, user_id, entity_id, interaction_type, interacted_at, weight FROM interactions
                ORDER BY tenant, user_id, interacted_at, id
                """
            ) { "\($0.integer(0)) \($0.text(1)) \($0.text(2)) \($0.text(3)) \($0.integer(4)) \($0.integer(5))" }
            return items + purchases
        }
    }

    /// What is made when every change is taken over from the first on.
    func madeOfAllChanges() async throws -> [String] {
        try await dropItems()
        try await restoreLog()
        try await catchUp()
        return try await made()
    }

    /// Holds what was made against the tables of the shop.
    func expectTrue(_ when: String) async throws {
        let items = try await count("SELECT COUNT(*) FROM recommendation_items")
        #expect(items == (try await count("SELECT COUNT(*) FROM products")), "\(when)")
        let isAvailable = #"%"available":true%"#
        let available = try await count(
            "SELECT COUNT(*) FROM recommendation_items WHERE document LIKE \(isAvailable)")
        let sold = try await count(
            """
            SELECT COUNT(*) FROM products p WHERE p.active = 1 AND COALESCE(
                (SELECT MAX(CASE WHEN b.on_hand > b.reserved THEN 1 ELSE 0 END)
                 FROM variants v JOIN balances b ON b.tenant = v.tenant AND b.sku = v.sku
                 WHERE v.tenant = p.tenant AND v.product = p.id), 1) = 1
            """)
        #expect(available == sold, "\(when)")
        let purchases = try await count("SELECT COUNT(*) FROM interactions WHERE interaction_type = '\"purchase\"'")
        let bought = try await count(
            """
            SELECT COUNT(*) FROM (
                SELECT DISTINCT o.tenant, o.customer_id, o.ordered_at, l.product_id
                FROM orders o JOIN order_lines l ON l.tenant = o.tenant AND l.order_id = o.id
                WHERE o.customer_id IS NOT NULL AND l.product_id IS NOT NULL AND o.status <> 'cancelled'
                    AND (o.status <> 'refunded' OR l.shipped_quantity > 0)) AS bought
            """)
        #expect(purchases == bought, "\(when)")
    }
}
