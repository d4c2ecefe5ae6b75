public import ChangeLog
import Core
import Storage

extension Inventory {
    /// Takes units in, at a location or at the active one of the lowest priority.
    ///
    /// - throws: ``Failure`` `unknown_location`, `stock_limit_exceeded`.
    public func receive(_ movement: StockMovement, in unit: UnitOfWork) throws -> Balance {
        try bring(.receive, movement, unit)
    }

    /// Adds units, or takes away such as nobody has reserved.
    ///
    /// - throws: ``Failure`` `insufficient_stock`, `unknown_location`, `stock_limit_exceeded`.
    public func adjust(_ adjustment: StockAdjustment, in unit: UnitOfWork) throws -> Balance {
        let location = try locations.destination(adjustment.location, in: unit)
        let balance =
            adjustment.delta < 0
            ? try remove(-adjustment.delta, of: adjustment.sku, at: location, in: unit)
            : try add(adjustment.delta, of: adjustment.sku, at: location, in: unit)
        try unit.record(balance, onHand: adjustment.delta)
        try unit.enter(
            .adjust, adjustment.delta, to: balance, reference: adjustment.reference, reason: adjustment.reason)
        return balance
    }

    /// Moves units that nobody has reserved from one location to another.
    ///
    /// - throws: ``Failure`` `insufficient_stock`, `unknown_location`, `same_location`, `stock_limit_exceeded`.
    public func transfer(_ transfer: StockTransfer, in unit: UnitOfWork) throws -> StockTransferred {
        guard transfer.from != transfer.to else {
            throw Failure(
                .invalid, code: "same_location", "The stock is at \(transfer.to) already. Name another location.")
        }
        let source = try locations.destination(transfer.from, in: unit)
        let destination = try locations.destination(transfer.to, in: unit)
        let from = try remove(transfer.quantity, of: transfer.sku, at: source, in: unit)
        let to = try add(transfer.quantity, of: transfer.sku, at: destination, in: unit)
        try unit.record(from, onHand: -transfer.quantity)
        try unit.record(to, onHand: transfer.quantity)
        try unit.enter(
            .transferOut, -transfer.quantity, to: from, reference: transfer.reference, reason: transfer.reason)
        try unit.enter(.transferIn, transfer.quantity, to: to, reference: transfer.reference, reason: transfer.reason)
        return StockTransferred(from: from, to: to)
    }

    /// Sets the units at a location to the number that was counted there; the ledger gets the difference, even of zero.
    ///
    /// - throws: ``Failure`` `below_reserved` when reservations hold more than that, `unknown_location`.
    public func count(_ movement: StockMovement, in unit: UnitOfWork) throws -> Balance {
        let location = try locations.destination(movement.location, in: unit)
        for _ in 0..<Balances.attemptLimit {
            let old = try balances.find(movement.sku, at: location, of: unit.tenant, in: unit.transaction)
            if let old, old.reserved > movement.quantity {
                throw Failure.conflict(
                    "below_reserved",
                    "\(old.reserved) of \(old.sku) are reserved at \(location). Release some before counting fewer.",
                    details: [.init("sku", .string(old.sku)), .init("reserved", .integer(old.reserved))])
            }
            let new =
                if let old { try balances.set(movement.quantity, instead: old, in: unit) } else {
                    try balances.make(movement.quantity, of: movement.sku, at: location, in: unit)
                }
            guard let new else { continue }
            let delta = new.onHand - (old?.onHand ?? 0)
            try unit.record(new, onHand: delta)
            try unit.enter(.count, delta, to: new, reference: movement.reference, reason: movement.reason)
            return new
        }
        throw Balances.contended(movement.sku)
    }

    /// Sets at how many available units a sku is low on stock at a location.
    ///
    /// - parameter version: the version that the caller knows; nil when it does not mind others' changes.
    /// - throws: ``Failure`` `not_found` when nothing ever lay there, `version_mismatch`.
    public func setReorderPoint(
        _ point: Int64, of sku: String, at location: String, expecting version: Int64? = nil, in unit: UnitOfWork
    ) throws -> Balance {
        for _ in 0..<Balances.attemptLimit {
            guard let old = try balances.find(sku, at: location, of: unit.tenant, in: unit.transaction) else {
                throw Failure.notFound("balance of", "\(sku) at \(location)")
            }
            guard version == nil || version == old.version else {
                throw Failure.versionMismatch("balance", current: old.version)
            }
            guard let new = try balances.setReorderPoint(point, instead: old, in: unit) else { continue }
            try unit.record(new, since: old)
            return new
        }
        throw Balances.contended(sku)
    }

    /// Takes units in and enters them into the ledger.
    func bring(_ kind: LedgerEntry.Kind, _ movement: StockMovement, _ unit: UnitOfWork) throws -> Balance {
        let location = try locations.destination(movement.location, in: unit)
        let balance = try add(movement.quantity, of: movement.sku, at: location, in: unit)
        try unit.record(balance, onHand: movement.quantity)
        try unit.enter(kind, movement.quantity, to: balance, reference: movement.reference, reason: movement.reason)
        return balance
    }

    private func add(_ quantity: Int64, of sku: String, at location: String, in unit: UnitOfWork) throws -> Balance {
        if let balance = try balances.add(quantity, of: sku, at: location, in: unit) { return balance }
        throw Failure.conflict(
            "stock_limit_exceeded",
            "A location holds at most \(StockLimits.onHand) of a sku. Use another location for the rest of \(sku).")
    }

    private func remove(_ quantity: Int64, of sku: String, at location: String, in unit: UnitOfWork) throws -> Balance {
        if let balance = try balances.remove(quantity, of: sku, at: location, in: unit) { return balance }
        let balance = try balances.find(sku, at: location, of: unit.tenant, in: unit.transaction)
        throw Failure.insufficientStock(sku, requested: quantity, [balance].compactMap { $0 })
    }
}
