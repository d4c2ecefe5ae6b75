public import ChangeLog
public import Core
public import Storage

/// Shipments of orders: planned from what is left to ship, moved through one state machine, tracked by events.
///
/// Goods leave the stock when a shipment is shipped, in the same unit of work in which the order learns of it.
public struct Shipments: Sendable {
    let orders: Orders

    /// Shipments that take their goods from the stock of their orders and report to them.
    init(_ orders: Orders) {
        self.orders = orders
    }

    /// A shipment by its identifier.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(
        _ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Shipment {
        guard let shipment = try Self.load("AND id = \(id)", of: tenant, in: transaction).first else {
            throw Failure.notFound(ShipmentStatus.subject, id)
        }
        return shipment
    }

    /// The latest shipment with a tracking number. Carriers use their numbers again after a while.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(
        trackingNumber: String, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Shipment {
        let query: SQL = "AND tracking_number = \(trackingNumber) ORDER BY id DESC LIMIT 1"
        guard let shipment = try Self.load(query, of: tenant, in: transaction).first else {
            throw Failure.notFound("shipment with the tracking number", trackingNumber)
        }
        return shipment
    }

    /// A part of the list of shipments, the latest first.
    public func list(
        _ filter: ShipmentFilter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Shipment> {
        var condition: SQL = ""
        if let order = filter.orderID { condition += " AND order_id = \(order)" }
        if let status = filter.status { condition += " AND status = \(status.rawValue)" }
        if let carrier = filter.carrier { condition += " AND carrier = \(carrier)" }
        let total =
            page.countsTotal
            ? try transaction.first("SELECT COUNT(*) FROM shipments WHERE tenant = \(tenant) \(condition)") {
                $0.integer(0)
            } : nil
        let keyset = try SQL.page([.identifier("id")], descending: true, page)
        let fetched = try Self.load(condition + keyset, of: tenant, in: transaction)
        return Page(fetched: fetched, page, total: total) { [.identifier($0.id)] }
    }

    /// Plans a shipment of an order.
    ///
    /// - throws: ``Failure`` `not_found` for the order or a line, `order_not_shippable` for the order's state,
    ///   `nothing_to_ship`, `exceeds_order` for more than is left.
    public func create(_ draft: ShipmentDraft, of order: Identifier, in unit: UnitOfWork) throws -> Shipment {
        let order = try orders.find(order, of: unit.tenant, in: unit.transaction)
        try order.requireShippable()
        let allocations = ShipmentAllocations(order: order.id)
        let shippable = try allocations.shippable(of: order, in: unit)
        let lines = try lines(of: draft, for: order, shippable)
        for line in lines {
            try allocations.plan(
                line.quantity, of: line.orderLineID, sku: line.sku, ordered: shippable[line.orderLineID]?.ordered ?? 0,
                in: unit)
        }
        let created = ShipmentEvent(
            id: unit.makeIdentifier(), status: .pending, message: nil, location: nil, occurredAt: unit.now)
        let address = try draft.shippingAddress ?? order.details.shippingAddress
        let shipment = try insert(in: unit) { id, number in
            var shipment = Shipment(
                id: id, number: number, orderID: order.id, status: .pending,
                shippingAddress: address, lines: lines, events: [created], version: 1,
                createdAt: unit.now, updatedAt: unit.now)
            draft.carrier.apply(to: &shipment)
            return shipment
        }
        try unit.recordInsert(ShipmentStatus.subject, shipment.id, after: JSONWriter.bytes(of: shipment))
        return shipment
    }

    private func insert(in unit: UnitOfWork, _ make: (Identifier, String) -> Shipment) throws -> Shipment {
        let id = unit.makeIdentifier()
        let number = try DocumentNumber.assign("SHP", from: unit.makeIdentifier) { number in
            try Self.insert(make(id, number), in: unit)
        }
        return make(id, number)
    }

    /// The lines of a draft, or all that is left to ship, in the order of the order's lines.
    private func lines(
        of draft: ShipmentDraft, for order: Order, _ shippable: [Identifier: ShipmentAllocations.Shippable]
    ) throws -> [ShipmentLine] {
        let left = shippable.map { ShipmentDraft.Line($0, $1.left) }.filter { $0.quantity > 0 }
        let wanted = draft.lines ?? left
        guard !wanted.isEmpty else {
            throw Failure.conflict(
                "nothing_to_ship",
                "Everything in order \(order.number) has left or is in a shipment. Cancel one to plan it anew.")
        }
        return try wanted.sorted { $0.orderLineID < $1.orderLineID }.map { line in
            ShipmentLine(
                orderLineID: line.orderLineID, sku: try order.line(line.orderLineID).sku, quantity: line.quantity)
        }
    }
}

extension Order {
    /// A line of the order.
    ///
    /// - throws: ``Failure`` `not_found`.
    func line(_ id: Identifier) throws -> OrderLine {
        guard let line = lines?.first(where: { $0.id == id }) else {
            throw Failure.notFound("line in order \(number)", id)
        }
        return line
    }

    /// Makes sure that goods may leave for the order.
    ///
    /// - throws: ``Failure`` `order_not_shippable`, which says what to do first.
    func requireShippable() throws {
        let remedy: String
        switch status {
        case .confirmed, .processing: return
        case .pending: remedy = "Set its status to confirmed first."
        case .onHold: remedy = "Set its status to processing first."
        case .shipped, .delivered: remedy = "All of it has left."
        case .cancelled, .refunded, .exchanged: remedy = "Make a new order for what is still wanted."
        }
        throw Failure.conflict(
            "order_not_shippable", "Order \(number) is \(status.rawValue), so nothing can be shipped for it. \(remedy)",
            details: [.init("status", .string(status.rawValue))])
    }
}
