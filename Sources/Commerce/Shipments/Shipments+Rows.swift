import ChangeLog
import Core
import Storage

/// How shipments stand in their tables.
extension Shipments {
    static let columns: SQL = """
        id, shipment_number, order_id, status, carrier, service, tracking_number, tracking_url, shipping_address,
        shipped_at, delivered_at, version, created_at, updated_at
        """

    /// The shipments of a query that ends a `SELECT` of ``columns``, with their lines and events.
    static func load(_ query: SQL, of tenant: Tenant, in transaction: any ReadTransaction) throws -> [Shipment] {
        let heads = try transaction.rows("SELECT \(columns) FROM shipments WHERE tenant = \(tenant) \(query)", read)
        guard !heads.isEmpty else { return [] }
        let ids = heads.map(\.id)
        var lines: [Identifier: [ShipmentLine]] = [:]
        try transaction.forEachRow(
            """
            SELECT shipment_id, order_line_id, sku, quantity FROM shipment_lines
            WHERE tenant = \(tenant) AND shipment_id = \(each: ids)
            ORDER BY shipment_id, order_line_id
            """
        ) { row in
            let line = ShipmentLine(
                orderLineID: try row.identifier(1), sku: row.text(2), quantity: row.integer(3))
            lines[try row.identifier(0), default: []].append(line)
            return true
        }
        var events: [Identifier: [ShipmentEvent]] = [:]
        try transaction.forEachRow(
            """
            SELECT shipment_id, id, status, message, location, occurred_at FROM shipment_events
            WHERE tenant = \(tenant) AND shipment_id = \(each: ids)
            ORDER BY shipment_id, occurred_at, id
            """
        ) { row in
            let event = ShipmentEvent(
                id: try row.identifier(1), status: try row.choice(2, ShipmentStatus.self),
                message: row.optionalText(3), location: row.optionalText(4), occurredAt: row.timestamp(5))
            events[try row.identifier(0), default: []].append(event)
            return true
        }
        return heads.map { head in
            var shipment = head
            shipment.lines = lines[head.id] ?? []
            shipment.events = events[head.id] ?? []
            return shipment
        }
    }

    private static func read(_ row: Row) throws -> Shipment {
        Shipment(
            id: try row.identifier(0), number: row.text(1), orderID: try row.identifier(2),
            status: try row.choice(3, ShipmentStatus.self), carrier: row.optionalText(4), service: row.optionalText(5),
            trackingNumber: row.optionalText(6), trackingURL: row.optionalText(7),
            shippingAddress: try row.optionalBytes(8).map { try Address(stored: $0) }, lines: [], events: [],
            shippedAt: row.optionalTimestamp(9), deliveredAt: row.optionalTimestamp(10), version: row.integer(11),
            createdAt: row.timestamp(12), updatedAt: row.timestamp(13))
    }

    /// Stores a new shipment with its lines and events. Returns false when its number is taken.
    static func insert(_ shipment: Shipment, in unit: UnitOfWork) throws -> Bool {
        let address = shipment.shippingAddress.map { SQLValue.utf8(JSONWriter.bytes(of: $0)) }
        let inserted = try unit.transaction.execute(
            """
            INSERT INTO shipments (tenant, \(columns))
            VALUES (\(unit.tenant), \(shipment.id), \(shipment.number), \(shipment.orderID),
                \(shipment.status.rawValue), \(shipment.carrier), \(shipment.service), \(shipment.trackingNumber),
                \(shipment.trackingURL), \(address), \(shipment.shippedAt), \(shipment.deliveredAt),
                \(shipment.version), \(shipment.createdAt), \(shipment.updatedAt))
            ON CONFLICT (tenant, shipment_number) DO NOTHING
            """)
        guard inserted == 1 else { return false }
        for line in shipment.lines {
            try unit.transaction.execute(
                """
                INSERT INTO shipment_lines (tenant, shipment_id, order_line_id, sku, quantity)
                VALUES (\(unit.tenant), \(shipment.id), \(line.orderLineID), \(line.sku), \(line.quantity))
                """)
        }
        for event in shipment.events { try insert(event, of: shipment.id, in: unit) }
        return true
    }

    static func insert(_ event: ShipmentEvent, of shipment: Identifier, in unit: UnitOfWork) throws {
        try unit.transaction.execute(
            """
            INSERT INTO shipment_events (tenant, shipment_id, id, status, message, location, occurred_at)
            VALUES (\(unit.tenant), \(shipment), \(event.id), \(event.status.rawValue), \(event.message),
                \(event.location), \(event.occurredAt))
            """)
    }

    /// Stores the changed head of a shipment over the version before it.
    static func update(_ shipment: Shipment, in unit: UnitOfWork) throws {
        let updated = try unit.transaction.execute(
            """
            UPDATE shipments SET status = \(shipment.status.rawValue), carrier = \(shipment.carrier),
                service = \(shipment.service), tracking_number = \(shipment.trackingNumber),
                tracking_url = \(shipment.trackingURL), shipped_at = \(shipment.shippedAt),
                delivered_at = \(shipment.deliveredAt), version = \(shipment.version),
                updated_at = \(shipment.updatedAt)
            WHERE tenant = \(unit.tenant) AND id = \(shipment.id) AND version = \(shipment.version - 1)
            """)
        guard updated == 1 else { throw Failure.versionMismatch(ShipmentStatus.subject, current: shipment.version) }
    }
}
