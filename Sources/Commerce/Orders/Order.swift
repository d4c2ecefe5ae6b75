public import Core

/// What a customer wants, at which prices, and how far it has come.
public struct Order: Sendable, Hashable, Versioned {
    public let id: Identifier
    /// A short number for people, unique per tenant.
    public internal(set) var number: String
    /// The number of the order in another system, unique per tenant.
    public internal(set) var externalID: String?
    public let customerID: Identifier?
    public internal(set) var status: OrderStatus
    public internal(set) var fulfillmentStatus: FulfillmentStatus
    /// The sums over the lines, and the total of the order.
    public internal(set) var amounts: OrderAmounts
    /// What was paid and recorded, refunds not taken off.
    public internal(set) var paid: Money
    /// What was paid back.
    public internal(set) var refunded: Money
    public internal(set) var details: OrderDetails
    /// Why it was cancelled, held or otherwise moved, as whoever moved it last said.
    public internal(set) var statusReason: String?
    public internal(set) var isArchived: Bool
    /// Whether its units are set aside when lines are added.
    public let reservesStock: Bool
    /// When the customer ordered.
    public let orderedAt: Timestamp
    /// The lines in the order in which they were added; nil where a list leaves them out.
    public internal(set) var lines: [OrderLine]?
    public internal(set) var version: Int64
    public let createdAt: Timestamp
    public internal(set) var updatedAt: Timestamp

    /// The currency of every amount of the order.
    public var currency: Currency { amounts.total.currency }

    /// How much of it is paid.
    public var paymentStatus: PaymentStatus { PaymentStatus(total: amounts.total, paid: paid, refunded: refunded) }
}

/// The parts of an order that its owner may change at any time.
public struct OrderDetails: Sendable, Hashable {
    var storedShippingAddress: StoredAddress?
    var storedBillingAddress: StoredAddress?
    public var paymentMethod: String?
    public var shippingMethod: String?
    public var notes: String?

    /// Where it goes.
    public var shippingAddress: Address? {
        get throws { try storedShippingAddress?.address }
    }

    /// Who gets the bill.
    public var billingAddress: Address? {
        get throws { try storedBillingAddress?.address }
    }
}

extension Order: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("order_number", number)
            json.member("external_id", externalID)
            json.member("customer_id", customerID)
            json.member("status", status.rawValue)
            json.member("payment_status", paymentStatus.rawValue)
            json.member("fulfillment_status", fulfillmentStatus.rawValue)
            json.member("currency", currency.code)
            json.member("subtotal_amount", amounts.subtotal)
            json.member("discount_amount", amounts.discount)
            json.member("tax_amount", amounts.tax)
            json.member("shipping_amount", amounts.shipping)
            json.member("total_amount", amounts.total)
            json.member("paid_amount", paid)
            json.member("refunded_amount", refunded)
            if let lines { json.member("items", array: lines) }
            json.member("shipping_address", details.storedShippingAddress)
            json.member("billing_address", details.storedBillingAddress)
            json.member("payment_method", details.paymentMethod)
            json.member("shipping_method", details.shippingMethod)
            json.member("notes", details.notes)
            json.member("status_reason", statusReason)
            json.member("is_archived", isArchived)
            json.member("order_date", orderedAt)
            json.member("version", version)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}
