public import ChangeLog
public import Core
public import Storage

extension Inventory {
    /// Everything that was ever reserved for an order, or for one line of it, the oldest first.
    public func reservations(
        ofOrder order: Identifier, line: Identifier? = nil, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [Reservation] {
        let ofLine: SQL = line.map { " AND order_line_id = \($0)" } ?? ""
        return try transaction.rows(
            """
            SELECT \(Reservation.columns) FROM reservations
            WHERE tenant = \(tenant) AND order_id = \(order)\(ofLine) ORDER BY id
            """, Reservation.init(row:))
    }

    /// Gives held units of an order back: all of them, those of a line, or so many at most.
    ///
    /// Returns how many it gave back, which is fewer than asked for when fewer are held.
    @discardableResult
    public func release(
        order: Identifier, line: Identifier? = nil, quantity: Int64? = nil, in unit: UnitOfWork
    ) throws -> Int64 {
        try end(order, line, as: .released, quantity: quantity, in: unit)
    }

    /// Takes held units of an order out of the stock: all of them, those of a line, or so many at most.
    ///
    /// Returns how many it took, which is fewer than asked for when fewer are held.
    @discardableResult
    public func commit(
        order: Identifier, line: Identifier? = nil, quantity: Int64? = nil, in unit: UnitOfWork
    ) throws -> Int64 {
        try end(order, line, as: .committed, quantity: quantity, in: unit)
    }

    /// Puts units that came back into the stock, at a location or at the active one of the lowest priority.
    @discardableResult
    public func restock(
        sku: String, location: String? = nil, quantity: Int64, reference: String?, in unit: UnitOfWork
    ) throws -> Balance {
        try bring(.return, StockMovement(sku: sku, quantity: quantity, location: location, reference: reference), unit)
    }

    private func end(
        _ order: Identifier, _ line: Identifier?, as state: ReservationState, quantity: Int64?, in unit: UnitOfWork
    ) throws -> Int64 {
        // Everyone takes the rows in the order of the skus, so that two orders never wait for each other.
        let held = try reservations(ofOrder: order, line: line, of: unit.tenant, in: unit.transaction)
            .filter { $0.state == .held }.sorted { ($0.sku, $0.id) < ($1.sku, $1.id) }
        var ended: Int64 = 0
        for reservation in held {
            let wanted = min(quantity.map { $0 - ended } ?? reservation.quantity, reservation.quantity)
            guard wanted > 0 else { break }
            ended += try end(reservation, as: state, quantity: wanted, in: unit).quantity
        }
        return ended
    }
}
