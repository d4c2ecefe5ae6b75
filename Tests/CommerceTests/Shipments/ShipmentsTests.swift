import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct ShipmentsTests {
    @Test(arguments: TestStore.Engine.allCases)
    func partialShipmentsMoveTheOrderAndItsStock(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.confirmedOrder(["tea": 5, "jam": 2])
        #expect(try await shop.stock("tea") == [100, 5])
        let tea = try order.line("tea")
        let first = try await shop.write {
            try $0.shipments.create(ShipmentDraft(lines: [.init(tea, 3)]), of: order.id, in: $1)
        }
        #expect(first.status == .pending)
        #expect(first.number.count == 14)
        #expect(first.number.hasPrefix("SHP-"))
        #expect(first.lines.map(\.quantity) == [3])
        #expect(try await shop.order(order.id).status == .confirmed)
        #expect(try await shop.stock("tea") == [100, 5])

        let shipped = try await shop.write { try $0.shipments.move(first.id, to: .shipped, in: $1) }
        #expect(shipped.version == 2)
        #expect(shipped.shippedAt == shop.store.time.now())
        var now = try await shop.order(order.id)
        #expect(now.status == .processing)
        #expect(now.fulfillmentStatus == .partiallyShipped)
        #expect(try now.shipped("tea") == 3)
        #expect(try now.shipped("jam") == 0)
        #expect(try await shop.stock("tea") == [97, 2])

        let rest = try await shop.write { try $0.shipments.create(ShipmentDraft(), of: order.id, in: $1) }
        #expect(Dictionary(uniqueKeysWithValues: rest.lines.map { ($0.sku, $0.quantity) }) == ["tea": 2, "jam": 2])
        _ = try await shop.write { try $0.shipments.move(rest.id, to: .shipped, in: $1) }
        now = try await shop.order(order.id)
        #expect(now.status == .shipped)
        #expect(now.fulfillmentStatus == .shipped)
        #expect(try await shop.stock("tea") == [95, 0])
        #expect(try await shop.stock("jam") == [98, 0])

        _ = try await shop.write { try $0.shipments.move(first.id, to: .delivered, in: $1) }
        #expect(try await shop.order(order.id).status == .shipped)
        _ = try await shop.write { try $0.shipments.move(rest.id, to: .delivered, in: $1) }
        #expect(try await shop.order(order.id).status == .delivered)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func twentyAtOnceCannotShipMoreThanWasOrdered(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.confirmedOrder(["tea": 7])
        let tea = try order.line("tea")
        let codes = await shop.outcomes(of: 20) {
            try $0.shipments.create(ShipmentDraft(lines: [.init(tea, 1)]), of: order.id, in: $1)
        }
        #expect(codes == ["made": 7, "exceeds_order": 13])
        let planned = try await shop.read { _, transaction in
            try transaction.rows("SELECT planned, shipped, ordered FROM shipment_allocations") {
                [$0.integer(0), $0.integer(1), $0.integer(2)]
            }
        }
        #expect(planned == [[7, 0, 7]])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func cancellingFreesWhatWasPlannedAndNothingElse(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.confirmedOrder(["tea": 5])
        let tea = try order.line("tea")
        let all = try await shop.write { try $0.shipments.create(ShipmentDraft(), of: order.id, in: $1) }
        let refused = try await shop.failure {
            try $0.shipments.create(ShipmentDraft(lines: [.init(tea, 1)]), of: order.id, in: $1)
        }
        #expect(refused.code == "exceeds_order")
        #expect(refused.details.first { $0.name == "available" }?.value == .integer(0))
        #expect(
            try await shop.failure { try $0.shipments.create(ShipmentDraft(), of: order.id, in: $1) }.code
                == "nothing_to_ship")
        _ = try await shop.write { try $0.shipments.move(all.id, to: .cancelled, in: $1) }
        let again = try await shop.write {
            try $0.shipments.create(ShipmentDraft(lines: [.init(tea, 5)]), of: order.id, in: $1)
        }
        #expect(again.lines.map(\.quantity) == [5])
        #expect(try await shop.stock("tea") == [100, 5])
        #expect(
            try await shop.failure { try $0.shipments.move(all.id, to: .shipped, in: $1) }.code
                == "illegal_transition")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func onlyAConfirmedOrderShips(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let pending = try await shop.pendingOrder(["tea": 5])
        let refused = try await shop.failure { try $0.shipments.create(ShipmentDraft(), of: pending.id, in: $1) }
        #expect(refused.kind == .conflict)
        #expect(refused.code == "order_not_shippable")
        #expect(refused.message.contains("pending"))
        #expect(refused.message.contains("confirm"))
        let unknown = try await shop.failure {
            try $0.shipments.create(ShipmentDraft(), of: $1.makeIdentifier(), in: $1)
        }
        #expect(unknown.code == "not_found")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOrderThatWasCancelledMeanwhileDoesNotShip(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.confirmedOrder(["tea": 5])
        let shipment = try await shop.write { try $0.shipments.create(ShipmentDraft(), of: order.id, in: $1) }
        try await shop.move(order.id, to: .cancelled)
        let refused = try await shop.failure { try $0.shipments.move(shipment.id, to: .shipped, in: $1) }
        #expect(["order_not_shippable", "illegal_transition"].contains(refused.code))
        #expect(try await shop.stock("tea") == [100, 0])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOrderWithoutReservationShipsFromWhatNobodyHolds(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.confirmedOrder(["tea": 60], reserve: false)
        let other = try await shop.confirmedOrder(["tea": 60], stocking: false)
        #expect(try await shop.stock("tea") == [100, 60])
        let shipment = try await shop.write { try $0.shipments.create(ShipmentDraft(), of: order.id, in: $1) }
        let refused = try await shop.failure { try $0.shipments.move(shipment.id, to: .shipped, in: $1) }
        #expect(refused.code == "insufficient_stock")
        #expect(try await shop.stock("tea") == [100, 60])
        #expect(try await shop.order(order.id).status == .confirmed)
        try await shop.move(other.id, to: .cancelled)
        _ = try await shop.write { try $0.shipments.move(shipment.id, to: .shipped, in: $1) }
        #expect(try await shop.stock("tea") == [40, 0])
        #expect(try await shop.order(order.id).status == .shipped)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatComesBackEarlyDoesNotKeepTheRestFromBeingDelivered(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.confirmedOrder(["tea": 5])
        let tea = try order.line("tea")
        let first = try await shop.ship(order.id, [.init(tea, 3)])
        try await shop.write { commerce, unit in
            let asked = try commerce.returns.create(ReturnDraft(lines: [.init(tea, 1)]), of: order.id, in: unit)
            _ = try commerce.returns.approve(asked.id, in: unit)
            _ = try commerce.returns.receive(asked.id, in: unit)
        }
        let rest = try await shop.ship(order.id)
        #expect(rest.lines.map(\.quantity) == [2])
        #expect(try await shop.order(order.id).status == .shipped)
        for shipment in [first, rest] {
            try await shop.write { try $0.shipments.move(shipment.id, to: .delivered, in: $1) }
        }
        let now = try await shop.order(order.id)
        #expect(now.status == .delivered)
        #expect(now.fulfillmentStatus == .partiallyReturned)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOrderThatWasMovedToShippedAsAWholeHasNothingLeft(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.confirmedOrder(["tea": 5])
        let tea = try order.line("tea")
        let first = try await shop.ship(order.id, [.init(tea, 2)])
        let planned = try await shop.write {
            try $0.shipments.create(ShipmentDraft(lines: [.init(tea, 1)]), of: order.id, in: $1)
        }
        try await shop.move(order.id, to: .shipped)
        #expect(try await shop.stock("tea") == [95, 0])
        let refused = try await shop.failure { try $0.shipments.move(planned.id, to: .shipped, in: $1) }
        #expect(refused.code == "order_not_shippable")
        try await shop.write { try $0.shipments.move(planned.id, to: .cancelled, in: $1) }
        try await shop.write { try $0.shipments.move(first.id, to: .delivered, in: $1) }
        #expect(try await shop.order(order.id).status == .delivered)
        #expect(try await shop.stock("tea") == [95, 0])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func nothingIsSeenOrMovedAcrossTenants(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.confirmedOrder(["tea": 5])
        let shipment = try await shop.write { try $0.shipments.create(ShipmentDraft(), of: order.id, in: $1) }
        let stranger = Tenant(2)
        await #expect(throws: Failure.self) {
            try await shop.write(as: stranger) { try $0.shipments.move(shipment.id, to: .shipped, in: $1) }
        }
        await #expect(throws: Failure.self) {
            try await shop.write(as: stranger) { try $0.shipments.create(ShipmentDraft(), of: order.id, in: $1) }
        }
        let seen = try await shop.read {
            try $0.shipments.list(ShipmentFilter(), PageRequest(countsTotal: true), of: stranger, in: $1)
        }
        #expect(seen.items.isEmpty)
        #expect(seen.total == 0)
        #expect(try await shop.read { try $0.shipments.find(shipment.id, of: .first, in: $1) }.status == .pending)
    }
}
