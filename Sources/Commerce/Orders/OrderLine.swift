public import Core

/// So many units of one sku in an order, at the price and tax of the moment of ordering.
public struct OrderLine: Sendable, Hashable {
    public let id: Identifier
    public let sku: String
    /// The product and the variant, where the catalogue had the sku.
    public let productID: Identifier?
    public let variantID: Identifier?
    public let name: String
    public internal(set) var quantity: Int64
    public internal(set) var unitPrice: Money
    /// What is taken off the line as a whole.
    public internal(set) var discount: Money
    public internal(set) var taxRate: Rate
    /// How many units have left.
    public internal(set) var shippedQuantity: Int64
    /// How many units have come back.
    public internal(set) var returnedQuantity: Int64
    /// The tax on the discounted amount, rounded to the minor unit.
    public private(set) var tax: Money
    /// Quantity times price, less the discount, plus the tax.
    public private(set) var total: Money

    /// A line whose tax and total follow from the rest.
    ///
    /// - throws: ``Failure`` `amount_out_of_range`, and `invalid_request` when the discount is more than the amount.
    init(
        id: Identifier, sku: String, productID: Identifier?, variantID: Identifier?, name: String, quantity: Int64,
        unitPrice: Money, discount: Money, taxRate: Rate
    ) throws {
        self.id = id
        self.sku = sku
        self.productID = productID
        self.variantID = variantID
        self.name = name
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.discount = discount
        self.taxRate = taxRate
        shippedQuantity = 0
        returnedQuantity = 0
        tax = .zero(unitPrice.currency)
        total = .zero(unitPrice.currency)
        try derive()
    }

    /// A line that stands in our own table.
    init(
        id: Identifier, sku: String, productID: Identifier?, variantID: Identifier?, name: String, quantity: Int64,
        unitPrice: Money, discount: Money, taxRate: Rate, storedTax tax: Money, total: Money, shippedQuantity: Int64,
        returnedQuantity: Int64
    ) {
        self.id = id
        self.sku = sku
        self.productID = productID
        self.variantID = variantID
        self.name = name
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.discount = discount
        self.taxRate = taxRate
        self.tax = tax
        self.total = total
        self.shippedQuantity = shippedQuantity
        self.returnedQuantity = returnedQuantity
    }

    /// Quantity times price.
    public var amount: Money {
        get throws { try unitPrice.multiplied(by: quantity) }
    }

    /// Brings tax and total up to date with the quantity, the price, the discount and the rate.
    mutating func derive() throws {
        let net = try amount.subtracting(discount)
        guard net.minorUnits >= 0 else {
            throw Failure(
                .invalid, code: "discount_too_large",
                "The discount of \(discount) on \(sku) is more than its amount of \(try amount).")
        }
        tax = try net.multiplied(by: taxRate)
        total = try net.adding(tax)
    }
}

extension OrderLine: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("sku", sku)
            json.member("product_id", productID)
            json.member("variant_id", variantID)
            json.member("name", name)
            json.member("quantity", quantity)
            json.member("unit_price", unitPrice)
            json.member("discount_amount", discount)
            json.member("tax_rate", taxRate)
            json.member("tax_amount", tax)
            json.member("total_amount", total)
            json.member("shipped_quantity", shippedQuantity)
            json.member("returned_quantity", returnedQuantity)
        }
    }
}
