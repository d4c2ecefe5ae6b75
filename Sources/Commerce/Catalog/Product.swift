public import Core

/// A product of the catalogue with its variants.
public struct Product: Sendable, Hashable, Versioned {
    /// The identifier.
    public let id: Identifier
    /// What it is called.
    public internal(set) var name: String
    /// What there is to say of it.
    public internal(set) var description: String?
    /// Words to find it by, each once.
    public internal(set) var tags: [String] = []
    /// Further facts, the members of a JSON object.
    public internal(set) var attributes = JSONObject()
    /// Whether it may be sold.
    public internal(set) var isActive = true
    /// The identifier that another system gave, unique within the tenant.
    public internal(set) var externalID: String?
    /// The variant whose sku, price, tax rate and cost are the product's own.
    public internal(set) var defaultVariant: Variant
    /// The further variants in the order of their making.
    public internal(set) var variants: [Variant] = []
    /// One more with each update of the product or of a variant.
    public internal(set) var version: Int64 = 1
    /// When it was made.
    public let createdAt: Timestamp
    /// When it or a variant was last changed.
    public internal(set) var updatedAt: Timestamp

    /// The sku of the default variant.
    public var sku: String { defaultVariant.sku }
    /// The currency of all of its prices.
    public var currency: Currency { defaultVariant.price.currency }
    /// The default variant and the further ones.
    public var allVariants: [Variant] { [defaultVariant] + variants }

    /// A product as it is before anybody has said anything of it.
    init(id: Identifier, currency: Currency, createdAt: Timestamp) {
        self.id = id
        name = ""
        defaultVariant = Variant(
            id: id, productID: id, sku: "", price: .zero(currency), taxRate: .zero, isActive: true)
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

extension Product: JSONEncodable {
    /// Writes the product as everybody may see it, without what it cost.
    public func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0, showsCosts: false) }
    }

    /// Writes the members of the product into an object that may have more of them.
    func writeMembers(to json: inout JSONWriter, showsCosts: Bool) {
        writeMembers(to: &json) { json, cost in
            if showsCosts { json.member("cost", cost) }
        }
    }

    /// Writes the members of the product; the closure writes those that say what it and its variants cost.
    func writeMembers(to json: inout JSONWriter, writeCost: (inout JSONWriter, Money?) -> Void) {
        json.member("id", id)
        json.member("sku", sku)
        json.member("name", name)
        json.member("description", description)
        json.member("price", defaultVariant.price)
        json.member("currency", currency.code)
        json.member("tax_rate", defaultVariant.taxRate)
        writeCost(&json, defaultVariant.cost)
        json.member("tags", array: tags)
        json.member("attributes", attributes)
        json.member("active", isActive)
        json.member("external_id", externalID)
        json.key("variants")
        json.array { json in
            for variant in variants { variant.write(to: &json, writeCost: writeCost) }
        }
        json.member("version", version)
        json.member("created_at", createdAt)
        json.member("updated_at", updatedAt)
    }
}

/// A product as those may see it who may see what things cost.
public struct ProductWithCosts: JSONEncodable, Versioned, Sendable {
    /// The product.
    public let product: Product
    public var version: Int64 { product.version }

    /// A product with its costs in sight.
    public init(_ product: Product) {
        self.product = product
    }

    public func write(to json: inout JSONWriter) {
        json.object { product.writeMembers(to: &$0, showsCosts: true) }
    }
}
