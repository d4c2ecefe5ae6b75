import ChangeLog
import Core
import Storage

/// How much of each line of an order stands in shipments, and how much of that has left.
///
/// Every quantity moves by one conditional statement, so shipments that are made at the same time cannot exceed the
/// order.
struct ShipmentAllocations {
    let order: Identifier

    /// What a line of the order has in shipments.
    struct Allocation: Equatable {
        /// Units in shipments that are not cancelled.
        var planned: Int64 = 0
        /// Units that have left.
        var shipped: Int64 = 0
    }

    /// The allocation of each line that has one.
    func all(of tenant: Tenant, in transaction: any ReadTransaction) throws -> [Identifier: Allocation] {
        let rows = try transaction.rows(
            """
            SELECT order_line_id, planned, shipped FROM shipment_allocations
            WHERE tenant = \(tenant) AND order_id = \(order)
            """
        ) { (try $0.identifier(0), Allocation(planned: $0.integer(1), shipped: $0.integer(2))) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// What of a line can be shipped.
    struct Shippable: Equatable {
        /// Units that shipments may hold: those of the line without those that left by a move of the order itself.
        let ordered: Int64
        /// Units that no shipment holds.
        let left: Int64
    }

    /// What of each line of an order can be shipped.
    func shippable(of order: Order, in unit: UnitOfWork) throws -> [Identifier: Shippable] {
        let allocations = try all(of: unit.tenant, in: unit.transaction)
        let lines = (order.lines ?? []).map { line in
            let allocation = allocations[line.id] ?? Allocation()
            let ordered = line.quantity - (line.shippedQuantity - allocation.shipped)
            return (line.id, Shippable(ordered: ordered, left: ordered - allocation.planned))
        }
        return Dictionary(uniqueKeysWithValues: lines)
    }

    /// Sets units of a line aside for a shipment.
    ///
    /// - throws: ``Failure`` `exceeds_order` when fewer are left.
    func plan(_ quantity: Int64, of line: Identifier, sku: String, ordered: Int64, in unit: UnitOfWork) throws {
        let changed =
            quantity <= ordered
            ? try unit.transaction.execute(
                """
                INSERT INTO shipment_allocations (tenant, order_id, order_line_id, ordered, planned, shipped)
                VALUES (\(unit.tenant), \(order), \(line), \(ordered), \(quantity), 0)
                ON CONFLICT (tenant, order_id, order_line_id) DO UPDATE
                SET ordered = excluded.ordered, planned = shipment_allocations.planned + excluded.planned
                WHERE shipment_allocations.planned + excluded.planned <= excluded.ordered
                """) : 0
        guard changed == 1 else {
            let planned = try all(of: unit.tenant, in: unit.transaction)[line]?.planned ?? 0
            throw Failure.conflict(
                "exceeds_order",
                "\(ordered) of \(sku) can be shipped and \(planned) are in shipments, so not \(quantity) more.",
                details: [
                    .init("order_line_id", .string(line.description)), .init("sku", .string(sku)),
                    .init("requested", .integer(quantity)), .init("available", .integer(ordered - planned)),
                ])
        }
    }

    /// Gives back what a shipment that never left had set aside.
    func free(_ quantity: Int64, of line: Identifier, in unit: UnitOfWork) throws {
        try change(
            """
            UPDATE shipment_allocations SET planned = planned - \(quantity)
            WHERE tenant = \(unit.tenant) AND order_id = \(order) AND order_line_id = \(line)
                AND planned - shipped >= \(quantity)
            """, in: unit)
    }

    /// Counts what was set aside as gone.
    func ship(_ quantity: Int64, of line: Identifier, in unit: UnitOfWork) throws {
        try change(
            """
            UPDATE shipment_allocations SET shipped = shipped + \(quantity)
            WHERE tenant = \(unit.tenant) AND order_id = \(order) AND order_line_id = \(line)
                AND shipped + \(quantity) <= planned
            """, in: unit)
    }

    private func change(_ sql: SQL, in unit: UnitOfWork) throws {
        guard try unit.transaction.execute(sql) == 1 else {
            throw Failure.internal("A shipment's quantities are not in the allocations of order \(order).")
        }
    }
}
