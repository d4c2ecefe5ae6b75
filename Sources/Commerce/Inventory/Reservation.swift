public import Core
import Storage

/// Units of a sku at a location that are set aside for somebody.
public struct Reservation: Sendable, Hashable, Versioned {
    public let id: Identifier
    public let sku: String
    /// The code of the location whose units are held.
    public let location: String
    public internal(set) var quantity: Int64
    public internal(set) var state: ReservationState
    /// The caller's own name for it: a second request with it makes no second reservation.
    public let reference: String?
    /// The order that it is for.
    public let orderID: Identifier?
    /// The line of the order that it is for.
    public let orderLineID: Identifier?
    /// The reservation that it was a part of before that part was committed or released alone.
    public let splitFrom: Identifier?
    /// When it ends by itself; nil when it does not.
    public let expiresAt: Timestamp?
    public internal(set) var version: Int64
    public let createdAt: Timestamp
    public internal(set) var updatedAt: Timestamp

    /// Whether it is held beyond its time, so that the sweeper is to end it.
    public func isOverdue(at now: Timestamp) -> Bool {
        state == .held && expiresAt.map { $0 <= now } ?? false
    }

    /// Whether its time has run out before anything else ended it, be it swept already or not.
    public func hasRunOut(at now: Timestamp) -> Bool {
        state == .expired || isOverdue(at: now)
    }
}

extension Reservation: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("sku", sku)
            json.member("location", location)
            json.member("quantity", quantity)
            json.member("state", state.rawValue)
            json.member("reference", reference)
            json.member("order_id", orderID)
            json.member("order_line_id", orderLineID)
            json.member("split_from", splitFrom)
            json.member("expires_at", expiresAt)
            json.member("version", version)
            json.member("created_at", createdAt)
            json.member("updated_at", updatedAt)
        }
    }
}

extension Reservation {
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns: SQL = """
        id, sku, location, quantity, state, reference, order_id, order_line_id, split_from, expires_at, version,
        created_at, updated_at
        """

    /// Passes over a reservation whose reference is in use.
    static let insertion = Insertion(
        into: "reservations", "\(columns), tenant",
        ending: "ON CONFLICT (tenant, reference, sku) WHERE reference IS NOT NULL DO NOTHING")

    /// The values of the columns, and the tenant.
    func row(of tenant: Tenant) -> [SQLValue] {
        [
            .identifier(id), .text(sku), .text(location), .integer(quantity), .text(state.rawValue),
            reference.sqlValue, orderID.sqlValue, orderLineID.sqlValue, splitFrom.sqlValue, expiresAt.sqlValue,
            .integer(version), createdAt.sqlValue, updatedAt.sqlValue, tenant.sqlValue,
        ]
    }

    init(row: Row) throws {
        self.init(
            id: try row.identifier(0), sku: row.text(1), location: row.text(2), quantity: row.integer(3),
            state: try row.choice(4, ReservationState.self), reference: row.optionalText(5),
            orderID: try row.optionalIdentifier(6), orderLineID: try row.optionalIdentifier(7),
            splitFrom: try row.optionalIdentifier(8), expiresAt: row.optionalTimestamp(9), version: row.integer(10),
            createdAt: row.timestamp(11), updatedAt: row.timestamp(12))
    }
}
