public import ChangeLog
public import Core
public import Storage

/// Which payments a list shows, the newest first.
public struct PaymentFilter: Sendable, Hashable {
    /// Only those of an order.
    public var orderID: Identifier?
    /// Only payments, or only refunds.
    public var kind: Payment.Kind?

    /// Every payment and refund.
    public init(orderID: Identifier? = nil, kind: Payment.Kind? = nil) {
        self.orderID = orderID
        self.kind = kind
    }
}

/// The service of payments: a ledger of what was paid and paid back for orders. No money moves here.
public struct Payments: Sendable {
    let orders: Orders

    /// Records a payment of an order.
    ///
    /// - parameter version: the version of the order that the caller knows; nil when it does not mind others' changes.
    /// - throws: ``Failure`` `exceeds_total` when more would be paid than the order's total, `order_cancelled`,
    ///   `reference_taken`.
    public func pay(
        order id: Identifier, _ draft: PaymentDraft, expecting version: Int64? = nil, in unit: UnitOfWork
    ) throws -> Payment {
        try record(.payment, id, draft, expecting: version, in: unit) { order, amount in
            guard order.status != .cancelled, order.status != .refunded else {
                throw Failure.conflict(
                    "order_cancelled", "The order is \(order.status.rawValue); nothing is owed for it.")
            }
            let open = try order.amounts.total.subtracting(order.paid)
            let amount = amount ?? open
            guard amount.minorUnits <= open.minorUnits, amount.minorUnits > 0 else {
                throw Failure.exceeds("exceeds_total", "left to pay", open)
            }
            order.paid = try order.paid.adding(amount)
            return amount
        }
    }

    /// Records that money of an order was paid back.
    ///
    /// - parameter version: the version of the order that the caller knows; nil when it does not mind others' changes.
    /// - throws: ``Failure`` `exceeds_paid` when more would be paid back than was paid, `reference_taken`.
    public func refund(
        order id: Identifier, _ draft: PaymentDraft, expecting version: Int64? = nil, in unit: UnitOfWork
    ) throws -> Payment {
        try record(.refund, id, draft, expecting: version, in: unit) { order, amount in
            let left = try order.paid.subtracting(order.refunded)
            let amount = amount ?? left
            guard amount.minorUnits <= left.minorUnits, amount.minorUnits > 0 else {
                throw Failure.exceeds("exceeds_paid", "left to pay back", left)
            }
            order.refunded = try order.refunded.adding(amount)
            return amount
        }
    }

    /// Records that an amount of an order was paid back, for a return.
    @discardableResult
    func refund(
        order id: Identifier, amount: Money, reference: String, in unit: UnitOfWork
    ) throws -> Payment {
        try refund(order: id, PaymentDraft(amount: Decimal(amount.description), reference: reference), in: unit)
    }

    /// A payment or a refund.
    ///
    /// - throws: ``Failure`` `not_found`.
    public func find(_ id: Identifier, of tenant: Tenant, in transaction: any ReadTransaction) throws -> Payment {
        let query: SQL = "SELECT \(Payment.columns) FROM payments WHERE tenant = \(tenant) AND id = \(id)"
        guard let payment = try transaction.first(query, Payment.init(row:)) else {
            throw Failure.notFound("payment", id)
        }
        return payment
    }

    /// A page of the payments that a filter lets through.
    public func list(
        _ filter: PaymentFilter, _ page: PageRequest, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> Page<Payment> {
        var conditions: SQL = "WHERE tenant = \(tenant)"
        if let orderID = filter.orderID { conditions += " AND order_id = \(orderID)" }
        if let kind = filter.kind { conditions += " AND kind = \(kind.rawValue)" }
        var total: Int64?
        if page.countsTotal {
            total = try transaction.first("SELECT COUNT(*) FROM payments \(conditions)") { $0.integer(0) }
        }
        let end = try SQL.page([.identifier("id")], descending: true, page)
        let payments = try transaction.rows(
            "SELECT \(Payment.columns) FROM payments \(conditions)\(end)", Payment.init(row:))
        return Page(fetched: payments, page, total: total) { [.identifier($0.id)] }
    }

    /// Changes the order's sums and adds a row to the ledger. The order's version guards the sums, and its table's
    /// checks.
    private func record(
        _ kind: Payment.Kind, _ id: Identifier, _ draft: PaymentDraft, expecting version: Int64?,
        in unit: UnitOfWork, _ apply: (inout Order, Money?) throws -> Money
    ) throws -> Payment {
        var recorded = Money.zero(.usd)
        _ = try orders.change(id, expecting: version, in: unit) { order in
            let amount = try draft.amount.map { decimal in
                try OrderPricing(sellables: [:], permissions: .init(), currency: order.currency)
                    .money(decimal, at: "/amount")
            }
            recorded = try apply(&order, amount)
        }
        let payment = Payment(
            id: unit.makeIdentifier(), orderID: id, kind: kind, amount: recorded, method: draft.method,
            reference: draft.reference, note: draft.note, createdAt: unit.now)
        let inserted = try unit.transaction.execute(
            """
            INSERT INTO payments (tenant, \(Payment.columns))
            VALUES (\(unit.tenant), \(payment.id), \(id), \(kind.rawValue), \(recorded.minorUnits),
                \(recorded.currency), \(payment.method), \(payment.reference), \(payment.note), \(payment.createdAt))
            ON CONFLICT (tenant, order_id, kind, reference) WHERE reference IS NOT NULL DO NOTHING
            """)
        guard inserted == 1 else {
            throw Failure.conflict(
                "reference_taken",
                "A \(kind.rawValue) with the reference \(draft.reference ?? "") is recorded for the order already.")
        }
        try unit.recordInsert("payment", payment.id, after: JSONWriter.bytes(of: payment))
        return payment
    }
}

extension Failure {
    fileprivate static func exceeds(_ code: String, _ what: String, _ amount: Money) -> Failure {
        conflict(
            code, "\(amount) \(amount.currency.code) is \(what). Send an amount above zero and up to that.",
            details: [.init("available", .string(amount.description))])
    }
}
