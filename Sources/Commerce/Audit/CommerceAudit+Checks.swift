import Storage

extension CommerceAudit {
    static let checks = orderChecks + stockChecks + fulfilmentChecks + [logCheck]

    private static let orderChecks = [
        Check(
            name: "order_amounts", values: ["lines", "subtotal_amount", "discount_amount", "tax_amount"],
            query: """
                SELECT o.tenant, o.order_number, CASE WHEN COUNT(l.id) = 0 THEN 1 ELSE COUNT(l.id) END, COUNT(l.id),
                    COALESCE(SUM(l.quantity * l.unit_price), 0), o.subtotal_amount,
                    COALESCE(SUM(l.discount_amount), 0), o.discount_amount, COALESCE(SUM(l.tax_amount), 0), o.tax_amount
                FROM orders o LEFT JOIN order_lines l ON l.tenant = o.tenant AND l.order_id = o.id
                GROUP BY o.tenant, o.id
                HAVING COUNT(l.id) = 0 OR o.subtotal_amount <> SUM(l.quantity * l.unit_price)
                    OR o.discount_amount <> SUM(l.discount_amount) OR o.tax_amount <> SUM(l.tax_amount)
                """),
        Check(
            name: "orders_of_lines", values: ["order"],
            query: """
                SELECT l.tenant, l.sku, 1, 0
                FROM order_lines l LEFT JOIN orders o ON o.tenant = l.tenant AND o.id = l.order_id WHERE o.id IS NULL
                """),
        // The tax of whole millions and of the rest apart, so that no product exceeds 64 bits.
        Check(
            name: "line_tax", values: ["tax_amount"],
            query: """
                SELECT tenant, sku, expected, tax_amount FROM (
                    SELECT tenant, sku, tax_amount,
                        (total_amount - tax_amount) / 1000000 * tax_rate
                            + ((total_amount - tax_amount) % 1000000 * tax_rate + 500000) / 1000000 AS expected
                    FROM order_lines) AS lines
                WHERE tax_amount <> expected
                """),
        Check(
            name: "payments", values: ["paid_amount", "refunded_amount"],
            query: """
                SELECT o.tenant, o.order_number,
                    COALESCE(SUM(CASE WHEN p.kind = 'payment' THEN p.amount END), 0), o.paid_amount,
                    COALESCE(SUM(CASE WHEN p.kind = 'refund' THEN p.amount END), 0), o.refunded_amount
                FROM orders o LEFT JOIN payments p ON p.tenant = o.tenant AND p.order_id = o.id
                GROUP BY o.tenant, o.id
                HAVING o.paid_amount <> COALESCE(SUM(CASE WHEN p.kind = 'payment' THEN p.amount END), 0)
                    OR o.refunded_amount <> COALESCE(SUM(CASE WHEN p.kind = 'refund' THEN p.amount END), 0)
                """),
    ]

    private static let stockChecks = [
        Check(
            name: "stock_ledger", values: ["on_hand"],
            query: """
                SELECT b.tenant, b.sku || ' at ' || b.location, COALESCE(SUM(e.delta), 0), b.on_hand
                FROM balances b
                LEFT JOIN stock_ledger e ON e.tenant = b.tenant AND e.sku = b.sku AND e.location = b.location
                GROUP BY b.tenant, b.sku, b.location HAVING b.on_hand <> COALESCE(SUM(e.delta), 0)
                """),
        Check(
            name: "reservations", values: ["reserved"],
            query: """
                SELECT b.tenant, b.sku || ' at ' || b.location, COALESCE(SUM(r.quantity), 0), b.reserved
                FROM balances b
                LEFT JOIN reservations r
                    ON r.tenant = b.tenant AND r.sku = b.sku AND r.location = b.location AND r.state = 'held'
                GROUP BY b.tenant, b.sku, b.location HAVING b.reserved <> COALESCE(SUM(r.quantity), 0)
                """),
        Check(
            name: "balances_of_reservations", values: ["balance"],
            query: """
                SELECT r.tenant, r.sku || ' at ' || r.location, 1, 0
                FROM reservations r
                LEFT JOIN balances b ON b.tenant = r.tenant AND b.sku = r.sku AND b.location = r.location
                WHERE r.state = 'held' AND b.sku IS NULL
                """),
        // An order that sets stock aside holds what it has not shipped until it is over; another holds nothing.
        Check(
            name: "reservations_of_orders", values: ["reserved"],
            query: """
                SELECT tenant, subject, expected, found FROM (
                    SELECT o.tenant AS tenant, o.order_number || ' ' || l.sku AS subject,
                        CASE WHEN o.reserves_stock = 1 AND o.status IN ('pending', 'confirmed', 'processing', 'on_hold')
                            THEN l.quantity - l.shipped_quantity ELSE 0 END AS expected,
                        (SELECT COALESCE(SUM(r.quantity), 0) FROM reservations r
                            WHERE r.tenant = l.tenant AND r.order_id = l.order_id AND r.order_line_id = l.id
                                AND r.state = 'held') AS found
                    FROM orders o JOIN order_lines l ON l.tenant = o.tenant AND l.order_id = o.id) AS lines
                WHERE expected <> found
                """),
    ]

    private static let fulfilmentChecks = [
        Check(
            name: "shipments", values: ["planned", "shipped"],
            query: """
                SELECT a.tenant, l.sku, COALESCE(SUM(s.quantity), 0), a.planned,
                    COALESCE(SUM(s.left_quantity), 0), a.shipped
                FROM shipment_allocations a
                JOIN order_lines l ON l.tenant = a.tenant AND l.order_id = a.order_id AND l.id = a.order_line_id
                LEFT JOIN (
                    SELECT sl.tenant AS tenant, s.order_id AS order_id, sl.order_line_id AS line_id,
                        sl.quantity AS quantity,
                        CASE WHEN s.status IN ('pending', 'ready_to_ship', 'on_hold') THEN 0 ELSE sl.quantity END
                            AS left_quantity
                    FROM shipment_lines sl JOIN shipments s ON s.tenant = sl.tenant AND s.id = sl.shipment_id
                    WHERE s.status <> 'cancelled') AS s
                    ON s.tenant = a.tenant AND s.order_id = a.order_id AND s.line_id = a.order_line_id
                GROUP BY a.tenant, a.order_id, a.order_line_id, l.sku, a.planned, a.shipped
                HAVING a.planned <> COALESCE(SUM(s.quantity), 0) OR a.shipped <> COALESCE(SUM(s.left_quantity), 0)
                """),
        Check(
            name: "returns", values: ["returned_quantity"],
            query: """
                SELECT l.tenant, l.sku, COALESCE(SUM(r.received_quantity), 0), l.returned_quantity
                FROM order_lines l
                LEFT JOIN (
                    SELECT rl.tenant AS tenant, r.order_id AS order_id, rl.order_line_id AS line_id,
                        rl.received_quantity AS received_quantity
                    FROM return_lines rl JOIN returns r ON r.tenant = rl.tenant AND r.id = rl.return_id) AS r
                    ON r.tenant = l.tenant AND r.order_id = l.order_id AND r.line_id = l.id
                GROUP BY l.tenant, l.order_id, l.id, l.sku, l.returned_quantity
                HAVING l.returned_quantity <> COALESCE(SUM(r.received_quantity), 0)
                """),
    ]

    static let logCheck = Check(
        name: "change_log", values: ["next position"],
        query: """
            SELECT NULL, 'position ' || position, position + 1, next_position FROM (
                SELECT position, LEAD(position) OVER (ORDER BY position) AS next_position FROM changes) AS changes
            WHERE next_position <> position + 1
            """)
}
