public import Core

/// Where an order stands.
public enum OrderStatus: String, Lifecycle {
    case pending
    case confirmed
    case processing
    case onHold = "on_hold"
    case shipped
    case delivered
    case cancelled
    case refunded
    case exchanged

    public static var subject: String { "order" }

    public var next: [OrderStatus] {
        switch self {
        case .pending: [.confirmed, .processing, .onHold, .cancelled]
        case .confirmed: [.processing, .onHold, .cancelled]
        case .processing: [.shipped, .onHold, .cancelled]
        case .onHold: [.processing, .cancelled]
        case .shipped: [.delivered, .onHold]
        case .delivered: [.refunded, .exchanged]
        case .cancelled: [.refunded]
        case .exchanged: [.refunded]
        case .refunded: []
        }
    }

    /// Whether lines may be added, changed and removed.
    public var allowsLineChanges: Bool { self == .pending }

    /// Whether goods may leave for it.
    public var allowsShipping: Bool { self == .confirmed || self == .processing || self == .shipped }
}

/// How much of an order is paid. It follows from the amounts and is never set.
public enum PaymentStatus: String, Sendable, CaseIterable {
    case unpaid
    case partiallyPaid = "partially_paid"
    case paid
    case partiallyRefunded = "partially_refunded"
    case refunded

    /// The status of an order with these amounts.
    public init(total: Money, paid: Money, refunded: Money) {
        if refunded.minorUnits > 0 {
            self = refunded == paid ? .refunded : .partiallyRefunded
        } else if paid.minorUnits == 0 {
            self = total.minorUnits == 0 ? .paid : .unpaid
        } else {
            self = paid.minorUnits >= total.minorUnits ? .paid : .partiallyPaid
        }
    }
}

/// How much of an order has left, and come back. It follows from the lines and the shipments and is never set.
public enum FulfillmentStatus: String, Sendable, CaseIterable {
    case unfulfilled
    case partiallyShipped = "partially_shipped"
    case shipped
    case delivered
    case partiallyReturned = "partially_returned"
    case returned

    /// The status of an order with these lines.
    public init(_ lines: [OrderLine], isDelivered: Bool) {
        let ordered = lines.reduce(0) { $0 + $1.quantity }
        let shipped = lines.reduce(0) { $0 + $1.shippedQuantity }
        let returned = lines.reduce(0) { $0 + $1.returnedQuantity }
        if returned > 0 {
            self = returned >= ordered ? .returned : .partiallyReturned
        } else if shipped == 0 {
            self = .unfulfilled
        } else if shipped < ordered {
            self = .partiallyShipped
        } else {
            self = isDelivered ? .delivered : .shipped
        }
    }
}
