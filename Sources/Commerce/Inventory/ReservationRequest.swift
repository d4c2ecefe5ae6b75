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

/// What the body of a request wants set aside. It may name the product instead of the sku, and the location by its code
/// or its identifier.
public struct ReservationDraft: Sendable, Hashable {
    public var sku: String?
    public var productID: Identifier?
    public var quantity: Int64
    public var location: String?
    public var locationID: Identifier?
    public var reference: String?
    public var expiresIn: Int64?

    /// Reads the body of a request.
    ///
    /// - parameter sku: the sku when the path of the request names it; the body must not name another then.
    public init(_ fields: inout JSONFields, sku: String? = nil) {
        self.sku = sku
        if sku == nil {
            self.sku = fields.optionalString("sku", length: StockLimits.sku)
            productID = fields.optionalIdentifier("product_id")
            if fields.isValid, (self.sku == nil) == (productID == nil) {
                fields.reject("sku", "Either sku or product_id is expected.")
            }
        }
        quantity = fields.integer("quantity", in: StockLimits.quantity)
        location = fields.optionalString("location", length: StockLimits.code)
        locationID = fields.optionalIdentifier("location_id")
        if location != nil, locationID != nil {
            fields.reject("location_id", "Either location or location_id is expected.")
        }
        reference = fields.optionalString("reference", length: StockLimits.reference)
        expiresIn = fields.optionalInteger("expires_in", in: StockLimits.expiresIn)
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
