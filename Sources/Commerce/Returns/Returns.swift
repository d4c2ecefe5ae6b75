public import ChangeLog
public import Core
public import Storage

/// Returns of shipped goods: how many come back is bounded by what was shipped, what is paid back by what was paid.
public struct Returns: Sendable {
    let orders: Orders
    let inventory: Inventory
    let payments: Payments

    /// Returns that put their goods into an inventory, pay back through payments and report to their orders.
    init(_ orders: Orders, _ inventory: Inventory, _ payments: Payments) {
        self.orders = orders
        self.inventory = inventory
        self.payments = payments
    }

    /// A return by its identifier.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(_ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Return {
        guard let found = try Self.load("AND id = \(id)", of: tenant, in: transaction).first else {
            throw Failure.notFound(ReturnStatus.subject, id)
        }
        return found
    }

    /// A part of the list of returns, the latest first.
    public func list(
        _ filter: ReturnFilter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Return> {
        var condition: SQL = ""
        if let order = filter.orderID { condition += " AND order_id = \(order)" }
        if let status = filter.status { condition += " AND status = \(status.rawValue)" }
        let total =
            page.countsTotal
            ? try transaction.first("SELECT COUNT(*) FROM returns WHERE tenant = \(tenant) \(condition)") {
                $0.integer(0)
            } : nil
        let keyset = try SQL.page([.identifier("id")], descending: true, page)
        let fetched = try Self.load(condition + keyset, of: tenant, in: transaction)
        return Page(fetched: fetched, page, total: total) { [.identifier($0.id)] }
    }

    /// Asks for a return of goods of an order.
    ///
    /// - throws: ``Failure`` `not_found` for the order or a line, `exceeds_shipped` for more than was shipped and is
    ///   not in another return, `invalid_request` for a refund above what was paid.
    public func create(_ draft: ReturnDraft, of order: Identifier, in unit: UnitOfWork) throws -> Return {
        let order = try orders.find(order, of: unit.tenant, in: unit.transaction)
        let lines = try claim(draft.lines, of: order, in: unit)
        let id = unit.makeIdentifier()
        func make(_ number: String) -> Return {
            Return(
                id: id, number: number, orderID: order.id, status: .requested, reason: draft.reason,
                notes: draft.notes, currency: order.currency, lines: lines, version: 1, createdAt: unit.now,
                updatedAt: unit.now)
        }
        let number = try DocumentNumber.assign("RMA", from: unit.makeIdentifier) { number in
            try Self.insert(make(number), in: unit)
        }
        let made = make(number)
        try unit.recordInsert(ReturnStatus.subject, id, after: JSONWriter.bytes(of: made))
        return made
    }

    private func claim(_ wanted: [ReturnDraft.Line], of order: Order, in unit: UnitOfWork) throws -> [ReturnLine] {
        let allocations = ReturnAllocations(order: order.id)
        // Everyone takes the rows in the order of the lines, so that two returns never wait for each other.
        return try wanted.enumerated().sorted { $0.element.orderLineID < $1.element.orderLineID }.map { index, line in
            let orderLine = try order.line(line.orderLineID)
            let place = "/lines/\(index)"
            let amount = try allocations.claim(
                line.quantity, of: orderLine, wanted: line.refund(in: order.currency, at: place), at: place, in: unit)
            return ReturnLine(
                orderLineID: line.orderLineID, sku: orderLine.sku, quantity: line.quantity, reason: line.reason,
                condition: line.condition, restock: line.restock, refundAmount: amount)
        }
    }
}

extension ReturnDraft.Line {
    /// What is to be paid back, in the currency of the order.
    fileprivate func refund(in currency: Currency, at place: String) throws -> Money? {
        guard let refundAmount else { return nil }
        guard let minor = refundAmount.exactly(digits: currency.digits), (0...Money.limit).contains(minor) else {
            throw Failure.invalid(
                at: "\(place)/refund_amount",
                "An amount from 0 with at most \(currency.digits) decimals is expected, in \(currency.code).")
        }
        return try Money(minorUnits: minor, currency: currency)
    }
}
