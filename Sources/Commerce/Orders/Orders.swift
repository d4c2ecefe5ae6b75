public import ChangeLog
public import Core
import Storage

/// The service of orders: every rule of theirs, synchronous over a unit of work.
public struct Orders: Sendable {
    let products: Products
    let customers: Customers
    let inventory: Inventory
    /// The currency of an order that names none and whose skus the catalogue does not know.
    let defaultCurrency: Currency

    init(_ products: Products, _ customers: Customers, _ inventory: Inventory, defaultCurrency: Currency) {
        self.products = products
        self.customers = customers
        self.inventory = inventory
        self.defaultCurrency = defaultCurrency
    }

    /// Makes an order and sets its units aside, all of them or none.
    ///
    /// - throws: ``Failure`` `insufficient_stock`, `price_mismatch`, `order_number_taken`, `external_id_taken`,
    ///   `total_mismatch`, or `invalid_request` with each wrong member.
    public func create(_ draft: OrderDraft, in unit: UnitOfWork) throws -> Order {
        let id = unit.makeIdentifier()
        let (lines, amounts) = try price(draft, in: unit)
        let order = try Order(
            id: id, number: draft.history?.number ?? DocumentNumber.make("M", from: id), externalID: draft.externalID,
            customerID: try customer(of: draft, in: unit), status: draft.history?.status ?? .pending,
            fulfillmentStatus: .unfulfilled, amounts: amounts, paid: .zero(amounts.total.currency),
            refunded: .zero(amounts.total.currency), details: draft.details, statusReason: nil, isArchived: false,
            reservesStock: draft.reservesStock, orderedAt: draft.history?.orderedAt ?? unit.now, lines: lines,
            version: 1, createdAt: unit.now, updatedAt: unit.now
        ).asItWas()
        if order.reservesStock { try reserve(lines, of: id, in: unit) }
        return try insert(order, isNumbered: draft.history?.number != nil, in: unit)
    }

    /// Changes what the owner of an order may change at any time.
    public func update(
        _ id: Identifier, _ patch: OrderPatch, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Order {
        try change(id, expecting: version, in: unit) { order in
            patch.apply(to: &order)
        }
    }

    /// Moves an order to a state, and the stock with it: cancelling gives back what is set aside, shipping takes it.
    ///
    /// - throws: ``Failure`` `illegal_transition` that names the legal moves, `already_shipped` for cancelling what has
    ///   left.
    public func move(
        _ id: Identifier, to status: OrderStatus, reason: String?, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Order {
        try change(id, expecting: version, in: unit) { order in
            order.status = try order.status.moved(to: status)
            order.statusReason = reason
            switch status {
            case .cancelled: try giveBack(order, in: unit)
            case .shipped: try shipRest(of: &order, in: unit)
            case .delivered: order.fulfillmentStatus = FulfillmentStatus(order.lines ?? [], isDelivered: true)
            default: break
            }
        }
    }

    /// Takes an order out of the lists, or puts it back.
    public func archive(
        _ id: Identifier, _ isArchived: Bool = true, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Order {
        try change(id, expecting: version, in: unit) { $0.isArchived = isArchived }
    }

    /// Takes an order that is pending or cancelled out of the lists, which is what deleting one means.
    ///
    /// - throws: ``Failure`` `order_in_progress` for any other.
    public func delete(_ id: Identifier, expecting version: Int64?, in unit: UnitOfWork) throws {
        _ = try change(id, expecting: version, in: unit) { order in
            guard order.status == .pending || order.status == .cancelled else {
                throw Failure.conflict(
                    "order_in_progress", "The order is \(order.status.rawValue). Cancel it first, or archive it.")
            }
            if order.status == .pending {
                order.status = try order.status.moved(to: .cancelled)
                try giveBack(order, in: unit)
            }
            order.isArchived = true
        }
    }

    /// Loads an order, lets the closure change it, and stores it with its lines and its change.
    func change(
        _ id: Identifier, expecting version: Int64?, in unit: UnitOfWork, _ body: (inout Order) throws -> Void
    ) throws -> Order {
        let old = try find(id, of: unit.tenant, in: unit.transaction)
        if let version, version != old.version { throw Failure.versionMismatch("order", current: old.version) }
        var new = old
        try body(&new)
        guard new != old else { return old }
        new.version = old.version + 1
        new.updatedAt = unit.now
        try save(new, over: old, in: unit)
        return new
    }

    private func customer(of draft: OrderDraft, in unit: UnitOfWork) throws -> Identifier? {
        if let externalID = draft.customerExternalID {
            return try customers.find(externalID: externalID, of: unit.tenant, in: unit.transaction).id
        }
        guard let id = draft.customerID else { return nil }
        guard try customers.holds(id, in: unit) else {
            throw Failure.invalid(at: "/customer_id", "There is no customer \(id).")
        }
        return id
    }

    /// What making an order asks first, none of which depends on another.
    private func questions(of draft: OrderDraft, _ skus: [String], in unit: UnitOfWork) -> [SQL] {
        [Products.sellables(skus, of: unit.tenant)]
            + (draft.customerExternalID == nil ? draft.customerID.map { [Customers.holds($0, in: unit)] } ?? [] : [])
    }

    private func price(_ draft: OrderDraft, in unit: UnitOfWork) throws -> ([OrderLine], OrderAmounts) {
        let skus = try skus(of: draft.items, in: unit)
        try unit.transaction.announce(questions(of: draft, skus, in: unit))
        let sellables = try products.sellables(skus, of: unit.tenant, in: unit.transaction)
        let pricing = OrderPricing(
            sellables: sellables, permissions: draft.permissions,
            currency: OrderPricing.currency(of: draft.currency, skus: skus, sellables, default: defaultCurrency))
        var lines: [OrderLine] = []
        lines.reserveCapacity(skus.count)
        for (index, (item, sku)) in zip(draft.items, skus).enumerated() {
            lines.append(try pricing.line(item, sku: sku, id: unit.makeIdentifier(), at: "/items/\(index)"))
        }
        let shipping = try draft.shipping.map { try pricing.money($0, at: "/shipping_amount") }
        let amounts = try OrderAmounts(lines, shipping: shipping ?? .zero(pricing.currency))
        if let expected = draft.expectedTotal, try pricing.money(expected, at: "/total_amount") != amounts.total {
            throw Failure(
                .invalid, code: "total_mismatch", "The total is \(amounts.total). Send that, or no total.",
                errors: [.init(pointer: "/total_amount", message: "The total is \(amounts.total).")])
        }
        return (lines, amounts)
    }

    /// The skus of lines that name a sku, a product or a variant.
    func skus(of items: [OrderItemDraft], in unit: UnitOfWork) throws -> [String] {
        let ids = items.compactMap { $0.sku == nil ? $0.productID : nil }
        let known = try products.skus(of: ids, of: unit.tenant, in: unit.transaction)
        return try items.enumerated().map { index, item in
            guard let sku = item.sku ?? item.productID.flatMap({ known[$0] }) else {
                throw Failure.invalid(at: "/items/\(index)/product_id", "There is no such product.")
            }
            return sku
        }
    }
}

extension Order {
    /// An order that comes with a state from elsewhere has the quantities that go with that state.
    fileprivate func asItWas() throws -> Order {
        guard status != .pending, var lines else { return self }
        var order = self
        if [.shipped, .delivered, .refunded, .exchanged].contains(status) {
            for index in lines.indices { lines[index].shippedQuantity = lines[index].quantity }
        }
        order.lines = lines
        order.fulfillmentStatus = FulfillmentStatus(lines, isDelivered: status == .delivered)
        return order
    }
}
