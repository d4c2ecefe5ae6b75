public import Core
import Storage

/// Money that moved for an order and was recorded: a row of a ledger, never changed afterwards.
public struct Payment: Sendable, Hashable {
    /// Which way the money went.
    public enum Kind: String, Sendable, CaseIterable {
        /// From the customer.
        case payment
        /// Back to the customer.
        case refund
    }

    public let id: Identifier
    public let orderID: Identifier
    public let kind: Kind
    public let amount: Money
    /// How it was paid, for example `card`.
    public let method: String?
    /// What the gateway or the bank calls it; one reference of a kind is recorded once for an order.
    public let reference: String?
    public let note: String?
    public let createdAt: Timestamp
}

extension Payment: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("order_id", orderID)
            json.member("kind", kind.rawValue)
            json.member("amount", amount)
            json.member("currency", amount.currency.code)
            json.member("method", method)
            json.member("reference", reference)
            json.member("note", note)
            json.member("created_at", createdAt)
        }
    }
}

extension Payment {
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns: SQL = "id, order_id, kind, amount, currency, method, reference, note, created_at"

    init(row: Row) throws {
        self.init(
            id: try row.identifier(0), orderID: try row.identifier(1), kind: try row.choice(2, Kind.self),
            amount: Money(stored: row.integer(3), currency: try row.currency(4)), method: row.optionalText(5),
            reference: row.optionalText(6), note: row.optionalText(7), createdAt: row.timestamp(8))
    }
}

/// A payment or a refund as somebody reports it.
public struct PaymentDraft: Sendable {
    /// The amount in the order's currency; nil for all that is left to pay, or to pay back.
    public var amount: Decimal?
    public var method: String?
    public var reference: String?
    public var note: String?

    /// A payment or a refund in code.
    public init(amount: Decimal? = nil, method: String? = nil, reference: String? = nil, note: String? = nil) {
        self.amount = amount
        self.method = method
        self.reference = reference
        self.note = note
    }

    /// Reads the members of a payment or a refund.
    public init(_ fields: inout JSONFields) {
        amount = fields.optionalDecimal("amount")
        method = fields.optionalString("method", length: OrderLimits.method)
        reference = fields.optionalString("reference", length: OrderLimits.externalID)
        note = fields.optionalString("note", length: OrderLimits.reason)
    }
}
