public import Core

/// Goods of an order that leave together: what they are, who carries them, where they go and how far they have come.
public struct Shipment: Sendable, Versioned {
    public let id: Identifier
    /// A short number for people, unique per tenant: `SHP-00DXR3F6R0`.
    public let number: String
    public let orderID: Identifier
    public internal(set) var status: ShipmentStatus
    /// Who carries it, for example `DHL`.
    public internal(set) var carrier: String?
    /// Which service of the carrier, for example `express`.
    public internal(set) var service: String?
    public internal(set) var trackingNumber: String?
    public internal(set) var trackingURL: String?
    /// Where it goes.
    public let shippingAddress: Address?
    /// What is in it, in the order of the order's lines.
    public internal(set) var lines: [ShipmentLine]
    /// What happened to it, by the time at which it happened.
    public internal(set) var events: [ShipmentEvent]
    /// When the carrier got it.
    public internal(set) var shippedAt: Timestamp?
    /// When the customer got it.
    public internal(set) var deliveredAt: Timestamp?
    public internal(set) var version: Int64
    public let createdAt: Timestamp
    public internal(set) var updatedAt: Timestamp
}

/// So many units of a line of the order.
public struct ShipmentLine: Sendable, Hashable {
    public let orderLineID: Identifier
    public let sku: String
    public let quantity: Int64
}

/// Something that happened to a shipment.
public struct ShipmentEvent: Sendable, Hashable {
    public let id: Identifier
    /// Where the shipment stood from then on.
    public let status: ShipmentStatus
    public let message: String?
    public let location: String?
    public let occurredAt: Timestamp
}

extension Shipment: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("shipment_number", number)
            json.member("order_id", orderID)
            json.member("status", status.rawValue)
            json.member("carrier", carrier)
            json.member("service", service)
            json.member("tracking_number", trackingNumber)
            json.member("tracking_url", trackingURL)
            json.member("shipping_address", shippingAddress)
            json.member("lines", array: lines)
            json.member("events", array: events)
            json.member("shipped_at", shippedAt)
            json.member("delivered_at", deliveredAt)
            json.member("version", version)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}

extension ShipmentLine: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("order_line_id", orderLineID)
            json.member("sku", sku)
            json.member("quantity", quantity)
        }
    }
}

extension ShipmentEvent: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("status", status.rawValue)
            json.member("message", message)
            json.member("location", location)
            json.member("occurred_at", occurredAt)
        }
    }
}
