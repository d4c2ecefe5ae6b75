import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// A shop whose orders are to be shipped and taken back, on a store of its own.
struct FulfilmentShop {
    let store: TestStore
    let commerce = Commerce()

    init(_ engine: TestStore.Engine) async throws {
        store = try await TestStore(engine, schemas: Commerce.schemas)
    }

    /// Does a unit of work, by default for the first tenant.
    @discardableResult
    func write<T: Sendable>(
        as tenant: Tenant = .first, _ body: @escaping @Sendable (Commerce, UnitOfWork) throws -> T
    ) async throws -> T {
        try await store.log.write(ChangeContext(tenant: tenant, actor: "test")) { [commerce] in
            try body(commerce, $0)
        }.value
    }

    /// Reads one snapshot.
    func read<T: Sendable>(_ body: @escaping @Sendable (Commerce, any ReadTransaction) throws -> T) async throws -> T {
        try await store.log.read { [commerce] in try body(commerce, $0) }.value
    }

    /// An order that nobody confirmed yet, of some units of each sku at 3.33 with 8.75 % tax, with 100 units in stock.
    ///
    /// - parameter stocking: whether its skus and their stock are to be made first.
    func pendingOrder(_ quantities: [String: Int64], reserve: Bool = true, stocking: Bool = true) async throws -> Order
    {
        let skus = quantities.keys.sorted()
        let draft = try decode(
            """
            {"items":[\(skus.map { #"{"sku":"\#($0)","quantity":\#(quantities[$0] ?? 0)}"# }.joined(separator: ","))],
            "reserve":\(reserve),
            "shipping_address":{"line1":"1 Mill Lane","city":"Leeds","country":"GB"}}
            """
        ) { OrderDraft(&$0) }
        return try await write { commerce, unit in
            for sku in skus where stocking {
                let known = try commerce.products.sellables([sku], of: unit.tenant, in: unit.transaction)
                guard known.isEmpty else { continue }
                let product = try decode(
                    #"{"sku":"\#(sku)","name":"\#(sku)","price":"3.33","currency":"USD","tax_rate":"0.0875"}"#
                ) { ProductDraft(&$0) }
                _ = try commerce.products.create(product, in: unit)
                _ = try commerce.inventory.receive(StockMovement(sku: sku, quantity: 100), in: unit)
            }
            return try commerce.orders.create(draft, in: unit)
        }
    }

    /// An order that may ship.
    func confirmedOrder(
        _ quantities: [String: Int64], reserve: Bool = true, stocking: Bool = true
    ) async throws -> Order {
        let order = try await pendingOrder(quantities, reserve: reserve, stocking: stocking)
        return try await move(order.id, to: .confirmed)
    }

    /// An order that the customer has, all of it, and paid for.
    func deliveredOrder(_ quantities: [String: Int64], paying: Bool = true) async throws -> Order {
        let order = try await confirmedOrder(quantities)
        if paying {
            let draft = try decode(#"{"amount":"\#(order.amounts.total)"}"#) { PaymentDraft(&$0) }
            try await write { try $0.payments.pay(order: order.id, draft, in: $1) }
        }
        let shipment = try await ship(order.id)
        try await write { try $0.shipments.move(shipment.id, to: .delivered, in: $1) }
        return try await self.order(order.id)
    }

    /// A shipment of a whole order that has just left.
    func shippedShipment() async throws -> Shipment {
        let order = try await confirmedOrder(["tea": 2])
        return try await ship(order.id)
    }

    /// Ships lines of an order, or all that is left.
    @discardableResult
    func ship(_ order: Identifier, _ lines: [ShipmentDraft.Line]? = nil) async throws -> Shipment {
        try await write { commerce, unit in
            let planned = try commerce.shipments.create(ShipmentDraft(lines: lines), of: order, in: unit)
            return try commerce.shipments.move(planned.id, to: .shipped, in: unit)
        }
    }

    /// Moves an order.
    @discardableResult
    func move(_ order: Identifier, to status: OrderStatus) async throws -> Order {
        try await write { try $0.orders.move(order, to: status, reason: nil, expecting: nil, in: $1) }
    }

    /// The order as it is now.
    func order(_ id: Identifier) async throws -> Order {
        try await read { try $0.orders.find(id, of: .first, in: $1) }
    }

    /// On hand and reserved units of a sku.
    func stock(_ sku: String) async throws -> [Int64] {
        let level = try await read { try $0.inventory.find(sku, of: .first, in: $1) }
        return [level.onHand, level.reserved]
    }

    /// The failure that a unit of work ends in.
    func failure<T: Sendable>(
        _ body: @escaping @Sendable (Commerce, UnitOfWork) throws -> T
    ) async throws -> Failure {
        do {
            try await write(body)
        } catch let failure as Failure {
            return failure
        }
        throw Failure.internal("The unit of work was expected to fail.")
    }

    /// What every one of so many equal units of work at the same time ends in, counted.
    func outcomes<T: Sendable>(
        of count: Int, _ body: @escaping @Sendable (Commerce, UnitOfWork) throws -> T
    ) async -> [String: Int] {
        await withTaskGroup(of: String.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do {
                        try await write(body)
                        return "made"
                    } catch {
                        return (error as? Failure)?.code ?? "\(error)"
                    }
                }
            }
            return await group.reduce(into: [:]) { counts, code in counts[code, default: 0] += 1 }
        }
    }
}

extension Order {
    /// The identifier of the line of a sku.
    func line(_ sku: String) throws -> Identifier {
        try #require(lines?.first { $0.sku == sku }).id
    }

    /// How many units of a sku have left.
    func shipped(_ sku: String) throws -> Int64 {
        try #require(lines?.first { $0.sku == sku }).shippedQuantity
    }
}
