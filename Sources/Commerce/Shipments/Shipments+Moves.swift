public import ChangeLog
public import Core

/// What happens to a shipment after it was planned.
extension Shipments {
    /// Changes who carries a shipment and how it is tracked.
    ///
    /// - throws: ``Failure`` `not_found`, `version_mismatch`.
    public func update(
        _ id: Identifier, _ patch: ShipmentCarrier, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Shipment {
        try change(id, expecting: version, in: unit) { shipment in
            patch.apply(to: &shipment)
            return nil
        }
    }

    /// Notes what happened to a shipment and moves it when the event says so.
    ///
    /// An event that names the state in which the shipment is already is a note: carriers scan a parcel more than once.
    ///
    /// - parameter carrier: changes of who carries it, which come with the event.
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, `illegal_transition`, `too_many_events`,
    ///   `order_not_shippable` and `insufficient_stock` when the goods are to leave.
    public func record(
        _ event: ShipmentEventDraft, on id: Identifier, carrier: ShipmentCarrier = ShipmentCarrier(),
        expecting version: Int64? = nil, in unit: UnitOfWork
    ) throws -> Shipment {
        try change(id, expecting: version, in: unit) { shipment in
            carrier.apply(to: &shipment)
            guard let target = event.status, target != shipment.status else {
                try note(event, on: &shipment, in: unit)
                return nil
            }
            return try move(&shipment, to: target, event, in: unit)
        }
    }

    /// Moves a shipment to a state that it is not in.
    ///
    /// - throws: as ``record(_:on:carrier:expecting:in:)``; `illegal_transition` also when it is in that state.
    public func move(
        _ id: Identifier, to target: ShipmentStatus, _ event: ShipmentEventDraft = ShipmentEventDraft(),
        carrier: ShipmentCarrier = ShipmentCarrier(), expecting version: Int64? = nil, in unit: UnitOfWork
    ) throws -> Shipment {
        try change(id, expecting: version, in: unit) { shipment in
            carrier.apply(to: &shipment)
            return try move(&shipment, to: target, event, in: unit)
        }
    }

    private func move(
        _ shipment: inout Shipment, to target: ShipmentStatus, _ event: ShipmentEventDraft, in unit: UnitOfWork
    ) throws -> ShipmentEffect? {
        var machine = ShipmentStateMachine(status: shipment.status)
        let effect = try machine.move(to: target)
        shipment.status = machine.status
        let moment = event.occurredAt ?? unit.now
        if target == .shipped { shipment.shippedAt = moment }
        if target == .delivered { shipment.deliveredAt = moment }
        try note(event, on: &shipment, in: unit)
        return effect
    }

    private func note(_ draft: ShipmentEventDraft, on shipment: inout Shipment, in unit: UnitOfWork) throws {
        guard shipment.events.count < ShipmentLimits.events else {
            throw Failure.conflict("too_many_events", "A shipment has at most \(ShipmentLimits.events) events.")
        }
        let event = ShipmentEvent(
            id: unit.makeIdentifier(), status: shipment.status, message: draft.message, location: draft.location,
            occurredAt: draft.occurredAt ?? unit.now)
        try Self.insert(event, of: shipment.id, in: unit)
        let place = shipment.events.firstIndex { $0.occurredAt > event.occurredAt } ?? shipment.events.endIndex
        shipment.events.insert(event, at: place)
    }

    /// Changes a shipment, does what the change demands, and lets the order know when goods moved.
    private func change(
        _ id: Identifier, expecting version: Int64?, in unit: UnitOfWork,
        _ body: (inout Shipment) throws -> ShipmentEffect?
    ) throws -> Shipment {
        let before = try find(id, of: unit.tenant, in: unit.transaction)
        if let version, version != before.version {
            throw Failure.versionMismatch(ShipmentStatus.subject, current: before.version)
        }
        var after = before
        after.version += 1
        after.updatedAt = unit.now
        let effect = try body(&after)
        try Self.update(after, in: unit)
        try perform(effect, for: after, in: unit)
        try unit.recordUpdate(
            ShipmentStatus.subject, id, before: JSONWriter.bytes(of: before), after: JSONWriter.bytes(of: after))
        if after.status != before.status, after.status.hasLeft {
            try orders.shipmentsChanged(order: after.orderID, in: unit)
        }
        return after
    }

    private func perform(_ effect: ShipmentEffect?, for shipment: Shipment, in unit: UnitOfWork) throws {
        guard let effect else { return }
        let allocations = ShipmentAllocations(order: shipment.orderID)
        switch effect {
        case .freeQuantities:
            for line in shipment.lines { try allocations.free(line.quantity, of: line.orderLineID, in: unit) }
        case .takeStock:
            let order = try orders.find(shipment.orderID, of: unit.tenant, in: unit.transaction)
            try order.requireShippable()
            for line in shipment.lines {
                try allocations.ship(line.quantity, of: line.orderLineID, in: unit)
                let orderLine = try order.line(line.orderLineID)
                try orders.takeFromStock(line.quantity, of: orderLine, order, in: unit)
            }
        }
    }
}
