import ChangeLog
import Core
import Storage

/// How products stand in their tables.
extension Products {
    /// The products of some identifiers with their variants, all with one statement, in the order of the identifiers.
    func load(
        _ ids: [Identifier], of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [Product] {
        guard !ids.isEmpty else { return [] }
        let query: SQL = """
            SELECT p.id, p.name, p.description, p.tags, p.attributes, p.active, p.external_id, p.version, p.created_at,
                p.updated_at, v.id, v.sku, v.name, v.options, v.price, v.currency, v.tax_rate, v.cost, v.active
            FROM products p JOIN variants v ON v.tenant = p.tenant AND v.product = p.id
            WHERE p.tenant = \(tenant) AND p.id = \(each: ids) ORDER BY p.id, v.id
            """
        var products: [Identifier: Product] = Dictionary(minimumCapacity: ids.count)
        try transaction.forEachRow(query) { row in
            let id = try row.identifier(0)
            let variant = try Variant(row, product: id)
            if variant.isDefault {
                products[id] = try Product(row, defaultVariant: variant)
            } else {
                products[id]?.variants.append(variant)
            }
            return true
        }
        return ids.compactMap { products[$0] }
    }

    /// Writes a new product and tells the log of it.
    func insert(_ product: Product, in unit: UnitOfWork) throws {
        try insert(product.allVariants, in: unit)
        let inserted = try unit.transaction.execute(
            """
            INSERT INTO products (tenant, id, name, description, tags, attributes, active, external_id, version,
                created_at, updated_at)
            VALUES (\(unit.tenant), \(product.id), \(product.name), \(product.description), \(product.tags.column),
                \(product.attributes.column), \(product.isActive), \(product.externalID), \(product.version),
                \(product.createdAt), \(product.updatedAt))
            ON CONFLICT (tenant, external_id) DO NOTHING
            """)
        guard inserted == 1 else { throw Self.externalIDTaken(product.externalID ?? "") }
        try insertTags(of: product, in: unit)
        try unit.recordInsert("product", product.id, after: JSONWriter.bytes(of: product))
        for variant in product.variants {
            try unit.recordInsert("variant", variant.id, after: JSONWriter.bytes(of: variant))
        }
    }

    /// Writes what differs between two states of a product and tells the log of it. Nothing differs, nothing happens.
    func save(_ changed: Product, over old: Product, in unit: UnitOfWork) throws -> Product {
        guard changed != old else { return old }
        var new = changed
        new.version = old.version + 1
        new.updatedAt = unit.now
        try saveVariants(of: new, over: old, in: unit)
        try update(new, expecting: old.version, in: unit)
        if new.tags != old.tags {
            try unit.transaction.execute(
                "DELETE FROM product_tags WHERE tenant = \(unit.tenant) AND product = \(new.id)")
            try insertTags(of: new, in: unit)
        }
        try unit.recordUpdate(
            "product", new.id, before: JSONWriter.bytes(of: old), after: JSONWriter.bytes(of: new))
        return new
    }

    private func update(_ product: Product, expecting version: Int64, in unit: UnitOfWork) throws {
        let update: SQL = """
            UPDATE products SET name = \(product.name), description = \(product.description),
                tags = \(product.tags.column), attributes = \(product.attributes.column), active = \(product.isActive),
                external_id = \(product.externalID), version = \(product.version), updated_at = \(product.updatedAt)
            WHERE tenant = \(unit.tenant) AND id = \(product.id) AND version = \(version)
            """
        do {
            guard try unit.transaction.execute(update) == 1 else {
                throw Failure.versionMismatch("product", current: version + 1)
            }
        } catch let violation as ConstraintViolation where violation.kind == .unique {
            throw Self.externalIDTaken(product.externalID ?? "")
        }
    }

    private func insertTags(of product: Product, in unit: UnitOfWork) throws {
        guard let first = product.tags.first else { return }
        var insert: SQL = """
            INSERT INTO product_tags (tenant, tag, product) VALUES (\(unit.tenant), \(first), \(product.id))
            """
        for tag in product.tags.dropFirst() {
            insert += ", (\(unit.tenant), \(tag), \(product.id))"
        }
        try unit.transaction.execute(insert)
    }
}

extension Product {
    fileprivate init(_ row: Row, defaultVariant: Variant) throws {
        self.init(id: try row.identifier(0), currency: defaultVariant.price.currency, createdAt: row.timestamp(8))
        self.defaultVariant = defaultVariant
        name = row.text(1)
        description = row.optionalText(2)
        tags = try row.texts(3)
        attributes = try row.object(4)
        isActive = row.bool(5)
        externalID = row.optionalText(6)
        version = row.integer(7)
        updatedAt = row.timestamp(9)
    }
}

extension Variant {
    fileprivate init(_ row: Row, product: Identifier) throws {
        let currency = try row.currency(15)
        self.init(
            id: try row.identifier(10), productID: product, sku: row.text(11), name: row.optionalText(12),
            options: try row.object(13), price: Money(stored: row.integer(14), currency: currency),
            taxRate: row.rate(16), cost: row.optionalInteger(17).map { Money(stored: $0, currency: currency) },
            isActive: row.bool(18))
    }
}
