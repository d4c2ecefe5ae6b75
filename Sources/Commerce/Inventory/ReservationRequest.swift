public import Core

/// What somebody wants set aside.
public struct ReservationRequest: Sendable, Hashable {
    public var sku: String
    public var quantity: Int64
    /// The code of the location to take it from; nil leaves the choice to the locations' priority.
    public var location: String?
    /// The caller's own name for it: a second request with it and the same sku gets the first one's reservation.
    public var reference: String?
    /// Seconds until it ends by itself; nil when it does not.
    public var expiresIn: Int64?
    public var orderID: Identifier?
    public var orderLineID: Identifier?

    /// A wish for units of a sku.
    public init(
        sku: String, quantity: Int64, location: String? = nil, reference: String? = nil, expiresIn: Int64? = nil,
        orderID: Identifier? = nil, orderLineID: Identifier? = nil
    ) {
        self.sku = sku
        self.quantity = quantity
        self.location = location
        self.reference = reference
        self.expiresIn = expiresIn
        self.orderID = orderID
        self.orderLineID = orderLineID
    }
}

/// What a reserve did.
public enum ReservationOutcome: Sendable {
    /// It set units aside.
    case made(Reservation)
    /// The reference was used before; this is what came of it, whatever its state is by now.
    case repeated(Reservation)

    /// The reservation in either case.
    public var reservation: Reservation {
        switch self {
        case .made(let reservation), .repeated(let reservation): reservation
        }
    }
}
