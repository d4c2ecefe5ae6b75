public import Storage

/// The tables of shipments.
public enum ShipmentSchema {
    /// The schema of the room.
    public static let schema = Schema(
        room: "commerce_shipments",
        [
            Migration(
                1, "shipments",
                [
                    """
                    CREATE TABLE shipments (
                        tenant BIGINT NOT NULL,
                        id {identifier} NOT NULL,
                        shipment_number TEXT NOT NULL,
                        order_id {identifier} NOT NULL,
                        status TEXT NOT NULL CHECK (status IN ('pending', 'ready_to_ship', 'on_hold', 'shipped',
                            'in_transit', 'out_for_delivery', 'delivered', 'failed', 'returned', 'cancelled')),
                        carrier TEXT,
                        service TEXT,
                        tracking_number TEXT,
                        tracking_url TEXT,
                        shipping_address TEXT,
                        shipped_at BIGINT,
                        delivered_at BIGINT,
                        version BIGINT NOT NULL CHECK (version >= 1),
                        created_at BIGINT NOT NULL,
                        updated_at BIGINT NOT NULL,
                        PRIMARY KEY (tenant, id))
                    """,
                    "CREATE UNIQUE INDEX shipments_number ON shipments (tenant, shipment_number)",
                    "CREATE INDEX shipments_order ON shipments (tenant, order_id, id)",
                    "CREATE INDEX shipments_status ON shipments (tenant, status, id)",
                    "CREATE INDEX shipments_carrier ON shipments (tenant, carrier, id)",
                    "CREATE INDEX shipments_tracking ON shipments (tenant, tracking_number, id)",
                    """
                    CREATE TABLE shipment_lines (
                        tenant BIGINT NOT NULL,
                        shipment_id {identifier} NOT NULL,
                        order_line_id {identifier} NOT NULL,
                        sku TEXT NOT NULL,
                        quantity BIGINT NOT NULL CHECK (quantity > 0),
                        PRIMARY KEY (tenant, shipment_id, order_line_id)) {clustered}
                    """,
                    """
                    CREATE TABLE shipment_events (
                        tenant BIGINT NOT NULL,
                        shipment_id {identifier} NOT NULL,
                        id {identifier} NOT NULL,
                        status TEXT NOT NULL,
                        message TEXT,
                        location TEXT,
                        occurred_at BIGINT NOT NULL,
                        PRIMARY KEY (tenant, shipment_id, id)) {clustered}
                    """,
                    // How much of each order line stands in shipments. The check keeps every one of them within the
                    // order.
                    """
                    CREATE TABLE shipment_allocations (
                        tenant BIGINT NOT NULL,
                        order_id {identifier} NOT NULL,
                        order_line_id {identifier} NOT NULL,
                        ordered BIGINT NOT NULL,
                        planned BIGINT NOT NULL,
                        shipped BIGINT NOT NULL,
                        PRIMARY KEY (tenant, order_id, order_line_id),
                        CHECK (0 <= shipped AND shipped <= planned AND planned <= ordered)) {clustered}
                    """,
                ])
        ])
}
