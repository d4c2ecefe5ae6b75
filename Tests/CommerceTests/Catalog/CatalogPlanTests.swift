import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Commerce

/// What is asked of many skus or products at once reads their rows alone, also on a PostgreSQL that has no statistics
/// of its tables yet.
@Suite struct CatalogPlanTests {
    private static let count = 3_000

    /// A catalogue of one-variant products with stock, which the server has not looked at.
    private func shop() async throws -> CatalogFixture {
        let shop = try await CatalogFixture(.postgres)
        let numbers: SQL = "FROM generate_series(CAST(1 AS BIGINT), \(Self.count)) AS numbers (n)"
        let identifier: SQL = "CAST(LPAD(TO_HEX(n), 32, '0') AS UUID)"
        try await shop.store.database.write { transaction in
            for table in ["products", "variants", "balances"] as [SQL] {
                try transaction.execute("ALTER TABLE \(table) SET (autovacuum_enabled = false)")
            }
            try transaction.execute(
                """
                INSERT INTO products (tenant, id, name, tags, attributes, active, external_id, version, created_at,
                    updated_at)
                SELECT 1, \(identifier), 'Thing', '[]', '{}', 1, 'e' || n, 1, 1, 1 \(numbers)
                """)
            try transaction.execute(
                """
                INSERT INTO variants (tenant, sku, id, product, options, price, currency, tax_rate, active)
                SELECT 1, 's' || n, \(identifier), \(identifier), '{}', 100, 'EUR', 0, 1 \(numbers)
                """)
            try transaction.execute(
                """
                INSERT INTO balances (tenant, sku, location, id, on_hand, reserved, reorder_point, version)
                SELECT 1, 's' || n, 'main', \(identifier), 5, 0, 0, 1 \(numbers)
                """)
        }
        return shop
    }

    private let skus = (1...200).map { "s\($0 * 7)" }
    private let products = (1...200).map { Identifier(high: 0, low: UInt64($0 * 7)) }

    @Test func skusAreLookedUpOneByOne() async throws {
        let shop = try await shop()
        let read = try await shop.read { transaction in
            var found = 0
            let variants = try transaction.rowsRead(of: "variants") {
                found += try shop.products.sellables(skus, of: .first, in: transaction).count
                found += try shop.products.skus(of: products, of: .first, in: transaction).count
            }
            let others = try transaction.rowsRead(of: "products") {
                found += try shop.products.sellables(skus, of: .first, in: transaction).count
            }
            let balances = try transaction.rowsRead(of: "balances") {
                found += try Inventory().stockedSkus(skus, of: .first, in: transaction).count
            }
            return [variants, others, balances, found]
        }
        #expect(read == [400, 200, 200, 800])
    }

    @Test func productsAreLookedUpOneByOne() async throws {
        let shop = try await shop()
        let read = try await shop.read { transaction in
            var found = 0
            let variants = try transaction.rowsRead(of: "variants") {
                found += try shop.products.load(products, of: .first, in: transaction).count
            }
            let heads = try transaction.rowsRead(of: "products") {
                found += try shop.products.load(products, of: .first, in: transaction).count
            }
            return [variants, heads, found]
        }
        #expect(read == [200, 200, 400])
    }

    @Test func aBulkUpsertReadsWhatItChanges() async throws {
        let shop = try await shop()
        let rows = skus.enumerated().map { #"{"sku":"\#($1)","name":"New","external_id":"n\#($0)"}"# }
        let bulk = try decode(#"{"products":[\#(rows.joined(separator: ","))]}"#) { try Bulk(products: &$0) }
        let read = try await shop.write { unit in
            try unit.transaction.rowsRead(of: "variants") { _ = try shop.products.upsert(bulk, in: unit) }
        }
        // Once by its sku and once with its product.
        #expect(read == 400)
    }
}
