public import ChangeLog
public import Core
public import Storage

/// The catalogue: products and their variants.
///
/// A product and its variants are one thing to a client: they share a version, and each change of a variant is a change
/// of its product, too.
public struct Products: Sendable {
    /// Which of some skus something outside the catalogue holds on to, such as stock.
    public typealias SkuUse = @Sendable ([String], Tenant, any ReadTransaction) throws -> [String]

    let skusInUse: SkuUse
    private let defaultCurrency: Currency

    /// The catalogue service.
    ///
    /// - parameters:
    ///   - defaultCurrency: of products that name none.
    ///   - skusInUse: tells which skus may not go. By default every one may.
    public init(defaultCurrency: Currency = .usd, skusInUse: @escaping SkuUse = { _, _, _ in [] }) {
        self.defaultCurrency = defaultCurrency
        self.skusInUse = skusInUse
    }

    /// Makes a product with its variants.
    ///
    /// - throws: ``Failure`` `sku_taken`, `external_id_taken`, or `invalid_request` for amounts that its currency has
    ///   not.
    public func create(_ draft: ProductDraft, in unit: UnitOfWork) throws -> Product {
        let product = try makeProduct(draft, in: unit)
        try insert(product, in: unit)
        return product
    }

    /// A product by its identifier.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(
        _ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Product {
        guard let product = try load([id], of: tenant, in: transaction).first else {
            throw Failure.notFound("product", id)
        }
        return product
    }

    /// The product that a sku belongs to, be it its own or that of a further variant.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(sku: String, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Product {
        let id = try transaction.first(
            "SELECT product FROM variants WHERE tenant = \(tenant) AND sku = \(sku)"
        ) { try $0.identifier(0) }
        guard let id else { throw Failure.notFound("product with the sku", sku) }
        return try find(id, of: tenant, in: transaction)
    }

    /// Changes what a patch names.
    ///
    /// - parameter version: the version that the client has seen, or nil for whatever is current.
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, `sku_taken`, `external_id_taken`, `product_in_use` when
    ///   the sku of something in stock would change, or `invalid_request`.
    public func update(
        _ id: Identifier, _ patch: ProductPatch, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Product {
        let old = try current(id, expecting: version, in: unit)
        var new = old
        let errors = new.apply(patch)
        guard errors.isEmpty else { throw Failure.invalid(errors) }
        return try save(new, over: old, in: unit)
    }

    /// Puts what a draft says in the place of everything that the product was, but for its variants, and for its cost
    /// when the draft does not name it, because not everybody can see it.
    ///
    /// - throws: ``Failure`` as ``update(_:_:expecting:in:)``.
    public func replace(
        _ id: Identifier, _ draft: ProductDraft, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Product {
        let old = try current(id, expecting: version, in: unit)
        let currency = draft.patch.currency ?? defaultCurrency
        var new = Product(id: id, currency: currency, createdAt: old.createdAt)
        new.version = old.version
        new.updatedAt = old.updatedAt
        new.variants = old.variants
        if currency == old.currency { new.defaultVariant.cost = old.defaultVariant.cost }
        var errors = new.apply(draft.patch)
        if currency != old.currency, !old.variants.isEmpty {
            errors.append(
                .init(pointer: "/currency", message: "The currency changes only while there are no further variants."))
        }
        guard errors.isEmpty else { throw Failure.invalid(errors) }
        return try save(new, over: old, in: unit)
    }

    /// Removes a product and its variants. Orders keep their copies of what they need of it.
    ///
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, or `product_in_use` while one of its skus is in stock.
    public func delete(_ id: Identifier, expecting version: Int64?, in unit: UnitOfWork) throws {
        let product = try current(id, expecting: version, in: unit)
        try requireUnused(product.allVariants.map(\.sku), in: unit)
        for table: SQL in ["product_tags", "variants"] {
            try unit.transaction.execute("DELETE FROM \(table) WHERE tenant = \(unit.tenant) AND product = \(id)")
        }
        try unit.transaction.execute("DELETE FROM products WHERE tenant = \(unit.tenant) AND id = \(id)")
        for variant in product.variants {
            try unit.recordDelete("variant", variant.id, before: JSONWriter.bytes(of: variant))
        }
        try unit.recordDelete("product", id, before: JSONWriter.bytes(of: product))
    }

    // MARK: What the operations share

    /// The product as it is, when the client has seen that version of it.
    func current(_ id: Identifier, expecting version: Int64?, in unit: UnitOfWork) throws -> Product {
        let product = try find(id, of: unit.tenant, in: unit.transaction)
        if let version, version != product.version {
            throw Failure.versionMismatch("product", current: product.version)
        }
        return product
    }

    /// What a draft says, as a product that is not in any table yet.
    func makeProduct(_ draft: ProductDraft, in unit: UnitOfWork) throws -> Product {
        var product = Product(
            id: unit.makeIdentifier(), currency: draft.patch.currency ?? defaultCurrency,
            createdAt: unit.now)
        var errors = product.apply(draft.patch)
        for (index, patch) in draft.variants.enumerated() {
            var variant = Variant(id: unit.makeIdentifier(), of: product)
            errors += variant.apply(patch, at: "/variants/\(index)")
            product.variants.append(variant)
        }
        guard errors.isEmpty else { throw Failure.invalid(errors) }
        var seen = Set<String>()
        for variant in product.allVariants where !seen.insert(variant.sku).inserted {
            throw Self.skuTaken(variant.sku)
        }
        return product
    }

    /// Refuses to let go of skus that something outside the catalogue holds on to.
    func requireUnused(_ skus: [String], in unit: UnitOfWork) throws {
        let used = try skusInUse(skus, unit.tenant, unit.transaction)
        guard used.isEmpty else {
            throw Failure.conflict(
                "product_in_use",
                "There is stock of \(used.joined(separator: ", ")). Bring it to zero, or set the product to inactive.",
                details: [.init("skus", .array(used.map(JSONValue.string)))])
        }
    }

    static func skuTaken(_ sku: String) -> Failure {
        Failure.conflict(
            "sku_taken", "The sku \(sku) belongs to another product or variant. Choose another, or change that one.",
            details: [.init("sku", .string(sku))])
    }

    static func externalIDTaken(_ externalID: String) -> Failure {
        Failure.conflict(
            "external_id_taken", "Another product has the external_id \(externalID). Change that one instead.",
            details: [.init("external_id", .string(externalID))])
    }
}
