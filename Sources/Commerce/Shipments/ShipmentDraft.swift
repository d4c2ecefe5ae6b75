public import Core

/// The limits of what a client may say of a shipment.
public enum ShipmentLimits {
    /// Lines of one shipment.
    public static let lines = 1...500
    /// Units of one line.
    public static let quantity: ClosedRange<Int64> = 1...1_000_000_000
    /// Events of one shipment.
    public static let events = 200
    /// Characters of a carrier, a service and a tracking number.
    public static let name = 1...100
    /// Characters of a tracking address.
    public static let url = 1...2000
    /// Characters of an event's message.
    public static let message = 1...1000
    /// Characters of an event's location.
    public static let location = 1...200
}

/// A shipment that is wanted.
public struct ShipmentDraft: Sendable {
    /// So many units of a line of the order.
    public struct Line: Sendable {
        public let orderLineID: Identifier
        public let quantity: Int64
    }

    /// What goes into it; nil for all that is left to ship.
    public let lines: [Line]?
    public let carrier: ShipmentCarrier
    /// Where it goes; nil for the address of the order.
    public let shippingAddress: Address?

    /// Reads a shipment from a body.
    public init(_ fields: inout JSONFields) {
        lines = fields.optionalObjects("lines", count: ShipmentLimits.lines) { line in
            Line(
                orderLineID: line.identifier("order_line_id"),
                quantity: line.integer("quantity", in: ShipmentLimits.quantity))
        }
        carrier = ShipmentCarrier(&fields)
        shippingAddress = fields.optionalObject("shipping_address") { Address(&$0) }
        if let lines, Set(lines.map(\.orderLineID)).count < lines.count {
            fields.reject("lines", "An order line is named twice; name it once with the sum.")
        }
    }

    /// A shipment of given lines, or of all that is left to ship.
    public init(
        lines: [Line]? = nil, carrier: ShipmentCarrier = ShipmentCarrier(), shippingAddress: Address? = nil
    ) {
        self.lines = lines
        self.carrier = carrier
        self.shippingAddress = shippingAddress
    }
}

extension ShipmentDraft.Line {
    /// So many units of a line of the order.
    public init(_ orderLineID: Identifier, _ quantity: Int64) {
        self.init(orderLineID: orderLineID, quantity: quantity)
    }
}

/// What is to change of who carries a shipment and how it is tracked (a merge patch).
public struct ShipmentCarrier: Sendable {
    public var carrier: Patch<String> = .keep
    public var service: Patch<String> = .keep
    public var trackingNumber: Patch<String> = .keep
    public var trackingURL: Patch<String> = .keep

    /// No change.
    public init() {}

    /// Reads the members of a body.
    public init(_ fields: inout JSONFields) {
        carrier = fields.patch("carrier") { $0.optionalString($1, length: ShipmentLimits.name) }
        service = fields.patch("service") { $0.optionalString($1, length: ShipmentLimits.name) }
        trackingNumber = fields.patch("tracking_number") { $0.optionalString($1, length: ShipmentLimits.name) }
        trackingURL = fields.patch("tracking_url") { $0.optionalString($1, length: ShipmentLimits.url) }
        guard case .set(let url) = trackingURL else { return }
        if !url.hasPrefix("https://") && !url.hasPrefix("http://") {
            fields.reject("tracking_url", "An address that begins with https:// or http:// is expected.")
        }
    }

    func apply(to shipment: inout Shipment) {
        shipment.carrier = carrier.applied(to: shipment.carrier)
        shipment.service = service.applied(to: shipment.service)
        shipment.trackingNumber = trackingNumber.applied(to: shipment.trackingNumber)
        shipment.trackingURL = trackingURL.applied(to: shipment.trackingURL)
    }
}

/// Something that happened to a shipment, as a client tells it.
public struct ShipmentEventDraft: Sendable {
    /// Where the shipment stands from now on; nil where it stood.
    public var status: ShipmentStatus?
    public var message: String?
    public var location: String?
    /// When it happened; nil for now.
    public var occurredAt: Timestamp?

    /// A move, or nothing but a note.
    public init(status: ShipmentStatus? = nil, message: String? = nil, location: String? = nil, at: Timestamp? = nil) {
        self.status = status
        self.message = message
        self.location = location
        occurredAt = at
    }

    /// Reads an event from a body.
    public init(_ fields: inout JSONFields) {
        let status = fields.optionalChoice("status", ShipmentStatus.self)
        self.init(moving: status, &fields)
        if fields.isValid && status == nil && message == nil && location == nil {
            fields.reject("status", "An event has at least one of status, message and location.")
        }
    }

    /// Reads what a body tells of a move that its address names.
    public init(moving status: ShipmentStatus?, _ fields: inout JSONFields) {
        self.init(
            status: status,
            message: fields.optionalString("message", length: ShipmentLimits.message),
            location: fields.optionalString("location", length: ShipmentLimits.location),
            at: fields.optionalTimestamp("occurred_at"))
    }
}

/// Which shipments a list shows.
public struct ShipmentFilter: Sendable {
    public var orderID: Identifier?
    public var status: ShipmentStatus?
    public var carrier: String?

    /// Every shipment, or those that match each given value.
    public init(orderID: Identifier? = nil, status: ShipmentStatus? = nil, carrier: String? = nil) {
        self.orderID = orderID
        self.status = status
        self.carrier = carrier
    }
}
