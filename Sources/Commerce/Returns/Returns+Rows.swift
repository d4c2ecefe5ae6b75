import ChangeLog
import Core
import Storage

/// How returns stand in their tables.
extension Returns {
    static let columns: SQL = """
        id, rma_number, order_id, status, reason, notes, currency, received_at, restocked_at, refunded_at, version,
        created_at, updated_at
        """

    /// The returns of a query that ends a `SELECT` of ``columns``, with their lines.
    static func load(_ query: SQL, of tenant: Tenant, in transaction: any ReadTransaction) throws -> [Return] {
        let heads = try transaction.rows("SELECT \(columns) FROM returns WHERE tenant = \(tenant) \(query)", read)
        guard !heads.isEmpty else { return [] }
        let currencies = Dictionary(uniqueKeysWithValues: heads.map { ($0.id, $0.currency) })
        var lines: [Identifier: [ReturnLine]] = [:]
        try transaction.forEachRow(
            """
            SELECT return_id, order_line_id, sku, quantity, received_quantity, reason, condition, restock, refund_amount
            FROM return_lines WHERE tenant = \(tenant) AND return_id = \(each: heads.map(\.id))
            ORDER BY return_id, order_line_id
            """
        ) { row in
            let id = try row.identifier(0)
            guard let currency = currencies[id] else { return true }
            let line = ReturnLine(
                orderLineID: try row.identifier(1), sku: row.text(2), quantity: row.integer(3),
                receivedQuantity: row.optionalInteger(4), reason: row.optionalText(5),
                condition: row.isNull(6) ? nil : try row.choice(6, ReturnCondition.self), restock: row.bool(7),
                refundAmount: Money(stored: row.integer(8), currency: currency))
            lines[id, default: []].append(line)
            return true
        }
        return heads.map { head in
            var found = head
            found.lines = lines[head.id] ?? []
            return found
        }
    }

    private static func read(_ row: Row) throws -> Return {
        Return(
            id: try row.identifier(0), number: row.text(1), orderID: try row.identifier(2),
            status: try row.choice(3, ReturnStatus.self), reason: row.optionalText(4), notes: row.optionalText(5),
            currency: try row.currency(6), lines: [], receivedAt: row.optionalTimestamp(7),
            restockedAt: row.optionalTimestamp(8), refundedAt: row.optionalTimestamp(9), version: row.integer(10),
            createdAt: row.timestamp(11), updatedAt: row.timestamp(12))
    }

    /// Stores a new return with its lines. Returns false when its number is taken.
    static func insert(_ item: Return, in unit: UnitOfWork) throws -> Bool {
        let inserted = try unit.transaction.execute(
            """
            INSERT INTO returns (tenant, \(columns))
            VALUES (\(unit.tenant), \(item.id), \(item.number), \(item.orderID), \(item.status.rawValue),
                \(item.reason), \(item.notes), \(item.currency), \(item.receivedAt), \(item.restockedAt),
                \(item.refundedAt), \(item.version), \(item.createdAt), \(item.updatedAt))
            ON CONFLICT (tenant, rma_number) DO NOTHING
            """)
        guard inserted == 1 else { return false }
        for line in item.lines {
            try unit.transaction.execute(
                """
                INSERT INTO return_lines (tenant, return_id, order_line_id, sku, quantity, received_quantity, reason,
                    condition, restock, refund_amount)
                VALUES (\(unit.tenant), \(item.id), \(line.orderLineID), \(line.sku), \(line.quantity),
                    \(line.receivedQuantity), \(line.reason), \(line.condition?.rawValue), \(line.restock),
                    \(line.refundAmount.minorUnits))
                """)
        }
        return true
    }

    /// Stores the changed head of a return over the version before it.
    static func update(_ item: Return, in unit: UnitOfWork) throws {
        let updated = try unit.transaction.execute(
            """
            UPDATE returns SET status = \(item.status.rawValue), reason = \(item.reason), notes = \(item.notes),
                received_at = \(item.receivedAt), restocked_at = \(item.restockedAt),
                refunded_at = \(item.refundedAt), version = \(item.version), updated_at = \(item.updatedAt)
            WHERE tenant = \(unit.tenant) AND id = \(item.id) AND version = \(item.version - 1)
            """)
        guard updated == 1 else { throw Failure.versionMismatch(ReturnStatus.subject, current: item.version) }
    }

    /// Stores what came back of a line.
    static func update(_ line: ReturnLine, of item: Identifier, in unit: UnitOfWork) throws {
        try unit.transaction.execute(
            """
            UPDATE return_lines SET received_quantity = \(line.receivedQuantity),
                condition = \(line.condition?.rawValue), restock = \(line.restock),
                refund_amount = \(line.refundAmount.minorUnits)
            WHERE tenant = \(unit.tenant) AND return_id = \(item) AND order_line_id = \(line.orderLineID)
            """)
    }
}
