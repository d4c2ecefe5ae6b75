public import ChangeLog
import Core
import Storage

/// Making and changing many products in one unit of work.
extension Products {
    /// Makes the product of each row whose sku is unknown, and patches the product of each other one.
    ///
    /// In mode `per_row` the refused rows are part of the result.
    ///
    /// - throws: in mode `atomic`, ``Failure`` `bulk_rejected` with what is wrong with each refused row.
    public func upsert(_ bulk: Bulk<ProductUpsert>, in unit: UnitOfWork) throws -> BulkResult {
        var state = try BulkState(bulk, self, in: unit)
        return try bulk.result(
            "products",
            bulk.rows.map { row in
                switch row {
                case .failure(let failure): .rejected(failure)
                case .success(let row): try upsert(row, &state, in: unit)
                }
            })
    }

    /// Does what a row says, when everything about it is known to be right. What fails after that fails the whole bulk,
    /// because half a row may be written by then.
    private func upsert(
        _ row: ProductUpsert, _ state: inout BulkState, in unit: UnitOfWork
    ) throws -> BulkResult.Outcome {
        let old: Product?
        let new: Product
        do {
            (old, new) = try prepare(row, state, in: unit)
        } catch let failure as Failure where failure.kind == .invalid || failure.kind == .conflict {
            return .rejected(failure)
        }
        guard let old else {
            try insert(new, in: unit)
            state.note(new)
            return .created(new.id, version: new.version)
        }
        let saved = try save(new, over: old, in: unit)
        state.note(saved)
        return saved == old
            ? .unchanged(saved.id, version: saved.version) : .updated(saved.id, version: saved.version)
    }

    /// The product that a row is about, if there is one, and what it shall be.
    private func prepare(
        _ row: ProductUpsert, _ state: BulkState, in unit: UnitOfWork
    ) throws -> (old: Product?, new: Product) {
        let sku = row.patch.sku ?? ""
        guard let owner = state.owners[sku] else {
            let new = try makeProduct(ProductDraft(row.patch, variants: row.variants), in: unit)
            try state.requireFree(new)
            return (nil, new)
        }
        guard let old = state.products[owner.product], old.sku == sku else { throw Self.skuTaken(sku) }
        let new = try patched(old, with: row, in: unit)
        try state.requireFree(new)
        return (old, new)
    }

    private func patched(_ old: Product, with row: ProductUpsert, in unit: UnitOfWork) throws -> Product {
        var new = old
        var errors = new.apply(row.patch)
        for (index, patch) in row.variants.enumerated() {
            let pointer = "/variants/\(index)"
            if let place = new.variants.firstIndex(where: { $0.sku == patch.sku }) {
                errors += new.variants[place].apply(patch, at: pointer)
            } else {
                var variant = Variant(id: unit.makeIdentifier(), of: new)
                errors += variant.apply(patch, at: pointer)
                new.variants.append(variant)
            }
        }
        if new.variants.count > CatalogLimits.variants {
            errors.append(
                .init(pointer: "/variants", message: "A product has at most \(CatalogLimits.variants) variants."))
        }
        guard errors.isEmpty else { throw Failure.invalid(errors) }
        return new
    }

    /// Whom skus belong to, for the skus of which there are any.
    func owners(ofSkus skus: [String], in unit: UnitOfWork) throws -> [String: SkuOwner] {
        var owners: [String: SkuOwner] = [:]
        for part in skus.parts {
            let query: SQL = """
                SELECT sku, id, product FROM variants
                WHERE tenant = \(unit.tenant) AND sku = \(each: part)
                """
            try unit.transaction.forEachRow(query) { row in
                owners[row.text(0)] = SkuOwner(variant: try row.identifier(1), product: try row.identifier(2))
                return true
            }
        }
        return owners
    }
}

/// The variant and product that a sku belongs to.
struct SkuOwner {
    let variant: Identifier
    let product: Identifier
}

/// What a bulk upsert has to know of the tables, read before its first row and kept true with each.
private struct BulkState {
    var owners: [String: SkuOwner]
    var products: [Identifier: Product] = [:]
    private var externalIDs: [String: Identifier] = [:]

    init(_ bulk: Bulk<ProductUpsert>, _ service: Products, in unit: UnitOfWork) throws {
        var skus: [String] = []
        var names: [String] = []
        for case .success(let row) in bulk.rows {
            skus += [row.patch.sku].compactMap { $0 } + row.variants.compactMap(\.sku)
            if case .set(let name) = row.patch.externalID { names.append(name) }
        }
        owners = try service.owners(ofSkus: skus, in: unit)
        for part in Array(Set(owners.values.map(\.product))).parts {
            for product in try service.load(part, of: unit.tenant, in: unit.transaction) {
                products[product.id] = product
            }
        }
        for part in names.parts {
            let query: SQL = """
                SELECT external_id, id FROM products
                WHERE tenant = \(unit.tenant) AND external_id = \(each: part)
                """
            try unit.transaction.forEachRow(query) { row in
                externalIDs[row.text(0)] = try row.identifier(1)
                return true
            }
        }
    }

    /// Refuses a product of which a sku or the external identifier belongs to another one.
    func requireFree(_ product: Product) throws {
        var seen = Set<String>()
        for variant in product.allVariants {
            guard owners[variant.sku].map({ $0.variant == variant.id }) ?? true, seen.insert(variant.sku).inserted
            else {
                throw Products.skuTaken(variant.sku)
            }
        }
        guard let externalID = product.externalID else { return }
        guard externalIDs[externalID].map({ $0 == product.id }) ?? true else {
            throw Products.externalIDTaken(externalID)
        }
    }

    /// Takes note of a product as it is now.
    mutating func note(_ product: Product) {
        if let old = products[product.id]?.externalID { externalIDs[old] = nil }
        if let externalID = product.externalID { externalIDs[externalID] = product.id }
        products[product.id] = product
        for variant in product.allVariants {
            owners[variant.sku] = SkuOwner(variant: variant.id, product: product.id)
        }
    }
}

extension Array {
    /// Slices short enough for the values of one statement.
    fileprivate var parts: [[Element]] {
        stride(from: 0, to: count, by: 512).map { Array(self[$0..<Swift.min($0 + 512, count)]) }
    }
}
