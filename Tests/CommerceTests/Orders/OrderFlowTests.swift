import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// A shop with a few products and stock, in a database of its own.
struct OrderShop {
    let store: TestStore
    let commerce = Commerce()

    init(_ engine: TestStore.Engine, stock: Int64 = 10, skus: [String] = ["chai", "tofu", "milk"]) async throws {
        store = try await TestStore(engine, schemas: Commerce.schemas)
        let commerce = commerce
        _ = try await store.log.write(TestStore.context) { unit in
            for sku in skus {
                let draft = try Self.read(
                    #"{"sku":"\#(sku)","name":"\#(sku)","price":"18.25","currency":"USD","tax_rate":"0.0875"}"#
                ) { ProductDraft(&$0) }
                _ = try commerce.products.create(draft, in: unit)
                _ = try commerce.inventory.receive(StockMovement(sku: sku, quantity: stock), in: unit)
            }
        }
    }

    static func read<T>(_ json: String, _ body: (inout JSONFields) throws -> T) throws -> T {
        try JSONFields.read(try JSONParser.parse(Array(json.utf8)), body)
    }

    /// Does work for the first tenant.
    func write<T: Sendable>(_ body: @escaping @Sendable (UnitOfWork) throws -> T) async throws -> T {
        try await store.log.write(TestStore.context, body).value
    }

    /// Makes an order of a JSON body.
    func order(_ json: String, _ permissions: OrderDraft.Permissions = .init()) async throws -> Order {
        let commerce = commerce
        return try await write { unit in
            try commerce.orders.create(try Self.read(json) { OrderDraft(&$0, permissions) }, in: unit)
        }
    }

    /// What is on hand and reserved of a sku.
    func stock(_ sku: String) async throws -> [Int64] {
        try await store.log.read { transaction in
            try transaction.first(
                "SELECT SUM(on_hand), SUM(reserved) FROM balances WHERE tenant = 1 AND sku = \(sku)"
            ) { [$0.integer(0), $0.integer(1)] } ?? []
        }.value
    }
}

@Suite struct OrderFlowTests {
    @Test(arguments: TestStore.Engine.allCases)
    func anOrderReservesAndCancellingGivesBack(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(#"{"items":[{"sku":"chai","quantity":3},{"sku":"tofu","quantity":1}]}"#)
        #expect(order.amounts.subtotal.description == "73.00")
        // 8.75 % of 54.75 is 4.790625, of 18.25 is 1.596875; each line is rounded for itself.
        #expect(order.amounts.tax.description == "6.39")
        #expect(order.amounts.total.description == "79.39")
        #expect(try await shop.stock("chai") == [10, 3])
        let cancelled = try await shop.write { unit in
            try shop.commerce.orders.move(order.id, to: .cancelled, reason: "changed my mind", expecting: 1, in: unit)
        }
        #expect(cancelled.status == .cancelled && cancelled.version == 2)
        #expect(try await shop.stock("chai") == [10, 0])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func shippingTheWholeTakesTheStock(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(#"{"items":[{"sku":"chai","quantity":3}]}"#)
        for status in [OrderStatus.processing, .shipped, .delivered] {
            _ = try await shop.write { unit in
                try shop.commerce.orders.move(order.id, to: status, reason: nil, expecting: nil, in: unit)
            }
        }
        #expect(try await shop.stock("chai") == [7, 0])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func fiftyBuyersOfTenUnitsBuyExactlyTen(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let sold = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    do {
                        _ = try await shop.order(#"{"items":[{"sku":"chai","quantity":1}]}"#)
                        return true
                    } catch let failure as Failure where failure.code == "insufficient_stock" {
                        return false
                    } catch {
                        Issue.record(error)
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(sold == 10)
        #expect(try await shop.stock("chai") == [10, 10])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func linesChangeWhilePending(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(#"{"items":[{"sku":"chai","quantity":3}]}"#)
        let added = try await shop.write { unit in
            let item = try OrderShop.read(#"{"sku":"milk","quantity":2}"#) { OrderItemDraft(&$0) }
            return try shop.commerce.orders.addLines([item], to: order.id, .init(), expecting: 1, in: unit)
        }
        #expect(added.amounts.subtotal.description == "91.25")
        #expect(try await shop.stock("milk") == [10, 2])
        let chai = try #require(added.lines?.first { $0.sku == "chai" })
        let changed = try await shop.write { unit in
            let patch = try OrderShop.read(#"{"quantity":1}"#) { OrderLinePatch(&$0, .init()) }
            return try shop.commerce.orders.changeLine(chai.id, of: order.id, patch, expecting: 2, in: unit)
        }
        #expect(changed.amounts.subtotal.description == "54.75")
        #expect(try await shop.stock("chai") == [10, 1])
        let removed = try await shop.write { unit in
            try shop.commerce.orders.removeLine(chai.id, of: order.id, expecting: 3, in: unit)
        }
        #expect(removed.amounts.subtotal.description == "36.50")
        #expect(try await shop.stock("chai") == [10, 0])
        let stored = try await shop.store.log.read { try shop.commerce.orders.find(order.id, of: .first, in: $0) }
        #expect(stored.value.lines?.map(\.sku) == ["milk"] && stored.value.version == 4)
    }
}
