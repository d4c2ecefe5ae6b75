public import ChangeLog
public import Core

extension Orders {
    /// Adds lines to an order that is pending, and sets their units aside when the order does so.
    ///
    /// - throws: ``Failure`` `order_not_pending`, `too_many_lines`, and what ``create(_:in:)`` throws of lines.
    public func addLines(
        _ items: [OrderItemDraft], to id: Identifier, _ permissions: OrderDraft.Permissions, expecting version: Int64?,
        in unit: UnitOfWork
    ) throws -> Order {
        try changeLines(id, expecting: version, in: unit) { order, lines in
            guard lines.count + items.count <= OrderLimits.lines.upperBound else {
                throw Failure.conflict(
                    "too_many_lines", "An order has at most \(OrderLimits.lines.upperBound) lines. Make another order.")
            }
            let skus = try skus(of: items, in: unit)
            let pricing = OrderPricing(
                sellables: try products.sellables(skus, of: unit.tenant, in: unit.transaction),
                permissions: permissions, currency: order.currency)
            let added = try zip(items, skus).enumerated().map { index, pair in
                try pricing.line(pair.0, sku: pair.1, id: unit.makeIdentifier(), at: "/items/\(index)")
            }
            if order.reservesStock { try reserve(added, of: order.id, in: unit) }
            lines += added
        }
    }

    /// Changes the quantity, the price, the discount or the tax of a line of an order that is pending.
    public func changeLine(
        _ line: Identifier, of id: Identifier, _ patch: OrderLinePatch, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Order {
        try changeLines(id, expecting: version, in: unit) { order, lines in
            let index = try Self.index(of: line, in: lines)
            let before = lines[index].quantity
            try patch.apply(to: &lines[index])
            let more = lines[index].quantity - before
            guard order.reservesStock, more != 0 else { return }
            if more > 0 {
                _ = try inventory.reserve(
                    lines: [
                        ReservationRequest(
                            sku: lines[index].sku, quantity: more, orderID: order.id, orderLineID: line)
                    ], in: unit)
            } else {
                try inventory.release(order: order.id, line: line, quantity: -more, in: unit)
            }
        }
    }

    /// Removes a line of an order that is pending, and gives back what was set aside for it.
    ///
    /// - throws: ``Failure`` `last_line` for the only line: an order without lines is cancelled instead.
    public func removeLine(
        _ line: Identifier, of id: Identifier, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Order {
        try changeLines(id, expecting: version, in: unit) { order, lines in
            lines.remove(at: try Self.index(of: line, in: lines))
            guard !lines.isEmpty else {
                throw Failure.conflict("last_line", "An order needs a line. Cancel the order instead.")
            }
            try inventory.release(order: order.id, line: line, in: unit)
        }
    }

    private func changeLines(
        _ id: Identifier, expecting version: Int64?, in unit: UnitOfWork,
        _ body: (Order, inout [OrderLine]) throws -> Void
    ) throws -> Order {
        try change(id, expecting: version, in: unit) { order in
            guard order.status.allowsLineChanges else {
                throw Failure.conflict(
                    "order_not_pending",
                    "The order is \(order.status.rawValue); its lines can be changed only while it is pending.")
            }
            var lines = order.lines ?? []
            try body(order, &lines)
            order.lines = lines
            order.amounts = try OrderAmounts(lines, shipping: order.amounts.shipping)
            guard order.paid.minorUnits <= order.amounts.total.minorUnits else {
                throw Failure.conflict(
                    "paid_more", "\(order.paid) is paid already, more than the new total of \(order.amounts.total).")
            }
        }
    }

    private static func index(of line: Identifier, in lines: [OrderLine]) throws -> Int {
        guard let index = lines.firstIndex(where: { $0.id == line }) else {
            throw Failure.notFound("line", line)
        }
        return index
    }
}

/// Changes to a line of an order.
public struct OrderLinePatch: Sendable {
    private let quantity: Int64?
    private let unitPrice: Decimal?
    private let discount: Patch<Decimal>
    private let taxRate: Rate?

    /// Reads a merge patch (RFC 7396). What it says of prices is allowed only with permission.
    public init(_ fields: inout JSONFields, _ permissions: OrderDraft.Permissions) {
        quantity = fields.notNull("quantity") { $0.optionalInteger($1, in: OrderLimits.quantity) }
        unitPrice = fields.notNull("unit_price") { $0.optionalDecimal($1) }
        discount = fields.patch("discount_amount") { $0.optionalDecimal($1) }
        taxRate = fields.notNull("tax_rate") { $0.optionalRate($1) }
        guard !permissions.setsPrices else { return }
        for name in ["unit_price", "discount_amount", "tax_rate"] where fields.has(name) {
            fields.reject(name, "Only a credential with the scope orders:price may set this.")
        }
    }

    func apply(to line: inout OrderLine) throws {
        let pricing = OrderPricing(sellables: [:], permissions: .init(), currency: line.unitPrice.currency)
        if let quantity { line.quantity = quantity }
        if let unitPrice { line.unitPrice = try pricing.money(unitPrice, at: "/unit_price") }
        switch discount {
        case .keep: break
        case .remove: line.discount = .zero(line.unitPrice.currency)
        case .set(let discount): line.discount = try pricing.money(discount, at: "/discount_amount")
        }
        if let taxRate { line.taxRate = taxRate }
        try line.derive()
    }
}
