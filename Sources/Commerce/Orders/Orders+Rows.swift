import ChangeLog
import Core
import Storage

/// How orders and their lines stand in the tables.
extension Orders {
    /// Stores a new order with its lines and appends it to the log.
    ///
    /// Returns the order with the number that it was given in the end.
    ///
    /// - parameter isNumbered: whether the number was given and must be that one.
    func insert(_ order: Order, isNumbered: Bool, in unit: UnitOfWork) throws -> Order {
        var order = order
        var attempts = 1
        if unit.transaction.isRemote, !isNumbered, order.externalID == nil {
            try unit.transaction.insert(Self.newInsertion, order.row(of: unit.tenant))
            return try insertRest(of: order, in: unit)
        }
        while try !insertRow(order, in: unit) {
            guard !isNumbered else {
                throw Failure.conflict("order_number_taken", "There is an order \(order.number) already.")
            }
            guard attempts < DocumentNumber.attempts else {
                throw Failure.internal("Too many order numbers are taken.")
            }
            attempts += 1
            order.number = DocumentNumber.make("M", from: unit.makeIdentifier())
        }
        return try insertRest(of: order, in: unit)
    }

    private func insertRest(of order: Order, in unit: UnitOfWork) throws -> Order {
        try insertLines(order.lines ?? [], of: order.id, in: unit)
        try unit.recordInsert("order", order.id, after: JSONWriter.bytes(of: order, capacity: 2048))
        return order
    }

    /// Returns false when the number is taken.
    private func insertRow(_ order: Order, in unit: UnitOfWork) throws -> Bool {
        do {
            return try unit.transaction.execute(Self.insertion.statement(order.row(of: unit.tenant))) == 1
        } catch let violation as ConstraintViolation where violation.kind == .unique {
            throw Failure.externalIDTaken(order)
        }
    }

    /// Adds lines to an order by as few statements as possible.
    func insertLines(_ lines: [OrderLine], of order: Identifier, in unit: UnitOfWork) throws {
        try unit.transaction.insert(Self.lineInsertion, lines.flatMap { $0.row(of: order, unit.tenant) })
    }

    private static let newInsertion = Insertion(into: "orders", "\(Order.columns), tenant", hasNewKeys: true)
    private static let insertion = Insertion(
        into: "orders", "\(Order.columns), tenant", ending: "ON CONFLICT (tenant, order_number) DO NOTHING")
    private static let lineInsertion = Insertion(into: "order_lines", "\(OrderLine.columns), tenant, order_id")

    /// Stores a changed order with the lines that differ, and appends the change to the log.
    func save(_ new: Order, over old: Order, in unit: UnitOfWork) throws {
        let changed: Int
        do {
            changed = try unit.transaction.execute(
                """
                UPDATE orders SET external_id = \(new.externalID), status = \(new.status.rawValue),
                    fulfillment_status = \(new.fulfillmentStatus.rawValue),
                    subtotal_amount = \(new.amounts.subtotal.minorUnits),
                    discount_amount = \(new.amounts.discount.minorUnits), tax_amount = \(new.amounts.tax.minorUnits),
                    shipping_amount = \(new.amounts.shipping.minorUnits),
                    total_amount = \(new.amounts.total.minorUnits),
                    paid_amount = \(new.paid.minorUnits), refunded_amount = \(new.refunded.minorUnits),
                    shipping_address = \(new.details.storedShippingAddress?.column),
                    billing_address = \(new.details.storedBillingAddress?.column),
                    payment_method = \(new.details.paymentMethod), shipping_method = \(new.details.shippingMethod),
                    notes = \(new.details.notes), status_reason = \(new.statusReason), is_archived = \(new.isArchived),
                    version = \(new.version), updated_at = \(new.updatedAt)
                WHERE tenant = \(unit.tenant) AND id = \(new.id) AND version = \(old.version)
                """)
        } catch let violation as ConstraintViolation where violation.kind == .unique {
            throw Failure.externalIDTaken(new)
        }
        guard changed == 1 else { throw Failure.versionMismatch("order", current: old.version + 1) }
        try saveLines(new.lines ?? [], over: old.lines ?? [], of: new.id, in: unit)
        try unit.recordUpdate(
            "order", new.id, before: JSONWriter.bytes(of: old, capacity: 2048),
            after: JSONWriter.bytes(of: new, capacity: 2048))
    }

