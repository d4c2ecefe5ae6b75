public import Core

/// What a client says of a product that is to be: everything that a patch may say, with sku, name and price.
public struct ProductDraft: Sendable {
    /// What is said of the product itself.
    public let patch: ProductPatch
    /// What is said of its further variants.
    public let variants: [VariantPatch]

    /// A draft in code.
    public init(sku: String, name: String, price: Money, variants: [VariantPatch] = [], _ more: ProductPatch = .init())
    {
        var patch = more
        patch.sku = sku
        patch.name = name
        patch.price = Decimal(price.description)
        patch.currency = price.currency
        self.patch = patch
        self.variants = variants
    }

    /// Reads the members of a new product.
    public init(_ fields: inout JSONFields) {
        patch = ProductPatch(&fields)
        variants =
            fields.optionalObjects("variants", count: 0...CatalogLimits.variants) { fields in
                let variant = VariantPatch(&fields)
                fields.require("sku")
                return variant
            } ?? []
        for name in Self.requiredMembers { fields.require(name) }
    }

    /// Reads the members of a product that takes the place of another. Its variants have addresses of their own.
    public init(replacing fields: inout JSONFields) {
        patch = ProductPatch(&fields)
        variants = []
        for name in Self.requiredMembers { fields.require(name) }
    }

    /// A draft from what a row of a bulk upsert says.
    ///
    /// - throws: ``Failure`` `invalid_request` when something is missing.
    init(_ patch: ProductPatch, variants: [VariantPatch]) throws {
        let present = [patch.sku != nil, patch.name != nil, patch.price != nil]
        let errors = zip(Self.requiredMembers, present).filter { !$1 }.map { name, _ in
            Failure.FieldError(
                pointer: "/\(name)", message: "This member is required, because there is no such product.")
        }
        guard errors.isEmpty else { throw Failure.invalid(errors) }
        self.patch = patch
        self.variants = variants
    }

    /// Whether it says anything of what the product or a variant cost, which not everybody may.
    public var namesCost: Bool { patch.namesCost || variants.contains(where: \.namesCost) }

    private static let requiredMembers = ["sku", "name", "price"]
}
