import Commerce
import Core
import Storage
import TestKit
import Testing

/// The queries of stock look into their indexes, whatever the number of rows, on the connection that made the tables
/// and on every other.
@Suite struct InventoryPlanTests {
    private static let plans: [(query: SQL, plan: String)] = [
        (
            "SELECT * FROM reservations WHERE tenant = \(1) AND order_id = \(Identifier(high: 1, low: 1)) ORDER BY id",
            "SEARCH reservations USING INDEX reservations_by_order (tenant=? AND order_id=?)"
        ),
        (
            "SELECT * FROM reservations WHERE tenant = \(1) AND reference = \("a") AND sku = \("b")",
            "SEARCH reservations USING INDEX reservations_by_reference (tenant=? AND reference=? AND sku=?)"
        ),
        (
            "SELECT * FROM reservations WHERE tenant = \(1) AND state = \("held") ORDER BY id DESC LIMIT \(21)",
            "SEARCH reservations USING INDEX reservations_by_state (tenant=? AND state=?)"
        ),
        (
            """
            SELECT tenant, id FROM reservations
            WHERE state = 'held' AND expires_at IS NOT NULL AND expires_at <= \(1) ORDER BY expires_at LIMIT \(9)
            """, "SEARCH reservations USING INDEX reservations_to_expire (expires_at>? AND expires_at<?)"
        ),
        (
            """
            SELECT * FROM balances WHERE tenant = \(1) AND reorder_point >= on_hand - reserved
            ORDER BY sku, location LIMIT \(21)
            """, "SEARCH balances USING INDEX balances_low (tenant=?)"
        ),
        (
            "SELECT * FROM balances WHERE tenant = \(1) AND location = \("a") ORDER BY sku, location LIMIT \(21)",
            "SEARCH balances USING INDEX balances_by_location (tenant=? AND location=?)"
        ),
        (
            "SELECT * FROM stock_ledger WHERE tenant = \(1) AND sku = \("a") ORDER BY id DESC LIMIT \(21)",
            "SEARCH stock_ledger USING INDEX stock_ledger_by_sku (tenant=? AND sku=?)"
        ),
    ]

    @Test func eachQueryUsesItsIndex() async throws {
        let room = try await StockRoom(.sqlite)
        for (query, plan) in Self.plans {
            let explain: SQL = "EXPLAIN QUERY PLAN \(query)"
            let read = try await room.store.database.read { transaction in
                // A connection learns of a new schema when it runs a statement, which explaining one does not do.
                _ = try transaction.exists("SELECT 1 FROM balances")
                return try transaction.rows(explain) { $0.text(3) }
            }
            let written = try await room.store.database.write { try $0.rows(explain) { $0.text(3) } }
            #expect(read == [plan])
            #expect(written == [plan])
        }
    }
}
