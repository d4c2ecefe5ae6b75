public import Core

/// One thing that can be sold, by its sku.
///
/// Every product has a default variant, whose identifier is the product's own and whose values are shown as the
/// product's; further variants differ in size, colour and the like.
public struct Variant: Sendable, Hashable {
    /// The identifier; that of the product for its default variant.
    public let id: Identifier
    /// The product that it is a variant of.
    public let productID: Identifier
    /// The sku, unique within the tenant.
    public internal(set) var sku: String
    /// What distinguishes it, in words; nil for the default variant.
    public internal(set) var name: String?
    /// What distinguishes it, option by option: the members of a JSON object with text values.
    public internal(set) var options = JSONObject()
    /// The price of one, in the product's currency.
    public internal(set) var price: Money
    /// The tax on it.
    public internal(set) var taxRate: Rate
    /// What it cost us. It is never part of the JSON of a variant or product; see ``ProductWithCosts``.
    public internal(set) var cost: Money?
    /// Whether it may be sold.
    public internal(set) var isActive: Bool

    /// Whether it is its product's default variant.
    public var isDefault: Bool { id == productID }
}

extension Variant: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        write(to: &json, showsCost: false)
    }

    func write(to json: inout JSONWriter, showsCost: Bool) {
        write(to: &json) { json, cost in
            if showsCost { json.member("cost", cost) }
        }
    }

    /// Writes the variant; the closure writes the member that says what it costs.
    func write(to json: inout JSONWriter, writeCost: (inout JSONWriter, Money?) -> Void) {
        json.object { json in
            json.member("id", id)
            json.member("product_id", productID)
            json.member("sku", sku)
            json.member("name", name)
            json.member("options", options)
            json.member("price", price)
            json.member("currency", price.currency.code)
            json.member("tax_rate", taxRate)
            writeCost(&json, cost)
            json.member("active", isActive)
        }
    }
}
