public import Core

/// A row of a bulk upsert of products: a patch of the product that has its sku, or everything that a new product needs.
public struct ProductUpsert: Sendable {
    /// What it says of the product.
    public let patch: ProductPatch
    /// What it says of further variants, each by its sku. Those that it does not name stay as they are.
    public let variants: [VariantPatch]

    /// A row in code.
    public init(_ patch: ProductPatch, variants: [VariantPatch] = []) {
        self.patch = patch
        self.variants = variants
    }

    /// Reads the members of a row.
    public init(_ fields: inout JSONFields) {
        fields.require("sku")
        patch = ProductPatch(&fields)
        variants =
            fields.optionalObjects("variants", count: 0...CatalogLimits.variants) { fields in
                fields.require("sku")
                return VariantPatch(&fields)
            } ?? []
    }

    /// Whether it says anything of what the product or a variant cost, which not everybody may.
    public var namesCost: Bool { patch.namesCost || variants.contains(where: \.namesCost) }
}

extension Bulk<ProductUpsert> {
    /// Reads the members of a bulk upsert: `mode` and `products`.
    public init(products fields: inout JSONFields) throws {
        try self.init(&fields, rows: "products", count: CatalogLimits.bulkRows) { ProductUpsert(&$0) }
    }

    /// Whether a row says anything of what something cost.
    public var namesCost: Bool {
        rows.contains { row in
            guard case .success(let row) = row else { return false }
            return row.namesCost
        }
    }
}
