public import Core

/// Units of a sku that come to a location, or a number of them that somebody counted there.
public struct StockMovement: Sendable, Hashable {
    public var sku: String
    public var quantity: Int64
    /// The code of the location; nil for the active one of the lowest priority.
    public var location: String?
    /// The delivery or return that it belongs to.
    public var reference: String?
    public var reason: String?

    /// A movement of units of a sku.
    public init(
        sku: String, quantity: Int64, location: String? = nil, reference: String? = nil, reason: String? = nil
    ) {
        self.sku = sku
        self.quantity = quantity
        self.location = location
        self.reference = reference
        self.reason = reason
    }

    /// Reads the body of a request whose member `quantity` has these bounds.
    public init(_ fields: inout JSONFields, quantity bounds: ClosedRange<Int64> = StockLimits.quantity) {
        self.init(
            sku: fields.string("sku", length: StockLimits.sku), quantity: fields.integer("quantity", in: bounds),
            location: fields.optionalString("location", length: StockLimits.code),
            reference: fields.optionalString("reference", length: StockLimits.reference),
            reason: fields.optionalString("reason", length: StockLimits.reason))
    }
}

/// Units of a sku to add where the delta is positive, or to take away where it is negative.
public struct StockAdjustment: Sendable, Hashable {
    public var sku: String
    /// Never zero.
    public var delta: Int64
    /// The code of the location; nil for the active one of the lowest priority.
    public var location: String?
    public var reference: String?
    public var reason: String?

    /// An adjustment of a sku.
    public init(sku: String, delta: Int64, location: String? = nil, reference: String? = nil, reason: String? = nil) {
        self.sku = sku
        self.delta = delta
        self.location = location
        self.reference = reference
        self.reason = reason
    }

    /// Reads the body of a request, or one of a bulk request's.
    public init(_ fields: inout JSONFields) {
        self.init(
            sku: fields.string("sku", length: StockLimits.sku), delta: fields.integer("delta", in: StockLimits.delta),
            location: fields.optionalString("location", length: StockLimits.code),
            reference: fields.optionalString("reference", length: StockLimits.reference),
            reason: fields.optionalString("reason", length: StockLimits.reason))
        if delta == 0 { fields.reject("delta", "A number other than 0 is expected.") }
    }
}

/// Units of a sku that go from one location to another.
public struct StockTransfer: Sendable, Hashable {
    public var sku: String
    public var quantity: Int64
    /// The code of the location that they leave.
    public var from: String
    /// The code of the location that they come to.
    public var to: String
    public var reference: String?
    public var reason: String?

    /// A transfer between two different locations.
    public init(
        sku: String, quantity: Int64, from: String, to: String, reference: String? = nil, reason: String? = nil
    ) {
        self.sku = sku
        self.quantity = quantity
        self.from = from
        self.to = to
        self.reference = reference
        self.reason = reason
    }

    /// Reads the body of a request.
    public init(_ fields: inout JSONFields) {
        self.init(
            sku: fields.string("sku", length: StockLimits.sku),
            quantity: fields.integer("quantity", in: StockLimits.quantity),
            from: fields.string("from", length: StockLimits.code), to: fields.string("to", length: StockLimits.code),
            reference: fields.optionalString("reference", length: StockLimits.reference),
            reason: fields.optionalString("reason", length: StockLimits.reason))
        if fields.isValid, from == to { fields.reject("to", "A location other than from is expected.") }
    }
}

/// The balances after a transfer.
public struct StockTransferred: Sendable, Hashable {
    /// Of the location that the units left.
    public let from: Balance
    /// Of the location that they came to.
    public let to: Balance
}

extension StockTransferred: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("from", from)
            json.member("to", to)
        }
    }
}
