import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct ShipmentEventsTests {
    @Test(arguments: TestStore.Engine.allCases)
    func eventsStandInTheOrderInWhichTheyHappened(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let id = try await shop.shippedShipment().id
        let start = shop.store.time.now()
        shop.store.time.advance(bySeconds: 3600)
        _ = try await shop.write {
            try $0.shipments.record(
                ShipmentEventDraft(status: .inTransit, message: "Departed", location: "Leipzig"), on: id, in: $1)
        }
        let late = start.advanced(bySeconds: 600)
        let noted = try await shop.write {
            try $0.shipments.record(ShipmentEventDraft(message: "Scanned", at: late), on: id, in: $1)
        }
        #expect(noted.events.map(\.message) == [nil, nil, "Scanned", "Departed"])
        let stored = try await shop.read { try $0.shipments.find(id, of: .first, in: $1) }
        #expect(stored.events == noted.events)
        #expect(stored.events.map(\.status) == [.pending, .shipped, .inTransit, .inTransit])
        #expect(stored.events.map(\.occurredAt) == stored.events.map(\.occurredAt).sorted())
        let delivered = start.advanced(bySeconds: 7200)
        let last = try await shop.write {
            try $0.shipments.record(ShipmentEventDraft(status: .delivered, at: delivered), on: id, in: $1)
        }
        #expect(last.deliveredAt == delivered)
        #expect(last.version == 5)
        #expect(try await shop.order(last.orderID).status == .delivered)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aRepeatedScanIsANoteAndAnIllegalMoveIsRefusedWhole(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let id = try await shop.shippedShipment().id
        for _ in 0..<2 {
            _ = try await shop.write {
                try $0.shipments.record(ShipmentEventDraft(status: .inTransit), on: id, in: $1)
            }
        }
        let refused = try await shop.failure {
            try $0.shipments.record(ShipmentEventDraft(status: .cancelled, message: "Stop"), on: id, in: $1)
        }
        #expect(refused.code == "illegal_transition")
        #expect(
            refused.details.first { $0.name == "allowed" }?.value
                == .array([.string("out_for_delivery"), .string("delivered"), .string("failed")]))
        let now = try await shop.read { try $0.shipments.find(id, of: .first, in: $1) }
        #expect(now.status == .inTransit)
        #expect(now.events.count == 4)
        #expect(now.version == 4)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aFailedDeliveryCanBeTriedAgainOrComeBack(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let id = try await shop.shippedShipment().id
        for status: ShipmentStatus in [.failed, .inTransit, .failed, .returned] {
            _ = try await shop.write { try $0.shipments.record(ShipmentEventDraft(status: status), on: id, in: $1) }
        }
        let now = try await shop.read { try $0.shipments.find(id, of: .first, in: $1) }
        #expect(now.status == .returned)
        #expect(try await shop.order(now.orderID).status == .shipped)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theNumberOfEventsHasALimit(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let id = try await shop.shippedShipment().id
        let refused = try await shop.failure { commerce, unit in
            for _ in 0..<ShipmentLimits.events {
                _ = try commerce.shipments.record(ShipmentEventDraft(message: "Scan"), on: id, in: unit)
            }
        }
        #expect(refused.code == "too_many_events")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func trackingIsPatchedFoundAndListed(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let shipment = try await shop.shippedShipment()
        var patch = ShipmentCarrier()
        patch.carrier = .set("DHL")
        patch.trackingNumber = .set("JD0001")
        let change = patch
        let patched = try await shop.write {
            try $0.shipments.update(shipment.id, change, expecting: shipment.version, in: $1)
        }
        #expect(patched.carrier == "DHL")
        #expect(patched.version == shipment.version + 1)
        let stale = try await shop.failure {
            try $0.shipments.update(shipment.id, change, expecting: shipment.version, in: $1)
        }
        #expect(stale.code == "version_mismatch")
        #expect(stale.kind == .preconditionFailed)
        let found = try await shop.read { try $0.shipments.find(trackingNumber: "JD0001", of: .first, in: $1) }
        #expect(found.id == shipment.id)
        let other = try await shop.shippedShipment()
        func list(_ filter: ShipmentFilter) async throws -> [Identifier] {
            try await shop.read { try $0.shipments.list(filter, PageRequest(), of: .first, in: $1) }.items.map(\.id)
        }
        #expect(try await list(ShipmentFilter()) == [other.id, shipment.id])
        #expect(try await list(ShipmentFilter(carrier: "DHL")) == [shipment.id])
        #expect(try await list(ShipmentFilter(orderID: other.orderID)) == [other.id])
        #expect(try await list(ShipmentFilter(status: .delivered)) == [])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func everyChangeIsInTheLogAsTheAPIShowsIt(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let shipment = try await shop.shippedShipment()
        let rows = try await shop.read { _, transaction in
            try transaction.rows(
                """
                SELECT operation, changed_fields, after_image FROM changes
                WHERE entity_type = 'shipment' AND entity_id = \(shipment.id) ORDER BY position
                """
            ) { [$0.text(0), $0.text(1), $0.text(2)] }
        }
        #expect(rows.map { $0[0] } == ["insert", "update"])
        #expect(rows[1][1] == "status,events,shipped_at,version")
        #expect(rows[1][2] == String(decoding: JSONWriter.bytes(of: shipment), as: UTF8.self))
        guard case .object(let object) = try JSONParser.parse(Array(rows[1][2].utf8)) else {
            Issue.record("The image is no object.")
            return
        }
        #expect(
            object.members.map(\.name) == [
                "id", "shipment_number", "order_id", "status", "carrier", "service", "tracking_number", "tracking_url",
                "shipping_address", "lines", "events", "shipped_at", "delivered_at", "version", "created_at",
                "updated_at",
            ])
        let orders = try await shop.read { _, transaction in
            try transaction.rows(
                """
                SELECT changed_fields FROM changes WHERE entity_type = 'order' AND entity_id = \(shipment.orderID)
                ORDER BY position DESC
                """
            ) { $0.text(0) }
        }
        #expect(orders.first?.contains("fulfillment_status") == true)
    }
}
