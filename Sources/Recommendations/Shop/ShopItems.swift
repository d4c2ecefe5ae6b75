import ChangeLog
import Core
import Storage

/// The items that are made of the shop's products. Of each it is kept what it can be bought as and whether it is
/// available, and of each sku whether there is any: so a balance that changes costs a write where a product sells out
/// or is there again, and next to nothing where it is not so.
struct ShopItems: Sendable {
    let items: Items

    /// A sku may have been another product's before.
    private static let skuRows = Insertion(
        into: "shop_skus", "tenant, sku, product",
        ending: "ON CONFLICT (tenant, sku) DO UPDATE SET product = excluded.product")

    /// What is kept of a product.
    private struct Known {
        let skus: [String]
        let isActive: Bool
        let isAvailable: Bool
    }

    /// Writes the item of a product.
    func put(_ product: ShopProduct, in unit: UnitOfWork) throws {
        let gone = try find(product.id, in: unit)?.skus.filter { !product.skus.contains($0) } ?? []
        try release(gone, of: product.id, in: unit)
        let rows = product.skus.flatMap { [unit.tenant.sqlValue, .text($0), .text(product.id)] }
        for statement in Self.skuRows.statements(rows) { try unit.transaction.enqueue(statement) }
        let isAvailable = try product.isActive && isInStock(product.skus, in: unit)
        let skus = JSONWriter.bytes(of: JSONValue.array(product.skus.map(JSONValue.string)))
        try unit.transaction.enqueue(
            """
            INSERT INTO shop_items (tenant, product, skus, is_active, is_available)
            VALUES (\(unit.tenant), \(product.id), \(SQLValue.utf8(skus)), \(product.isActive ? 1 : 0),
                \(isAvailable ? 1 : 0))
            ON CONFLICT (tenant, product) DO UPDATE SET skus = excluded.skus, is_active = excluded.is_active,
                is_available = excluded.is_available
            """)
        let draft = ItemDraft(
            ShopProduct.key(product.id), attributes: product.attributes, isAvailable: isAvailable)
        try items.put([draft], in: unit)
    }

    /// Deletes the item of a product, if one was made.
    func remove(_ product: String, in unit: UnitOfWork) throws {
        guard let known = try find(product, in: unit) else { return }
        try release(known.skus, of: product, in: unit)
        try unit.transaction.execute(
            "DELETE FROM shop_items WHERE tenant = \(unit.tenant) AND product = \(product)")
        let key = ShopProduct.key(product)
        guard try items.find([key], of: unit.tenant, in: unit.transaction)[key] != nil else { return }
        try items.delete(key, in: unit)
    }

    /// Takes over what there is of a sku at a location, and whether its product can be recommended by that.
    func put(_ stock: ShopStock, in unit: UnitOfWork) throws {
        let changed = try unit.transaction.execute(
            """
            INSERT INTO shop_stock (tenant, sku, location, is_available)
            VALUES (\(unit.tenant), \(stock.sku), \(stock.location), \(stock.isAvailable ? 1 : 0))
            ON CONFLICT (tenant, sku, location) DO UPDATE SET is_available = excluded.is_available
                WHERE shop_stock.is_available <> excluded.is_available
            """)
        guard changed > 0, let product = try product(of: stock.sku, in: unit),
            let known = try find(product, in: unit)
        else { return }
        let isAvailable = try known.isActive && isInStock(known.skus, in: unit)
        guard isAvailable != known.isAvailable else { return }
        try unit.transaction.enqueue(
            """
            UPDATE shop_items SET is_available = \(isAvailable ? 1 : 0)
            WHERE tenant = \(unit.tenant) AND product = \(product)
            """)
        let key = ShopProduct.key(product)
        let lock = unit.transaction.rowLock(of: "i")
        guard let item = try items.find([key], of: unit.tenant, in: unit.transaction, lock: lock)[key] else { return }
        try items.put([ItemDraft(key, attributes: item.attributes, isAvailable: isAvailable)], in: unit)
    }

    /// Whether there is any of some skus, or nobody counts them.
    private func isInStock(_ skus: [String], in unit: UnitOfWork) throws -> Bool {
        let counted = try unit.transaction.rows(
            "SELECT is_available FROM shop_stock WHERE tenant = \(unit.tenant) AND sku = \(each: skus)"
        ) { $0.integer(0) != 0 }
        return counted.isEmpty || counted.contains(true)
    }

    private func find(_ product: String, in unit: UnitOfWork) throws -> Known? {
        try unit.transaction.first(
            """
            SELECT skus, is_active, is_available FROM shop_items
            WHERE tenant = \(unit.tenant) AND product = \(product)
            """
        ) { row in
            Known(skus: try Self.texts(row.bytes(0)), isActive: row.integer(1) != 0, isAvailable: row.integer(2) != 0)
        }
    }

    private static func texts(_ json: [UInt8]) throws -> [String] {
        guard case .array(let elements) = try JSONParser.parse(json) else { return [] }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    private func product(of sku: String, in unit: UnitOfWork) throws -> String? {
        try unit.transaction.first(
            "SELECT product FROM shop_skus WHERE tenant = \(unit.tenant) AND sku = \(sku)"
        ) { $0.text(0) }
    }

    /// A product is not bought as some skus any more; another one may be.
    private func release(_ skus: [String], of product: String, in unit: UnitOfWork) throws {
        guard !skus.isEmpty else { return }
        try unit.transaction.execute(
            """
            DELETE FROM shop_skus
            WHERE tenant = \(unit.tenant) AND sku IN (\(list: skus)) AND product = \(product)
            """)
    }

    // MARK: The sweep

    /// Some of the products of which items were made, of all tenants.
    ///
    /// - parameter last: the one after which they come; nil begins.
    func places(after last: ShopPlace?, limit: Int, in transaction: any ReadTransaction) throws -> [ShopPlace] {
        var query: SQL = "SELECT tenant, product FROM shop_items"
        if let last { query += " WHERE (tenant, product) > (\(last.tenant), \(last.product))" }
        query += " ORDER BY tenant, product LIMIT \(limit)"
        return try transaction.rows(query) { ShopPlace(Tenant($0.integer(0)), $0.text(1)) }
    }
}
