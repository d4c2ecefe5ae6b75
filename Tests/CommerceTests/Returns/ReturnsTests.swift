import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct ReturnsTests {
    @Test(arguments: TestStore.Engine.allCases)
    func goodsComeBackAreRestockedOnceAndPaidBack(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.deliveredOrder(["tea": 3])
        #expect(try await shop.stock("tea") == [97, 0])
        let tea = try order.line("tea")
        let asked = try await shop.write {
            try $0.returns.create(ReturnDraft(lines: [.init(tea, 3)], reason: "Too bitter"), of: order.id, in: $1)
        }
        #expect(asked.status == .requested)
        #expect(asked.number.hasPrefix("RMA-"))
        #expect(asked.number.count == 14)
        #expect(asked.refundAmount == order.amounts.total)
        _ = try await shop.write { try $0.returns.approve(asked.id, in: $1) }
        _ = try await shop.write { try $0.returns.receive(asked.id, in: $1) }
        #expect(try await shop.stock("tea") == [97, 0])
        let restocked = try await shop.write { try $0.returns.restock(asked.id, in: $1) }
        #expect(restocked.restockedAt == shop.store.time.now())
        #expect(try await shop.stock("tea") == [100, 0])
        #expect(try await shop.failure { try $0.returns.restock(asked.id, in: $1) }.code == "illegal_transition")
        #expect(try await shop.stock("tea") == [100, 0])
        let entries = try await shop.read { try $0.inventory.ledger(of: "tea", PageRequest(), of: .first, in: $1) }
        #expect(entries.items.first?.kind == .return)
        #expect(entries.items.first?.delta == 3)
        #expect(entries.items.first?.reference == asked.number)
        #expect(entries.items.reduce(0) { $0 + $1.delta } == 100)

        let done = try await shop.write { try $0.returns.refund(asked.id, in: $1) }
        #expect(done.status == .refunded)
        #expect(done.version == 5)
        let now = try await shop.order(order.id)
        #expect(now.status == .refunded)
        #expect(now.paymentStatus == .refunded)
        #expect(try await shop.failure { try $0.returns.refund(asked.id, in: $1) }.code == "illegal_transition")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatDidNotArriveMayComeLaterWithItsPartOfTheRefund(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.deliveredOrder(["tea": 3])
        let tea = try order.line("tea")
        let asked = try await shop.write {
            try $0.returns.create(ReturnDraft(lines: [.init(tea, 3)]), of: order.id, in: $1)
        }
        _ = try await shop.write { try $0.returns.approve(asked.id, in: $1) }
        let tooMany = ReturnReceipt(lines: [.init(tea, 4)])
        #expect(try await shop.failure { try $0.returns.receive(asked.id, tooMany, in: $1) }.code == "exceeds_return")
        let none = ReturnReceipt(lines: [.init(tea, 0)])
        #expect(try await shop.failure { try $0.returns.receive(asked.id, none, in: $1) }.code == "nothing_received")
        let receipt = ReturnReceipt(lines: [.init(tea, 1, condition: .damaged, restock: false)])
        let received = try await shop.write { try $0.returns.receive(asked.id, receipt, in: $1) }
        #expect(received.lines.map(\.receivedQuantity) == [1])
        #expect(received.lines.map(\.condition) == [.damaged])
        _ = try await shop.write { try $0.returns.restock(asked.id, in: $1) }
        #expect(try await shop.stock("tea") == [97, 0])
        _ = try await shop.write { try $0.returns.refund(asked.id, in: $1) }
        #expect(try await shop.order(order.id).status == .delivered)

        let rest = try await shop.write {
            try $0.returns.create(ReturnDraft(lines: [.init(tea, 2)]), of: order.id, in: $1)
        }
        #expect(try received.refundAmount.adding(rest.refundAmount) == order.amounts.total)
        #expect(
            try await shop.failure {
                try $0.returns.create(ReturnDraft(lines: [.init(tea, 1)]), of: order.id, in: $1)
            }.code == "exceeds_shipped")
        _ = try await shop.write { try $0.returns.approve(rest.id, in: $1) }
        _ = try await shop.write { try $0.returns.receive(rest.id, in: $1) }
        _ = try await shop.write { try $0.returns.refund(rest.id, in: $1) }
        let now = try await shop.order(order.id)
        #expect(now.status == .refunded)
        #expect(now.lines?.map(\.returnedQuantity) == [3])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func twentyAtOnceCannotReturnMoreThanWasShipped(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.deliveredOrder(["tea": 7])
        let tea = try order.line("tea")
        let codes = await shop.outcomes(of: 20) {
            try $0.returns.create(ReturnDraft(lines: [.init(tea, 1)]), of: order.id, in: $1)
        }
        #expect(codes == ["made": 7, "exceeds_shipped": 13])
        let all = try await shop.read { try $0.returns.list(ReturnFilter(), PageRequest(), of: .first, in: $1) }
        #expect(all.items.reduce(0) { $0 + $1.refundAmount.minorUnits } == order.amounts.total.minorUnits)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func onlyShippedUnitsComeBackAndGivingUpFreesThem(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.confirmedOrder(["tea": 5])
        let tea = try order.line("tea")
        let draft = ReturnDraft(lines: [.init(tea, 2)])
        let early = try await shop.failure { try $0.returns.create(draft, of: order.id, in: $1) }
        #expect(early.code == "exceeds_shipped")
        #expect(early.details.first { $0.name == "available" }?.value == .integer(0))
        try await shop.ship(order.id, [.init(tea, 2)])
        for end in [ReturnStatus.cancelled, .rejected] {
            let asked = try await shop.write { try $0.returns.create(draft, of: order.id, in: $1) }
            #expect(
                try await shop.failure { try $0.returns.create(draft, of: order.id, in: $1) }.code
                    == "exceeds_shipped")
            let ended = try await shop.write {
                end == .cancelled ? try $0.returns.cancel(asked.id, in: $1) : try $0.returns.reject(asked.id, in: $1)
            }
            #expect(ended.status == end)
        }
        let more = try await shop.failure {
            try $0.returns.create(ReturnDraft(lines: [.init(tea, 3)]), of: order.id, in: $1)
        }
        #expect(more.code == "exceeds_shipped")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aRefundIsBoundedByWhatWasPaidForTheUnitsAndForTheOrder(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.deliveredOrder(["tea": 3], paying: false)
        let tea = try order.line("tea")
        var line = ReturnDraft.Line(tea, 1)
        line.refundAmount = Decimal("1000000")
        let greedy = ReturnDraft(lines: [line])
        let refused = try await shop.failure { try $0.returns.create(greedy, of: order.id, in: $1) }
        #expect(refused.errors.map(\.pointer) == ["/lines/0/refund_amount"])
        line.refundAmount = Decimal("0.50")
        let modest = ReturnDraft(lines: [line])
        let asked = try await shop.write { try $0.returns.create(modest, of: order.id, in: $1) }
        #expect(asked.refundAmount.description == "0.50")
        _ = try await shop.write { try $0.returns.approve(asked.id, in: $1) }
        _ = try await shop.write { try $0.returns.receive(asked.id, in: $1) }
        let unpaid = try await shop.failure { try $0.returns.refund(asked.id, in: $1) }
        #expect(unpaid.kind == .conflict)
        #expect(try await shop.read { try $0.returns.find(asked.id, of: .first, in: $1) }.status == .received)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func everyChangeIsInTheLogAndNothingIsSeenAcrossTenants(engine: TestStore.Engine) async throws {
        let shop = try await FulfilmentShop(engine)
        let order = try await shop.deliveredOrder(["tea": 3])
        let tea = try order.line("tea")
        let asked = try await shop.write {
            try $0.returns.create(ReturnDraft(lines: [.init(tea, 1)]), of: order.id, in: $1)
        }
        var patch = ReturnPatch()
        patch.notes = .set("Call first")
        let change = patch
        let patched = try await shop.write { try $0.returns.update(asked.id, change, expecting: 1, in: $1) }
        #expect(
            try await shop.failure { try $0.returns.update(asked.id, change, expecting: 1, in: $1) }.code
                == "version_mismatch")
        let rows = try await shop.read { _, transaction in
            try transaction.rows(
                """
                SELECT operation, changed_fields, after_image FROM changes
                WHERE entity_type = 'return' AND entity_id = \(asked.id) ORDER BY position
                """
            ) { [$0.text(0), $0.text(1), $0.text(2)] }
        }
        #expect(rows.map { $0[0] } == ["insert", "update"])
        #expect(rows[1][1] == "notes,version")
        #expect(rows[1][2] == String(decoding: JSONWriter.bytes(of: patched), as: UTF8.self))
        guard case .object(let object) = try JSONParser.parse(Array(rows[1][2].utf8)) else {
            Issue.record("The image is no object.")
            return
        }
        #expect(
            object.members.map(\.name) == [
                "id", "rma_number", "order_id", "status", "reason", "notes", "currency", "refund_amount", "lines",
                "received_at", "restocked_at", "refunded_at", "version", "created_at", "updated_at",
            ])
        let stranger = Tenant(2)
        await #expect(throws: Failure.self) {
            try await shop.write(as: stranger) { try $0.returns.approve(asked.id, in: $1) }
        }
        let seen = try await shop.read {
            try $0.returns.list(ReturnFilter(), PageRequest(), of: stranger, in: $1)
        }
        #expect(seen.items.isEmpty)
    }
}
