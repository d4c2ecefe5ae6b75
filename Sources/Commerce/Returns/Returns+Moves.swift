public import ChangeLog
public import Core

/// What happens to a return after it was asked for.
extension Returns {
    /// Changes the texts of a return.
    ///
    /// - throws: ``Failure`` `not_found`, `version_mismatch`.
    public func update(
        _ id: Identifier, _ patch: ReturnPatch, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Return {
        try change(id, expecting: version, in: unit) { item in
            item.reason = patch.reason.applied(to: item.reason)
            item.notes = patch.notes.applied(to: item.notes)
        }
    }

    /// Lets the customer send the goods.
    public func approve(_ id: Identifier, expecting version: Int64? = nil, in unit: UnitOfWork) throws -> Return {
        try move(id, to: .approved, expecting: version, in: unit)
    }

    /// Does not take the goods back; their quantities may go into another return.
    public func reject(_ id: Identifier, expecting version: Int64? = nil, in unit: UnitOfWork) throws -> Return {
        try move(id, to: .rejected, expecting: version, in: unit)
    }

    /// Gives a return up before the goods came; their quantities may go into another return.
    public func cancel(_ id: Identifier, expecting version: Int64? = nil, in unit: UnitOfWork) throws -> Return {
        try move(id, to: .cancelled, expecting: version, in: unit)
    }

    /// Takes the goods in. What did not come may go into another return, and its part of the refund with it.
    ///
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, `illegal_transition`, `exceeds_return` for more than was
    ///   to come, `nothing_received`.
    public func receive(
        _ id: Identifier, _ receipt: ReturnReceipt = ReturnReceipt(), expecting version: Int64? = nil,
        in unit: UnitOfWork
    ) throws -> Return {
        try move(id, to: .received, receipt: receipt, expecting: version, in: unit)
    }

    /// Puts the goods that are fit for sale into stock, once.
    ///
    /// - parameter location: the code of the location; nil for the first by priority.
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, `illegal_transition`, `unknown_location`.
    public func restock(
        _ id: Identifier, at location: String? = nil, expecting version: Int64? = nil, in unit: UnitOfWork
    ) throws -> Return {
        try move(id, to: .restocked, location: location, expecting: version, in: unit)
    }

    /// Pays back the amount of a return and records that as a refund of the order.
    ///
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, `illegal_transition`, and what payments refuse: never
    ///   more is paid back than was paid for the order.
    public func refund(_ id: Identifier, expecting version: Int64? = nil, in unit: UnitOfWork) throws -> Return {
        try move(id, to: .refunded, expecting: version, in: unit)
    }

    private func move(
        _ id: Identifier, to target: ReturnStatus, receipt: ReturnReceipt = ReturnReceipt(), location: String? = nil,
        expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Return {
        try change(id, expecting: version, in: unit) { item in
            var machine = ReturnStateMachine(status: item.status)
            let effect = try machine.move(to: target)
            item.status = machine.status
            switch effect {
            case nil: break
            case .freeQuantities: try free(item, in: unit)
            case .settleReceived: try settle(receipt, of: &item, in: unit)
            case .putIntoStock: try putIntoStock(&item, at: location, in: unit)
            case .payBack: try payBack(&item, in: unit)
            }
        }
    }

    /// Changes a return and lets the order know when goods or money moved.
    private func change(
        _ id: Identifier, expecting version: Int64?, in unit: UnitOfWork, _ body: (inout Return) throws -> Void
    ) throws -> Return {
        let before = try find(id, of: unit.tenant, in: unit.transaction)
        if let version, version != before.version {
            throw Failure.versionMismatch(ReturnStatus.subject, current: before.version)
        }
        var after = before
        after.version += 1
        after.updatedAt = unit.now
        try body(&after)
        try Self.update(after, in: unit)
        try unit.recordUpdate(
            ReturnStatus.subject, id, before: JSONWriter.bytes(of: before), after: JSONWriter.bytes(of: after))
        if after.status != before.status, after.status.hasArrived {
            try orders.returnsChanged(order: after.orderID, in: unit)
        }
        return after
    }

    private func free(_ item: Return, in unit: UnitOfWork) throws {
        let allocations = ReturnAllocations(order: item.orderID)
        for line in item.lines {
            try allocations.free(line.quantity, line.refundAmount, of: line.orderLineID, in: unit)
        }
    }

    private func settle(_ receipt: ReturnReceipt, of item: inout Return, in unit: UnitOfWork) throws {
        item.receivedAt = unit.now
        let allocations = ReturnAllocations(order: item.orderID)
        let lines = try item.received(receipt)
        for (expected, line) in zip(item.lines, lines) {
            try allocations.free(
                expected.quantity - (line.receivedQuantity ?? 0),
                expected.refundAmount.subtracting(line.refundAmount), of: line.orderLineID, in: unit)
            try Self.update(line, of: item.id, in: unit)
        }
        item.lines = lines
    }

    private func putIntoStock(_ item: inout Return, at location: String?, in unit: UnitOfWork) throws {
        item.restockedAt = unit.now
        for line in item.lines where line.restock {
            guard let quantity = line.receivedQuantity, quantity > 0 else { continue }
            try inventory.restock(
                sku: line.sku, location: location, quantity: quantity, reference: item.number, in: unit)
        }
    }

    private func payBack(_ item: inout Return, in unit: UnitOfWork) throws {
        item.refundedAt = unit.now
        guard item.refundAmount.minorUnits > 0 else { return }
        try payments.refund(order: item.orderID, amount: item.refundAmount, reference: item.number, in: unit)
    }
}

extension Return {
    /// The lines after what a receipt says has come, with the part of their refund that this is.
    func received(_ receipt: ReturnReceipt) throws -> [ReturnLine] {
        let wanted = receipt.lines ?? lines.map { ReturnReceipt.Line($0.orderLineID, $0.quantity) }
        var arrivals = Dictionary(uniqueKeysWithValues: wanted.map { ($0.orderLineID, $0) })
        let received = try lines.map { line in
            let arrival = arrivals.removeValue(forKey: line.orderLineID)
            let quantity = arrival?.quantity ?? 0
            guard quantity <= line.quantity else {
                throw Failure.conflict(
                    "exceeds_return",
                    "\(line.quantity) of \(line.sku) are to come back, not \(quantity). Make another return for more.",
                    details: [
                        .init("order_line_id", .string(line.orderLineID.description)),
                        .init("sku", .string(line.sku)), .init("requested", .integer(quantity)),
                        .init("available", .integer(line.quantity)),
                    ])
            }
            var settled = line
            settled.receivedQuantity = quantity
            settled.condition = arrival?.condition ?? line.condition
            settled.restock = arrival?.restock ?? line.restock
            settled.refundAmount = try line.refundAmount.share(quantity, of: line.quantity)
            return settled
        }
        if let unknown = arrivals.keys.min() { throw Failure.notFound("line in return \(number)", unknown) }
        guard received.contains(where: { $0.receivedQuantity != 0 }) else {
            throw Failure.conflict(
                "nothing_received", "Nothing came back by this receipt. Cancel the return if nothing will come.")
        }
        return received
    }
}
