public import Core

/// What a client says of a product: a merge patch (RFC 7396) of the members that it names.
public struct ProductPatch: Sendable {
    /// The sku of the default variant.
    public var sku: String?
    /// What it is called.
    public var name: String?
    /// What there is to say of it.
    public var description = Patch<String>.keep
    /// The price, in the product's currency.
    public var price: Decimal?
    /// The currency of all of its prices. It changes only together with them.
    public var currency: Currency?
    /// The tax on it; zero when removed.
    public var taxRate = Patch<Rate>.keep
    /// What it cost us, in the product's currency.
    public var cost = Patch<Decimal>.keep
    /// Words to find it by.
    public var tags = Patch<[String]>.keep
    /// Further facts, merged member by member.
    public var attributes = Patch<JSONObject>.keep
    /// Whether it may be sold.
    public var isActive: Bool?
    /// The identifier that another system gave.
    public var externalID = Patch<String>.keep

    /// A patch that changes nothing.
    public init() {}

    /// Reads the members of a patch.
    public init(_ fields: inout JSONFields) {
        sku = fields.notNull("sku") { $0.optionalSKU($1) }
        name = fields.notNull("name") { $0.optionalString($1, length: CatalogLimits.name) }
        description = fields.patch("description") { $0.optionalString($1, length: CatalogLimits.description) }
        price = fields.notNull("price") { $0.optionalDecimal($1) }
        currency = fields.notNull("currency") { $0.optionalCurrency($1) }
        taxRate = fields.patch("tax_rate") { $0.optionalRate($1) }
        cost = fields.patch("cost") { $0.optionalDecimal($1) }
        tags = fields.patch("tags") {
            $0.optionalStrings($1, count: CatalogLimits.tags, length: CatalogLimits.tag)
        }
        attributes = fields.patch("attributes") { $0.optionalTree($1) }
        isActive = fields.notNull("active") { $0.optionalBool($1) }
        externalID = fields.patch("external_id") { $0.optionalString($1, length: CatalogLimits.externalID) }
    }

    /// Whether it says anything of what the product cost, which not everybody may.
    public var namesCost: Bool { cost != .keep }
}

extension Product {
    /// Takes over what a patch says and returns what of it is not acceptable.
    mutating func apply(_ patch: ProductPatch) -> [Failure.FieldError] {
        var amounts = AmountReader(currency: patch.currency ?? currency)
        if amounts.currency != currency { amounts.requireAllPrices(of: self, in: patch) }
        defaultVariant.sku = patch.sku ?? sku
        defaultVariant.price = amounts.read("/price", patch.price) ?? defaultVariant.price
        defaultVariant.taxRate = patch.taxRate.applied(to: defaultVariant.taxRate, default: .zero)
        switch patch.cost {
        case .keep: break
        case .remove: defaultVariant.cost = nil
        case .set(let cost): defaultVariant.cost = amounts.read("/cost", cost)
        }
        name = patch.name ?? name
        description = patch.description.applied(to: description)
        tags = Self.distinct(patch.tags.applied(to: tags, default: []))
        switch patch.attributes {
        case .keep: break
        case .remove: attributes = JSONObject()
        case .set(let changes): attributes = attributes.merging(changes)
        }
        isActive = patch.isActive ?? isActive
        externalID = patch.externalID.applied(to: externalID)
        if patch.attributes != .keep, let problem = attributesProblem { amounts.errors.append(problem) }
        return amounts.errors
    }

    /// The entries without repetitions, in their order.
    private static func distinct(_ tags: [String]) -> [String] {
        var seen = Set<String>()
        return tags.filter { seen.insert($0).inserted }
    }

    private var attributesProblem: Failure.FieldError? {
        let size = JSONWriter.bytes(of: attributes).count
        guard attributes.members.count > CatalogLimits.attributes || size > CatalogLimits.attributeBytes else {
            return nil
        }
        return .init(
            pointer: "/attributes",
            message: "A product has at most \(CatalogLimits.attributes) attributes and "
                + "\(CatalogLimits.attributeBytes) bytes of them.")
    }
}

/// Reads amounts whose currency is known by now, and gathers what is wrong with them.
struct AmountReader {
    let currency: Currency
    var errors: [Failure.FieldError] = []

    init(currency: Currency) {
        self.currency = currency
    }

    mutating func read(_ pointer: String, _ number: Decimal?) -> Money? {
        guard let number else { return nil }
        if let minor = number.exactly(digits: currency.digits), (0...Money.limit).contains(minor) {
            return Money(stored: minor, currency: currency)
        }
        errors.append(
            .init(
                pointer: pointer,
                message:
                    "An amount of \(currency.code) from 0 to ten trillion with at most \(currency.digits) decimals "
                    + "is expected."))
        return nil
    }

    /// A change of currency needs every amount anew, because none can be carried over.
    fileprivate mutating func requireAllPrices(of product: Product, in patch: ProductPatch) {
        let keepsCost = product.defaultVariant.cost != nil && patch.cost == .keep
        guard patch.price == nil || keepsCost || !product.variants.isEmpty else { return }
        errors.append(
            .init(
                pointer: "/currency",
                message:
                    "The currency changes only together with price and cost, and while there are no further variants."
            ))
    }
}
