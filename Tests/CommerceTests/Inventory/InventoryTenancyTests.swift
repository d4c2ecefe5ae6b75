import ChangeLog
import Commerce
import Core
import Logging
import Storage
import TestKit
import Testing

/// A tenant sees and moves only its own stock.
@Suite struct InventoryTenancyTests {
    private static let stranger = Tenant(2)

    /// A room where the first tenant has 10 chai, of which an order holds 2 and a cart 3.
    private func furnished(_ engine: TestStore.Engine) async throws -> (StockRoom, Reservation) {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        _ = try await room.reserve(ReservationRequest(sku: "chai", quantity: 2, orderID: Identifier(high: 1, low: 1)))
        return (room, try await room.reserve(ReservationRequest(sku: "chai", quantity: 3, reference: "cart-7")))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func nothingIsShownToAnother(_ engine: TestStore.Engine) async throws {
        let (room, cart) = try await furnished(engine)
        let page = PageRequest(countsTotal: true)
        try await room.read { inventory, transaction in
            let tenant = Self.stranger
            #expect(try inventory.list(BalanceFilter(), page, of: tenant, in: transaction).total == 0)
            #expect(try inventory.ledger(of: "chai", page, of: tenant, in: transaction).total == 0)
            #expect(try inventory.reservations(ReservationFilter(), page, of: tenant, in: transaction).items.isEmpty)
            #expect(
                try inventory.reservations(ofOrder: Identifier(high: 1, low: 1), of: tenant, in: transaction).isEmpty)
            #expect(try inventory.locations.list(page, of: tenant, in: transaction).total == 0)
            #expect(try inventory.locations.find(code: "MAIN", of: tenant, in: transaction) == nil)
            let main = try #require(try inventory.locations.find(code: "MAIN", of: .first, in: transaction))
            #expect(throws: Failure.self) { try inventory.locations.find(main.id, of: tenant, in: transaction) }
            #expect(throws: Failure.self) { try inventory.find("chai", of: tenant, in: transaction) }
            #expect(throws: Failure.self) { try inventory.find(reservation: cart.id, of: tenant, in: transaction) }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func nothingIsMovedByAnother(_ engine: TestStore.Engine) async throws {
        let (room, cart) = try await furnished(engine)
        let main = try #require(try await room.read { try $0.locations.find(code: "MAIN", of: .first, in: $1) })
        let order = Identifier(high: 1, low: 1)
        let attempts: [(String, @Sendable (Inventory, UnitOfWork) throws -> Void)] = [
            ("insufficient_stock", { _ = try $0.reserve(ReservationRequest(sku: "chai", quantity: 1), in: $1) }),
            ("insufficient_stock", { _ = try $0.adjust(StockAdjustment(sku: "chai", delta: -1), in: $1) }),
            ("not_found", { _ = try $0.release(cart.id, in: $1) }),
            ("not_found", { _ = try $0.commit(cart.id, in: $1) }),
            ("not_found", { _ = try $0.setReorderPoint(1, of: "chai", at: "MAIN", in: $1) }),
            ("not_found", { _ = try $0.locations.update(main.id, LocationPatch(), expecting: nil, in: $1) }),
            ("ok", { try $0.release(order: order, in: $1) }),
            ("ok", { try $0.commit(order: order, in: $1) }),
            ("ok", { _ = try $0.receive(StockMovement(sku: "chai", quantity: 1), in: $1) }),
            ("ok", { _ = try $0.count(StockMovement(sku: "chai", quantity: 7), in: $1) }),
            ("ok", { _ = try $0.restock(sku: "chai", quantity: 1, reference: nil, in: $1) }),
            ("ok", { _ = try $0.reserve(ReservationRequest(sku: "chai", quantity: 1, reference: "cart-7"), in: $1) }),
        ]
        for (index, (code, attempt)) in attempts.enumerated() {
            let failure = await room.failure { try await room.write(as: Self.stranger, attempt) }
            #expect(failure?.code ?? "ok" == code, "attempt \(index)")
        }
        #expect(try await room.level("chai") == [10, 5, 5])
        let own = try await room.read { try $0.find("chai", of: Self.stranger, in: $1) }
        #expect([own.onHand, own.reserved] == [8, 1])
        try await room.expectBooksToBalance()
    }
}
