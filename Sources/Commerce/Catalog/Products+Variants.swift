public import ChangeLog
public import Core
public import Storage

/// The further variants of a product. The default variant is changed as the product itself.
extension Products {
    /// A variant of a product.
    ///
    /// - parameter key: the identifier or the sku of the variant.
    /// - throws: ``Failure`` `not_found`.
    public func findVariant(
        _ key: String, of product: Identifier, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> VersionedVariant {
        let product = try find(product, of: tenant, in: transaction)
        return VersionedVariant(variant: product.variants[try product.indexOfVariant(key)], version: product.version)
    }

    /// Adds a variant to a product.
    ///
    /// - parameter version: the version of the product that the client has seen, or nil for whatever is current.
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, `sku_taken`, `too_many_variants` or `invalid_request`.
    public func addVariant(
        _ draft: VariantDraft, to product: Identifier, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> VersionedVariant {
        let old = try current(product, expecting: version, in: unit)
        var new = old
        var variant = Variant(id: unit.makeIdentifier(), of: old)
        let errors = variant.apply(draft.patch)
        guard errors.isEmpty else { throw Failure.invalid(errors) }
        new.variants.append(variant)
        return VersionedVariant(variant: variant, version: try save(new, over: old, in: unit).version)
    }

    /// Changes what a patch names of a variant.
    ///
    /// - parameter key: the identifier or the sku of the variant.
    /// - throws: ``Failure`` as ``addVariant(_:to:expecting:in:)``, and `product_in_use` when the sku of something in
    ///   stock would change.
    public func updateVariant(
        _ key: String, of product: Identifier, _ patch: VariantPatch, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> VersionedVariant {
        let old = try current(product, expecting: version, in: unit)
        let index = try old.indexOfVariant(key)
        var new = old
        let errors = new.variants[index].apply(patch)
        guard errors.isEmpty else { throw Failure.invalid(errors) }
        let saved = try save(new, over: old, in: unit)
        return VersionedVariant(variant: saved.variants[index], version: saved.version)
    }

    /// Removes a variant.
    ///
    /// - parameter key: the identifier or the sku of the variant.
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, or `product_in_use` while it is in stock.
    public func removeVariant(
        _ key: String, of product: Identifier, expecting version: Int64?, in unit: UnitOfWork
    ) throws {
        let old = try current(product, expecting: version, in: unit)
        var new = old
        new.variants.remove(at: try old.indexOfVariant(key))
        _ = try save(new, over: old, in: unit)
    }

    /// Writes the variants in which two states of a product differ, and tells the log of the further ones.
    func saveVariants(of new: Product, over old: Product, in unit: UnitOfWork) throws {
        guard new.variants.count <= CatalogLimits.variants else { throw Self.tooManyVariants }
        let kept = Set(new.allVariants.map(\.sku))
        let released = old.allVariants.map(\.sku).filter { !kept.contains($0) }
        if !released.isEmpty { try requireUnused(released, in: unit) }

        let before = Dictionary(uniqueKeysWithValues: old.allVariants.map { ($0.id, $0) })
        let remaining = Set(new.allVariants.map(\.id))
        for variant in old.variants where !remaining.contains(variant.id) {
            try unit.transaction.execute(
                "DELETE FROM variants WHERE tenant = \(unit.tenant) AND id = \(variant.id)")
            try unit.recordDelete("variant", variant.id, before: JSONWriter.bytes(of: variant))
        }
        for variant in new.allVariants {
            guard let earlier = before[variant.id] else {
                try insert([variant], in: unit)
                try unit.recordInsert("variant", variant.id, after: JSONWriter.bytes(of: variant))
                continue
            }
            guard variant != earlier else { continue }
            try update(variant, in: unit)
            guard !variant.isDefault else { continue }
            try unit.recordUpdate(
                "variant", variant.id, before: JSONWriter.bytes(of: earlier), after: JSONWriter.bytes(of: variant))
        }
    }

    /// Writes new variants with one statement.
    func insert(_ variants: [Variant], in unit: UnitOfWork) throws {
        var insert: SQL = """
            INSERT INTO variants (tenant, sku, id, product, name, options, price, currency, tax_rate, cost, active)
            VALUES\u{20}
            """
        for (index, variant) in variants.enumerated() {
            insert += index == 0 ? "(" : ", ("
            insert += """
                \(unit.tenant), \(variant.sku), \(variant.id), \(variant.productID), \(variant.name),
                \(variant.options.column), \(variant.price.minorUnits), \(variant.price.currency), \(variant.taxRate),
                \(variant.cost?.minorUnits), \(variant.isActive))
                """
        }
        insert += " ON CONFLICT (tenant, sku) DO NOTHING"
        guard try unit.transaction.execute(insert) == variants.count else {
            throw Self.skuTaken(try takenSku(of: variants, in: unit))
        }
    }

    /// The first sku of some variants that belongs to another one.
    private func takenSku(of variants: [Variant], in unit: UnitOfWork) throws -> String {
        let owners = try owners(ofSkus: variants.map(\.sku), in: unit)
        return variants.first { owners[$0.sku]?.variant != $0.id }?.sku ?? ""
    }

    private func update(_ variant: Variant, in unit: UnitOfWork) throws {
        do {
            try unit.transaction.execute(
                """
                UPDATE variants SET sku = \(variant.sku), name = \(variant.name), options = \(variant.options.column),
                    price = \(variant.price.minorUnits), currency = \(variant.price.currency),
                    tax_rate = \(variant.taxRate), cost = \(variant.cost?.minorUnits), active = \(variant.isActive)
                WHERE tenant = \(unit.tenant) AND id = \(variant.id)
                """)
        } catch let violation as ConstraintViolation where violation.kind == .unique {
            throw Self.skuTaken(variant.sku)
        }
    }

    private static let tooManyVariants = Failure.conflict(
        "too_many_variants", "A product has at most \(CatalogLimits.variants) variants. Make another product.")
}

extension Product {
    /// Where a further variant stands, by its identifier or its sku.
    fileprivate func indexOfVariant(_ key: String) throws -> Int {
        let id = Identifier(key)
        guard let index = variants.firstIndex(where: { $0.id == id || $0.sku == key }) else {
            throw Failure.notFound("variant", key)
        }
        return index
    }
}
