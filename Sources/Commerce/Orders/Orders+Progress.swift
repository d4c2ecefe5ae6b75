import ChangeLog
import Core

/// How an order follows what happens to its shipments, returns and payments. Each is called in the unit of work that
/// made it happen, so the order never disagrees with them.
extension Orders {
    /// Gives back what is set aside for an order that is being cancelled.
    ///
    /// - throws: ``Failure`` `already_shipped` when some of it has left.
    func giveBack(_ order: Order, in unit: UnitOfWork) throws {
        guard (order.lines ?? []).allSatisfy({ $0.shippedQuantity == 0 }) else {
            throw Failure.conflict(
                "already_shipped", "Some of the order has left, so it cannot be cancelled. Take it back by a return.")
        }
        try inventory.release(order: order.id, in: unit)
    }

    /// Takes out of the stock what has not left yet of an order that is moved to shipped as a whole.
    func shipRest(of order: inout Order, in unit: UnitOfWork) throws {
        guard var lines = order.lines else { return }
        for index in lines.indices {
            let rest = lines[index].quantity - lines[index].shippedQuantity
            if rest > 0 { try takeFromStock(rest, of: lines[index], order, in: unit) }
            lines[index].shippedQuantity = lines[index].quantity
        }
        order.lines = lines
        order.fulfillmentStatus = FulfillmentStatus(lines, isDelivered: false)
    }

    /// Takes units of a line out of the stock: those that are set aside for it, and for an order that set none aside
    /// whatever is free.
    ///
    /// - throws: ``Failure`` `insufficient_stock`.
    func takeFromStock(_ quantity: Int64, of line: OrderLine, _ order: Order, in unit: UnitOfWork) throws {
        let taken = try inventory.commit(order: order.id, line: line.id, quantity: quantity, in: unit)
        guard taken < quantity else { return }
        _ = try inventory.reserve(
            lines: [
                ReservationRequest(
                    sku: line.sku, quantity: quantity - taken, orderID: order.id, orderLineID: line.id)
            ], in: unit)
        try inventory.commit(order: order.id, line: line.id, quantity: quantity - taken, in: unit)
    }

    /// Brings an order up to date with its shipments.
    func shipmentsChanged(order id: Identifier, in unit: UnitOfWork) throws {
        let progress = try ShipmentProgress.of(order: id, of: unit.tenant, in: unit.transaction)
        _ = try change(id, expecting: nil, in: unit) { order in
            var lines = order.lines ?? []
            for index in lines.indices {
                lines[index].shippedQuantity = max(
                    lines[index].shippedQuantity, progress.shipped[lines[index].id] ?? 0)
            }
            order.lines = lines
            order.fulfillmentStatus = FulfillmentStatus(lines, isDelivered: progress.isDelivered)
            order.advance(to: FulfillmentStatus(lines.map(\.withoutReturns), isDelivered: progress.isDelivered))
        }
    }

    /// Brings an order up to date with its returns.
    func returnsChanged(order id: Identifier, in unit: UnitOfWork) throws {
        let progress = try ReturnProgress.of(order: id, of: unit.tenant, in: unit.transaction)
        _ = try change(id, expecting: nil, in: unit) { order in
            var lines = order.lines ?? []
            for index in lines.indices {
                lines[index].returnedQuantity = progress.returned[lines[index].id] ?? 0
            }
            order.lines = lines
            order.fulfillmentStatus = FulfillmentStatus(
                lines, isDelivered: order.fulfillmentStatus == .delivered)
            let isRefunded = lines.allSatisfy { progress.refunded[$0.id] ?? 0 >= $0.quantity }
            if isRefunded, order.status.next.contains(.refunded) {
                order.status = .refunded
            }
        }
    }
}

extension Order {
    /// Moves the order on by the legal steps that its shipments imply, and leaves it where none does.
    fileprivate mutating func advance(to fulfillment: FulfillmentStatus) {
        let steps: [OrderStatus]
        switch fulfillment {
        case .partiallyShipped: steps = [.processing]
        case .shipped: steps = [.processing, .shipped]
        case .delivered: steps = [.processing, .shipped, .delivered]
        case .unfulfilled, .partiallyReturned, .returned: steps = []
        }
        for step in steps where status.next.contains(step) && status != .onHold { status = step }
    }
}

extension OrderLine {
    /// The line as if nothing had come back of it: what returns does not keep the rest from being shipped and
    /// delivered.
    fileprivate var withoutReturns: OrderLine {
        var line = self
        line.returnedQuantity = 0
        return line
    }
}