    private func saveLines(_ new: [OrderLine], over old: [OrderLine], of order: Identifier, in unit: UnitOfWork) throws
    {
        let before = Dictionary(uniqueKeysWithValues: old.map { ($0.id, $0) })
        let kept = Set(new.map(\.id))
        for line in old where !kept.contains(line.id) {
            try unit.transaction.execute(
                "DELETE FROM order_lines WHERE tenant = \(unit.tenant) AND order_id = \(order) AND id = \(line.id)")
        }
        for line in new where before[line.id] != nil && before[line.id] != line {
            try unit.transaction.execute(
                """
                UPDATE order_lines SET quantity = \(line.quantity), unit_price = \(line.unitPrice.minorUnits),
                    discount_amount = \(line.discount.minorUnits), tax_rate = \(line.taxRate),
                    tax_amount = \(line.tax.minorUnits), total_amount = \(line.total.minorUnits),
                    shipped_quantity = \(line.shippedQuantity), returned_quantity = \(line.returnedQuantity)
                WHERE tenant = \(unit.tenant) AND order_id = \(order) AND id = \(line.id)
                """)
        }
        try insertLines(new.filter { before[$0.id] == nil }, of: order, in: unit)
    }
}

extension Order {
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns: SQL = """
        id, order_number, external_id, customer_id, status, fulfillment_status, currency, subtotal_amount,
        discount_amount, tax_amount, shipping_amount, total_amount, paid_amount, refunded_amount, shipping_address,
        billing_address, payment_method, shipping_method, notes, status_reason, is_archived, reserves_stock, ordered_at,
        version, created_at, updated_at
        """

    /// The values of the columns, and the tenant.
    fileprivate func row(of tenant: Tenant) -> [SQLValue] {
        [
            .identifier(id), .text(number), externalID.sqlValue, customerID.sqlValue, .text(status.rawValue),
            .text(fulfillmentStatus.rawValue), .text(currency.code), .integer(amounts.subtotal.minorUnits),
            .integer(amounts.discount.minorUnits), .integer(amounts.tax.minorUnits),
            .integer(amounts.shipping.minorUnits), .integer(amounts.total.minorUnits), .integer(paid.minorUnits),
            .integer(refunded.minorUnits), (details.storedShippingAddress?.column).sqlValue,
            (details.storedBillingAddress?.column).sqlValue, details.paymentMethod.sqlValue,
            details.shippingMethod.sqlValue, details.notes.sqlValue, statusReason.sqlValue, isArchived.sqlValue,
            reservesStock.sqlValue, orderedAt.sqlValue, .integer(version), createdAt.sqlValue, updatedAt.sqlValue,
            tenant.sqlValue,
        ]
    }

    /// An order without its lines.
    init(row: Row) throws {
        let currency = try row.currency(6)
        func money(_ column: Int) -> Money { Money(stored: row.integer(column), currency: currency) }
        self.init(
            id: try row.identifier(0), number: row.text(1), externalID: row.optionalText(2),
            customerID: try row.optionalIdentifier(3), status: try row.choice(4, OrderStatus.self),
            fulfillmentStatus: try row.choice(5, FulfillmentStatus.self),
            amounts: OrderAmounts(
                storedSubtotal: money(7), discount: money(8), tax: money(9), shipping: money(10), total: money(11)),
            paid: money(12), refunded: money(13),
            details: OrderDetails(
                storedShippingAddress: row.optionalBytes(14).map { StoredAddress(stored: $0) },
                storedBillingAddress: row.optionalBytes(15).map { StoredAddress(stored: $0) },
                paymentMethod: row.optionalText(16), shippingMethod: row.optionalText(17), notes: row.optionalText(18)),
            statusReason: row.optionalText(19), isArchived: row.bool(20), reservesStock: row.bool(21),
            orderedAt: row.timestamp(22), lines: nil, version: row.integer(23), createdAt: row.timestamp(24),
            updatedAt: row.timestamp(25))
    }
}

extension OrderLine {
    /// The columns that ``init(row:currency:)`` reads, in its order.
    static let columns: SQL = """
        id, sku, product_id, variant_id, name, quantity, unit_price, discount_amount, tax_rate, tax_amount,
        total_amount, shipped_quantity, returned_quantity
        """

    /// The values of the columns, the tenant and the order.
    fileprivate func row(of order: Identifier, _ tenant: Tenant) -> [SQLValue] {
        [
            .identifier(id), .text(sku), productID.sqlValue, variantID.sqlValue, .text(name), .integer(quantity),
            .integer(unitPrice.minorUnits), .integer(discount.minorUnits), taxRate.sqlValue, .integer(tax.minorUnits),
            .integer(total.minorUnits), .integer(shippedQuantity), .integer(returnedQuantity), tenant.sqlValue,
            .identifier(order),
        ]
    }

    init(row: Row, currency: Currency) throws {
        func money(_ column: Int) -> Money { Money(stored: row.integer(column), currency: currency) }
        try self.init(
            id: row.identifier(0), sku: row.text(1), productID: row.optionalIdentifier(2),
            variantID: row.optionalIdentifier(3), name: row.text(4), quantity: row.integer(5), unitPrice: money(6),
            discount: money(7), taxRate: row.rate(8), storedTax: money(9), total: money(10),
            shippedQuantity: row.integer(11), returnedQuantity: row.integer(12))
    }
}

extension Failure {
    fileprivate static func externalIDTaken(_ order: Order) -> Failure {
        conflict("external_id_taken", "Another order has the external id \(order.externalID ?? "").")
    }
}
