public import Core

/// An order as somebody asks for it.
public struct OrderDraft: Sendable {
    /// What the one who asks may decide.
    public struct Permissions: Sendable, Hashable {
        /// Prices, discounts and tax rates other than the catalogue's.
        public var setsPrices: Bool
        /// Numbers, dates and states of orders that were made elsewhere, and skus that the catalogue does not have.
        public var importsHistory: Bool

        /// Permissions of a credential.
        public init(setsPrices: Bool = false, importsHistory: Bool = false) {
            self.setsPrices = setsPrices
            self.importsHistory = importsHistory
        }
    }

    var customerID: Identifier?
    var customerExternalID: String?
    var externalID: String?
    var items: [OrderItemDraft]
    var currency: Currency?
    var shipping: Decimal?
    var details: OrderDetails
    /// Whether units are set aside for the lines.
    var reservesStock: Bool
    /// The total that the client expects; a different one is refused.
    var expectedTotal: Decimal?
    var history: OrderHistory?
    /// What the one who asks may decide.
    public var permissions: Permissions

    /// Reads the members of an order.
    public init(_ fields: inout JSONFields, _ permissions: Permissions = .init()) {
        self.permissions = permissions
        customerID = fields.optionalIdentifier("customer_id")
        customerExternalID = fields.optionalString("customer_external_id", length: OrderLimits.externalID)
        externalID = fields.optionalString("external_id", length: OrderLimits.externalID)
        items = fields.objects("items", count: OrderLimits.lines) { OrderItemDraft(&$0) }
        currency = fields.optionalCurrency("currency")
        shipping = fields.optionalDecimal("shipping_amount")
        details = OrderDetails(&fields)
        expectedTotal = fields.optionalDecimal("total_amount")
        history = OrderHistory(&fields, permissions)
        reservesStock = fields.optionalBool("reserve") ?? (history == nil)
        if history != nil, reservesStock {
            fields.reject("reserve", "An order that brings its number, date or status reserves no stock.")
        }
        if customerID != nil, customerExternalID != nil {
            fields.reject("customer_external_id", "Name the customer by customer_id or by customer_external_id.")
        }
    }
}

/// What an order that was made elsewhere brings along.
struct OrderHistory: Sendable {
    var number: String?
    var orderedAt: Timestamp?
    var status: OrderStatus?

    init?(_ fields: inout JSONFields, _ permissions: OrderDraft.Permissions) {
        number = fields.optionalString("order_number", length: OrderLimits.number)
        orderedAt = fields.optionalTimestamp("order_date")
        status = fields.optionalChoice("status", OrderStatus.self)
        let given = [("order_number", number != nil), ("order_date", orderedAt != nil), ("status", status != nil)]
        guard given.contains(where: \.1) else { return nil }
        if !permissions.importsHistory {
            for (name, isGiven) in given where isGiven {
                fields.reject(name, "Only a credential with the scope orders:import may set this.")
            }
        }
    }
}

/// A line as somebody asks for it.
public struct OrderItemDraft: Sendable {
    var sku: String?
    /// A product or a variant, instead of the sku or to agree with it.
    var productID: Identifier?
    var quantity: Int64
    var name: String?
    var unitPrice: Decimal?
    var discount: Decimal?
    var taxRate: Rate?

    /// Reads the members of a line.
    public init(_ fields: inout JSONFields) {
        sku = fields.optionalSKU("sku")
        productID = fields.optionalIdentifier("product_id")
        quantity = fields.integer("quantity", in: OrderLimits.quantity)
        name = fields.optionalString("name", length: CatalogLimits.name)
        unitPrice = fields.optionalDecimal("unit_price")
        discount = fields.optionalDecimal("discount_amount")
        taxRate = fields.optionalRate("tax_rate")
        if !fields.has("sku"), !fields.has("product_id") {
            fields.reject("sku", "A line needs a sku or a product_id.")
        }
    }
}

extension OrderDetails {
    /// Reads the parts of an order that its owner may change.
    init(_ fields: inout JSONFields) {
        storedShippingAddress = fields.optionalStoredAddress("shipping_address")
        storedBillingAddress = fields.optionalStoredAddress("billing_address")
        paymentMethod = fields.optionalString("payment_method", length: OrderLimits.method)
        shippingMethod = fields.optionalString("shipping_method", length: OrderLimits.method)
        notes = fields.optionalString("notes", length: OrderLimits.notes)
    }
}

extension JSONFields {
    /// An address.
    mutating func optionalStoredAddress(_ name: String) -> StoredAddress? {
        optionalObject(name) { Address(&$0) }.map { StoredAddress($0) }
    }
}
