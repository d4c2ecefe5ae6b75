public import Core
public import Storage

/// What an order needs to know of a sku.
public struct Sellable: Sendable, Hashable {
    /// The sku.
    public let sku: String
    /// The product that it is a variant of.
    public let productID: Identifier
    /// The variant.
    public let variantID: Identifier
    /// The product's name, with the variant's in parentheses when it has one.
    public let name: String
    /// The price of one.
    public let price: Money
    /// The tax on it.
    public let taxRate: Rate
    /// Whether product and variant may be sold.
    public let isActive: Bool
}

extension Products {
    /// Looks up skus, all with one statement. Unknown ones are missing in the result.
    public func sellables(
        _ skus: [String], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [String: Sellable] {
        guard !skus.isEmpty else { return [:] }
        var sellables: [String: Sellable] = Dictionary(minimumCapacity: skus.count)
        try transaction.forEachRow(Self.sellables(skus, of: tenant)) { row in
            let sellable = try Sellable(row)
            sellables[sellable.sku] = sellable
            return true
        }
        return sellables
    }

    /// The question that ``sellables(_:of:in:)`` asks.
    static func sellables(_ skus: [String], of tenant: Tenant) -> SQL {
        """
        SELECT v.sku, v.product, v.id, p.name, v.name, v.price, v.currency, v.tax_rate, v.active * p.active
        FROM variants v JOIN products p ON p.tenant = v.tenant AND p.id = v.product
        WHERE v.tenant = \(tenant) AND v.sku = \(each: skus)
        """
    }

    /// The skus of variants, or of products' default variants, all with one statement. Unknown ones are missing in the
    /// result.
    func skus(
        of productsOrVariants: [Identifier], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [Identifier: String] {
        guard !productsOrVariants.isEmpty else { return [:] }
        let query: SQL = """
            SELECT id, sku FROM variants WHERE tenant = \(tenant) AND id = \(each: productsOrVariants)
            """
        let rows = try transaction.rows(query) { (try $0.identifier(0), $0.text(1)) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// The sku of a variant, or of a product's default variant; nil when there is neither.
    public func sku(
        of productOrVariant: Identifier, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> String? {
        try transaction.first(
            "SELECT sku FROM variants WHERE tenant = \(tenant) AND id = \(productOrVariant)"
        ) { $0.text(0) }
    }
}

extension Sellable {
    fileprivate init(_ row: Row) throws {
        sku = row.text(0)
        productID = try row.identifier(1)
        variantID = try row.identifier(2)
        name = row.optionalText(4).map { "\(row.text(3)) (\($0))" } ?? row.text(3)
        price = Money(stored: row.integer(5), currency: try row.currency(6))
        taxRate = row.rate(7)
        isActive = row.bool(8)
    }
}
