public import ChangeLog
public import Core
import Storage

extension Inventory {
    /// Gives the units of a held reservation back.
    ///
    /// - parameter version: the version that the caller knows; nil when it does not mind others' changes.
    /// - throws: ``Failure`` `not_found`, `illegal_transition`, `version_mismatch`, `reservation_of_order`.
    public func release(
        _ id: Identifier, expecting version: Int64? = nil, in unit: UnitOfWork
    ) throws -> Reservation {
        try end(standalone(id, expecting: version, in: unit), as: .released, in: unit)
    }

    /// Takes the units of a held reservation out of the stock.
    ///
    /// - throws: ``Failure`` `not_found`, `illegal_transition`, `version_mismatch`, `reservation_of_order`, and
    ///   `reservation_expired` when its time has run out, be it swept already or not.
    public func commit(_ id: Identifier, expecting version: Int64? = nil, in unit: UnitOfWork) throws -> Reservation {
        try end(standalone(id, expecting: version, in: unit), as: .committed, in: unit)
    }

    /// Ends a reservation whose time has run out. Does nothing when it has been ended otherwise or is not due.
    ///
    /// Returns the reservation when it was this call that ended it.
    func expire(_ id: Identifier, in unit: UnitOfWork) throws -> Reservation? {
        let reservation = try find(reservation: id, of: unit.tenant, in: unit.transaction)
        guard reservation.isOverdue(at: unit.now) else { return nil }
        return try end(reservation, as: .expired, in: unit)
    }

    /// Ends a held reservation, or a part of it.
    ///
    /// A part leaves the reservation as one of its own that is ended; the rest stays held under the old identifier. So
    /// the held quantities always add up to what is reserved, and the committed ones to what has left.
    ///
    /// Returns what was ended: the reservation, or its part.
    func end(
        _ reservation: Reservation, as state: ReservationState, quantity part: Int64? = nil, in unit: UnitOfWork
    ) throws -> Reservation {
        if state == .committed, reservation.hasRunOut(at: unit.now) {
            throw Failure.conflict(
                "reservation_expired", "The time of reservation \(reservation.id) has run out. Make a new one.")
        }
        var rest = reservation
        rest.version += 1
        rest.updatedAt = unit.now
        var ended = rest
        if let part, part < reservation.quantity {
            rest.quantity -= part
            ended = reservation.part(part, id: unit.makeIdentifier(), at: unit.now)
        }
        ended.state = try reservation.state.moved(to: state)
        try replace(reservation, with: ended.id == rest.id ? ended : rest, in: unit)
        if ended.id != rest.id {
            guard try insert(ended, in: unit) else { throw Failure.internal("A part has no reference to be in use.") }
            try unit.recordInsert("reservation", ended.id, after: JSONWriter.bytes(of: ended))
        }
        try settle(ended, in: unit)
        return ended
    }

    /// Writes the new state of a reservation over the one that was read, and logs it.
    private func replace(_ old: Reservation, with new: Reservation, in unit: UnitOfWork) throws {
        let count = try unit.transaction.execute(
            """
            UPDATE reservations SET quantity = \(new.quantity), state = \(new.state.rawValue), version = \(new.version),
                updated_at = \(new.updatedAt)
            WHERE tenant = \(unit.tenant) AND id = \(old.id) AND version = \(old.version)
            """)
        guard count == 1 else {
            // Another writer came first: say what its move makes of ours.
            let current = try find(reservation: old.id, of: unit.tenant, in: unit.transaction)
            _ = try current.state.moved(to: new.state)
            throw Balances.contended(old.sku)
        }
        try unit.recordUpdate(
            "reservation", old.id, before: JSONWriter.bytes(of: old), after: JSONWriter.bytes(of: new))
    }

    /// Moves the units of a reservation that has just ended.
    private func settle(_ ended: Reservation, in unit: UnitOfWork) throws {
        let isShipped = ended.state == .committed
        let balance =
            isShipped
            ? try balances.ship(ended.quantity, of: ended.sku, at: ended.location, in: unit)
            : try balances.giveBack(ended.quantity, of: ended.sku, at: ended.location, in: unit)
        guard let balance else {
            throw Failure.internal("The balance of \(ended.sku) at \(ended.location) lacks reservation \(ended.id).")
        }
        try unit.record(balance, onHand: isShipped ? -ended.quantity : 0, reserved: -ended.quantity)
        guard isShipped else { return }
        let reference = ended.orderID?.description ?? ended.reference ?? ended.id.description
        try unit.enter(.ship, -ended.quantity, to: balance, reference: reference)
    }

    /// A reservation that its caller may end: one that belongs to no order.
    private func standalone(_ id: Identifier, expecting version: Int64?, in unit: UnitOfWork) throws -> Reservation {
        let reservation = try find(reservation: id, of: unit.tenant, in: unit.transaction)
        guard version == nil || version == reservation.version else {
            throw Failure.versionMismatch("reservation", current: reservation.version)
        }
        guard let order = reservation.orderID else { return reservation }
        throw Failure.conflict(
            "reservation_of_order",
            "Reservation \(id) belongs to order \(order): cancel the order to release it, ship it to commit it.",
            details: [.init("order_id", .string(order.description))])
    }
}

extension Reservation {
    /// A part of the reservation, as one of its own. It has no reference, which stays with the rest.
    fileprivate func part(_ quantity: Int64, id: Identifier, at now: Timestamp) -> Reservation {
        Reservation(
            id: id, sku: sku, location: location, quantity: quantity, state: state, reference: nil, orderID: orderID,
            orderLineID: orderLineID, splitFrom: self.id, expiresAt: expiresAt, version: 1, createdAt: now,
            updatedAt: now)
    }
}
