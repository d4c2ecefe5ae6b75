public import Core

/// Goods of an order that come back: which, why, how far that is, and what is paid back for them.
public struct Return: Sendable, Versioned {
    public let id: Identifier
    /// The number by which the customer sends the goods, unique per tenant: `RMA-00DXR3F6R0`.
    public let number: String
    public let orderID: Identifier
    public internal(set) var status: ReturnStatus
    /// Why the goods come back.
    public internal(set) var reason: String?
    public internal(set) var notes: String?
    /// The currency of the order and of every amount here.
    public let currency: Currency
    /// What comes back, in the order of the order's lines.
    public internal(set) var lines: [ReturnLine]
    public internal(set) var receivedAt: Timestamp?
    public internal(set) var restockedAt: Timestamp?
    public internal(set) var refundedAt: Timestamp?
    public internal(set) var version: Int64
    public let createdAt: Timestamp
    public internal(set) var updatedAt: Timestamp

    /// What is paid back for all lines.
    public var refundAmount: Money {
        Money(stored: lines.reduce(0) { $0 + $1.refundAmount.minorUnits }, currency: currency)
    }
}

/// So many units of a line of the order.
public struct ReturnLine: Sendable, Hashable {
    public let orderLineID: Identifier
    public let sku: String
    /// How many are to come back.
    public let quantity: Int64
    /// How many came back; nil until they did.
    public internal(set) var receivedQuantity: Int64?
    public let reason: String?
    public internal(set) var condition: ReturnCondition?
    /// Whether they are to go into stock.
    public internal(set) var restock: Bool
    /// What is paid back for them.
    public internal(set) var refundAmount: Money
}

/// What state returned goods are in.
public enum ReturnCondition: String, CaseIterable, Sendable {
    case unopened
    case opened
    case used
    case damaged
    case defective
}

extension Return: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("rma_number", number)
            json.member("order_id", orderID)
            json.member("status", status.rawValue)
            json.member("reason", reason)
            json.member("notes", notes)
            json.member("currency", currency.code)
            json.member("refund_amount", refundAmount)
            json.member("lines", array: lines)
            json.member("received_at", receivedAt)
            json.member("restocked_at", restockedAt)
            json.member("refunded_at", refundedAt)
            json.member("version", version)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}

extension ReturnLine: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("order_line_id", orderLineID)
            json.member("sku", sku)
            json.member("quantity", quantity)
            json.member("received_quantity", receivedQuantity)
            json.member("reason", reason)
            json.member("condition", condition?.rawValue)
            json.member("restock", restock)
            json.member("refund_amount", refundAmount)
        }
    }
}
