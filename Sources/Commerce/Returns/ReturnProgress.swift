import Core
import Storage

/// What came back of an order: what the order's own state follows.
struct ReturnProgress: Equatable {
    /// How many units of each line of the order have come back.
    var returned: [Identifier: Int64] = [:]
    /// How many of them are paid back.
    var refunded: [Identifier: Int64] = [:]

    /// The progress of an order.
    static func of(
        order: Identifier, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> ReturnProgress {
        var progress = ReturnProgress()
        try transaction.forEachRow(
            """
            SELECT r.status, l.order_line_id, l.received_quantity
            FROM returns r JOIN return_lines l ON l.tenant = r.tenant AND l.return_id = r.id
            WHERE r.tenant = \(tenant) AND r.order_id = \(order) AND l.received_quantity > 0
            """
        ) { row in
            let line = try row.identifier(1)
            progress.returned[line, default: 0] += row.integer(2)
            if try row.choice(0, ReturnStatus.self) == .refunded {
                progress.refunded[line, default: 0] += row.integer(2)
            }
            return true
        }
        return progress
    }
}
