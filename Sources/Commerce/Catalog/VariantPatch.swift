public import Core

/// What a client says of a variant: a merge patch of the members that it names.
public struct VariantPatch: Sendable {
    /// The sku.
    public var sku: String?
    /// What distinguishes it, in words.
    public var name = Patch<String>.keep
    /// What distinguishes it, option by option.
    public var options = Patch<JSONObject>.keep
    /// The price, in the product's currency.
    public var price: Decimal?
    /// The tax on it.
    public var taxRate: Rate?
    /// What it cost us.
    public var cost = Patch<Decimal>.keep
    /// Whether it may be sold.
    public var isActive: Bool?

    /// A patch that changes nothing.
    public init() {}

    /// Reads the members of a patch.
    public init(_ fields: inout JSONFields) {
        sku = fields.notNull("sku") { $0.optionalSKU($1) }
        name = fields.patch("name") { $0.optionalString($1, length: CatalogLimits.name) }
        options = fields.patch("options") { $0.optionalTree($1) }
        price = fields.notNull("price") { $0.optionalDecimal($1) }
        taxRate = fields.notNull("tax_rate") { $0.optionalRate($1) }
        cost = fields.patch("cost") { $0.optionalDecimal($1) }
        isActive = fields.notNull("active") { $0.optionalBool($1) }
    }

    /// Whether it says anything of what the variant cost, which not everybody may.
    public var namesCost: Bool { cost != .keep }
}

/// What a client says of a variant that is to be: a patch with a sku. Price and tax rate are the product's when it
/// names none.
public struct VariantDraft: Sendable {
    /// What is said of it.
    public let patch: VariantPatch

    /// A draft in code.
    public init(sku: String, _ more: VariantPatch = .init()) {
        var patch = more
        patch.sku = sku
        self.patch = patch
    }

    /// Reads the members of a new variant.
    public init(_ fields: inout JSONFields) {
        patch = VariantPatch(&fields)
        fields.require("sku")
    }
}

extension Variant {
    /// A further variant of a product, before anybody has said anything of it: priced and taxed as the product is.
    init(id: Identifier, of product: Product) {
        self.init(
            id: id, productID: product.id, sku: "", price: product.defaultVariant.price,
            taxRate: product.defaultVariant.taxRate, isActive: true)
    }

    /// Takes over what a patch says and returns what of it is not acceptable.
    ///
    /// - parameter pointer: where the patch stands in the body.
    mutating func apply(_ patch: VariantPatch, at pointer: String = "") -> [Failure.FieldError] {
        var amounts = AmountReader(currency: price.currency)
        sku = patch.sku ?? sku
        name = patch.name.applied(to: name)
        switch patch.options {
        case .keep: break
        case .remove: options = JSONObject()
        case .set(let changes): options = options.merging(changes)
        }
        price = amounts.read("\(pointer)/price", patch.price) ?? price
        taxRate = patch.taxRate ?? taxRate
        switch patch.cost {
        case .keep: break
        case .remove: cost = nil
        case .set(let number): cost = amounts.read("\(pointer)/cost", number)
        }
        isActive = patch.isActive ?? isActive
        if patch.options != .keep, !hasAcceptableOptions {
            amounts.errors.append(
                .init(
                    pointer: "\(pointer)/options",
                    message: "At most \(CatalogLimits.options) options are expected, each with a text of at most "
                        + "\(CatalogLimits.optionValue.upperBound) characters."))
        }
        return amounts.errors
    }

    private var hasAcceptableOptions: Bool {
        options.members.count <= CatalogLimits.options
            && options.members.allSatisfy { member in
                guard case .string(let text) = member.value else { return false }
                return CatalogLimits.optionName.contains(member.name.unicodeScalars.count)
                    && CatalogLimits.optionValue.contains(text.unicodeScalars.count)
            }
    }
}
