import ChangeLog
import Core
import Storage

/// How much of each line of an order stands in returns, and what those pay back.
///
/// The row of a line is taken first, so returns of one line that are made at the same time follow one another, and
/// every change is one conditional statement.
struct ReturnAllocations {
    let order: Identifier

    /// Claims units of a line for a return and tells what they give back.
    ///
    /// - parameter wanted: what is to be paid back, when it is less than was paid; nil for all of it.
    /// - parameter place: the JSON pointer of the line in the body, for what is wrong with it.
    /// - throws: ``Failure`` `exceeds_shipped` when fewer were shipped, `invalid_request` when less was paid than is
    ///   wanted.
    func claim(
        _ quantity: Int64, of line: OrderLine, wanted: Money?, at place: String, in unit: UnitOfWork
    ) throws -> Money {
        let (claimed, refunded) = try take(line, in: unit)
        guard quantity <= line.shippedQuantity - claimed else {
            throw Failure.conflict(
                "exceeds_shipped",
                "\(line.shippedQuantity) of \(line.sku) were shipped and \(claimed) are in returns, so \(quantity) "
                    + "more cannot come back.",
                details: [
                    .init("order_line_id", .string(line.id.description)), .init("sku", .string(line.sku)),
                    .init("requested", .integer(quantity)),
                    .init("available", .integer(line.shippedQuantity - claimed)),
                ])
        }
        let share = RefundShare(total: line.total, ordered: line.quantity)
        let due = try share.amount(for: quantity, after: claimed, refunded: refunded)
        if let wanted, wanted.minorUnits > due.minorUnits {
            throw Failure.invalid(
                at: "\(place)/refund_amount", "At most \(due) was paid for these units and is not in another return.")
        }
        let amount = wanted ?? due
        try change(line.id, by: quantity, amount, in: unit)
        return amount
    }

    /// Gives back what a return had claimed.
    func free(_ quantity: Int64, _ amount: Money, of line: Identifier, in unit: UnitOfWork) throws {
        guard quantity > 0 || amount.minorUnits > 0 else { return }
        try change(line, by: -quantity, Money(minorUnits: -amount.minorUnits, currency: amount.currency), in: unit)
    }

    /// Takes the row of a line, making it when there is none.
    private func take(_ line: OrderLine, in unit: UnitOfWork) throws -> (claimed: Int64, refunded: Money) {
        let row = try unit.transaction.first(
            """
            INSERT INTO return_allocations
                (tenant, order_id, order_line_id, shipped, line_total, quantity, refund_amount)
            VALUES (\(unit.tenant), \(order), \(line.id), \(line.shippedQuantity), \(line.total.minorUnits), 0, 0)
            ON CONFLICT (tenant, order_id, order_line_id) DO UPDATE
            SET shipped = excluded.shipped, line_total = excluded.line_total
            RETURNING quantity, refund_amount
            """
        ) { ($0.integer(0), Money(stored: $0.integer(1), currency: line.total.currency)) }
        guard let row else { throw Failure.internal("The allocation of order line \(line.id) was not stored.") }
        return row
    }

    private func change(_ line: Identifier, by quantity: Int64, _ amount: Money, in unit: UnitOfWork) throws {
        let changed = try unit.transaction.execute(
            """
            UPDATE return_allocations
            SET quantity = quantity + \(quantity), refund_amount = refund_amount + \(amount.minorUnits)
            WHERE tenant = \(unit.tenant) AND order_id = \(order) AND order_line_id = \(line)
                AND quantity + \(quantity) BETWEEN 0 AND shipped
                AND refund_amount + \(amount.minorUnits) BETWEEN 0 AND line_total
            """)
        guard changed == 1 else {
            throw Failure.internal("A return's quantities do not fit the allocations of order \(order).")
        }
    }
}
