public import Core
public import Storage

/// Which products a list shows, and in which order.
public struct ProductFilter: Sendable, Hashable {
    /// What a list is sorted by.
    public enum Sort: String, CaseIterable, Sendable {
        case createdAt = "created_at"
        case name
        case sku
    }

    /// Only products that may be sold, or only those that may not.
    public var isActive: Bool?
    /// Only products with a tag.
    public var tag: String?
    /// Only the product that a sku belongs to.
    public var sku: String?
    /// Only the product of another system's identifier.
    public var externalID: String?
    /// What the list is sorted by.
    public var sort = Sort.createdAt
    /// Whether the last comes first.
    public var descending = true

    /// Every product, the newest first.
    public init() {}
}

extension Products {
    /// A page of the products that a filter lets through.
    ///
    /// - throws: ``Failure`` `invalid_cursor` when the cursor is of another list.
    public func list(
        _ filter: ProductFilter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Product> {
        let (source, columns) = filter.source(tenant)
        var total: Int64?
        if page.countsTotal {
            total = try transaction.first("SELECT COUNT(*) \(source)") { $0.integer(0) }
        }
        let order = try SQL.page(columns, descending: filter.descending, page)
        let ids = try transaction.rows("SELECT p.id \(source)\(order)") { try $0.identifier(0) }
        let products = try load(ids, of: tenant, in: transaction)
        return Page(fetched: products, page, total: total) { filter.cursor($0) }
    }
}

extension ProductFilter {
    /// The tables and conditions of the list, and the columns that it is sorted by.
    fileprivate func source(_ tenant: Tenant) -> (SQL, columns: [SortColumn]) {
        var source: SQL
        let columns: [SortColumn]
        switch (sort, tag) {
        case (.sku, _):
            columns = [.text("v.sku"), .identifier("v.product")]
            source = """
                FROM variants v JOIN products p ON p.tenant = v.tenant AND p.id = v.product
                WHERE v.tenant = \(tenant) AND v.id = v.product
                """
        case (.createdAt, let tag?):
            // The index of tags has its products in the order of their making already.
            columns = [.identifier("t.product")]
            source = """
                FROM product_tags t JOIN products p ON p.tenant = t.tenant AND p.id = t.product
                WHERE t.tenant = \(tenant) AND t.tag = \(tag)
                """
        default:
            columns = sort == .name ? [.text("p.name"), .identifier("p.id")] : [.identifier("p.id")]
            source = "FROM products p WHERE p.tenant = \(tenant)"
        }
        if let tag, sort != .createdAt {
            source += " AND p.id IN (SELECT product FROM product_tags WHERE tenant = \(tenant) AND tag = \(tag))"
        }
        if let isActive { source += " AND p.active = \(isActive)" }
        if let sku { source += " AND p.id IN (SELECT product FROM variants WHERE tenant = \(tenant) AND sku = \(sku))" }
        if let externalID { source += " AND p.external_id = \(externalID)" }
        return (source, columns)
    }

    fileprivate func cursor(_ product: Product) -> [CursorValue] {
        switch sort {
        case .createdAt: [.identifier(product.id)]
        case .name: [.text(product.name), .identifier(product.id)]
        case .sku: [.text(product.sku), .identifier(product.id)]
        }
    }
}
