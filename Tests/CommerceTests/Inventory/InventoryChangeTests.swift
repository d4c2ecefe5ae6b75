import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// What the change log says of stock, to the byte.
@Suite struct InventoryChangeTests {
    @Test(arguments: TestStore.Engine.allCases)
    func eachChangeIsLoggedWithItsImages(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        let made = try await room.reserve(ReservationRequest(sku: "chai", quantity: 3, reference: "cart-7"))
        _ = try await room.write { try $0.setReorderPoint(7, of: "chai", at: "MAIN", in: $1) }
        _ = try await room.write { try $0.commit(made.id, in: $1) }
        let level = try await room.read { try $0.find("chai", of: .first, in: $1) }
        let balance = try #require(level.balances.first)

        func image(_ onHand: Int, _ reserved: Int, _ point: Int, version: Int) -> String {
            let available = onHand - reserved
            return #"{"id":"\#(balance.id)","sku":"chai","location":"MAIN","on_hand":\#(onHand),"#
                + #""reserved":\#(reserved),"available":\#(available),"reorder_point":\#(point),"#
                + #""low_stock":\#(available <= point),"version":\#(version)}"#
        }
        let changes = try await changes(room)
        #expect(
            changes.map(\.summary) == [
                "insert location ", "insert balance ", "update balance reserved,available,version",
                "insert reservation ", "update balance reorder_point,low_stock,version",
                "update reservation state,version", "update balance on_hand,reserved,version",
            ])
        #expect(changes[1].after == image(10, 0, 0, version: 1))
        #expect(changes[1].before == nil)
        #expect(changes[2].before == image(10, 0, 0, version: 1))
        #expect(changes[2].after == image(10, 3, 0, version: 2))
        #expect(changes[4].before == image(10, 3, 0, version: 2))
        #expect(changes[4].after == image(10, 3, 7, version: 3))
        #expect(changes[6].before == image(10, 3, 7, version: 3))
        #expect(changes[6].after == image(7, 0, 7, version: 4))
        #expect(changes[6].after == String(decoding: JSONWriter.bytes(of: balance), as: UTF8.self))
        let held =
            #"{"id":"\#(made.id)","sku":"chai","location":"MAIN","quantity":3,"state":"held","reference":"cart-7","#
            + #""order_id":null,"order_line_id":null,"split_from":null,"expires_at":null,"version":1,"#
            + #""created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}"#
        #expect(changes[3].after == held)
        #expect(changes[5].before == held)
        #expect(
            changes[5].after
                == held.replacing("\"held\"", with: "\"committed\"").replacing("\"version\":1", with: "\"version\":2"))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aTransferAndAReleaseAreLogged(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.makeLocation("EAST", priority: 1)
        try await room.makeLocation("WEST", priority: 2)
        try await room.receive(5, "chai", at: "EAST")
        let made = try await room.reserve(ReservationRequest(sku: "chai", quantity: 3))
        let before = try await changes(room).count
        _ = try await room.write { try $0.release(made.id, in: $1) }
        _ = try await room.write {
            try $0.transfer(StockTransfer(sku: "chai", quantity: 5, from: "EAST", to: "WEST"), in: $1)
        }
        #expect(
            try await changes(room).dropFirst(before).map(\.summary) == [
                "update reservation state,version", "update balance reserved,available,version",
                "update balance on_hand,available,low_stock,version", "insert balance ",
            ])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsRefusedLeavesNoTrace(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(1, "chai")
        let head = room.store.log.seen
        for request in [
            ReservationRequest(sku: "chai", quantity: 2), ReservationRequest(sku: "mint", quantity: 1),
            ReservationRequest(sku: "chai", quantity: 1, location: "MOON"),
        ] {
            #expect(await room.failure { try await room.reserve(request) } != nil)
        }
        #expect(room.store.log.seen == head)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theShapesOfTheAnswersStandStill(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        let location = try await room.write {
            try $0.locations.create(LocationDraft(code: "EAST", name: "East hall", priority: 5), in: $1)
        }
        #expect(
            text(location)
                == #"{"id":"\#(location.id)","code":"EAST","name":"East hall","priority":5,"is_active":true,"#
                + #""version":1,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}"#)
        let balance = try await room.write {
            let movement = StockMovement(sku: "chai", quantity: 4, reference: "PO-1", reason: "restock")
            return try $0.receive(movement, in: $1)
        }
        let level = try await room.read { try $0.find("chai", of: .first, in: $1) }
        #expect(
            text(level) == #"{"sku":"chai","on_hand":4,"reserved":0,"available":4,"locations":[\#(text(balance))]}"#)
        let ledger = try await room.read { try $0.ledger(of: "chai", PageRequest(), of: .first, in: $1) }.items
        let entry = try #require(ledger.first)
        #expect(
            text(entry) == #"{"id":"\#(entry.id)","sku":"chai","location":"EAST","kind":"receive","delta":4,"#
                + #""on_hand_after":4,"reference":"PO-1","reason":"restock","created_at":"2026-01-01T00:00:00Z"}"#)
    }

    private struct Logged {
        let summary: String
        let after: String?
        let before: String?
    }

    private func changes(_ room: StockRoom) async throws -> [Logged] {
        try await room.store.database.read { transaction in
            try transaction.rows(
                """
                SELECT operation, entity_type, changed_fields, after_image, before_image FROM changes ORDER BY position
                """
            ) { row in
                Logged(
                    summary: "\(row.text(0)) \(row.text(1)) \(row.text(2))", after: row.optionalText(3),
                    before: row.optionalText(4))
            }
        }
    }

    private func text(_ value: some JSONEncodable) -> String {
        String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
    }
}
