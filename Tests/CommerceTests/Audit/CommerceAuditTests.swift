import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// The audit finds nothing after whatever the role does, and finds each kind of damage.
@Suite struct CommerceAuditTests {
    /// What is done to the tables behind the role's back, and which check tells of it.
    private static let damages: [(String, SQL)] = [
        ("order_amounts", "UPDATE orders SET subtotal_amount = subtotal_amount + 1, total_amount = total_amount + 1"),
        ("order_amounts", "UPDATE orders SET tax_amount = tax_amount - 1, total_amount = total_amount - 1"),
        ("order_amounts", "DELETE FROM order_lines"),
        ("orders_of_lines", "DELETE FROM orders"),
        ("line_tax", "UPDATE order_lines SET tax_amount = tax_amount + 1, total_amount = total_amount + 1"),
        ("payments", "UPDATE orders SET paid_amount = paid_amount + 1"),
        ("payments", "UPDATE orders SET refunded_amount = refunded_amount - 1 WHERE refunded_amount > 0"),
        ("payments", "DELETE FROM payments WHERE kind = 'refund'"),
        ("stock_ledger", "UPDATE balances SET on_hand = on_hand + 1"),
        ("stock_ledger", "DELETE FROM stock_ledger"),
        ("reservations", "UPDATE balances SET reserved = reserved + 1"),
        ("reservations", "UPDATE reservations SET state = 'released'"),
        ("balances_of_reservations", "DELETE FROM balances"),
        ("reservations_of_orders", "UPDATE orders SET status = 'cancelled'"),
        ("reservations_of_orders", "UPDATE order_lines SET shipped_quantity = 1"),
        ("shipments", "UPDATE shipment_allocations SET planned = planned - 1, shipped = 0"),
        ("returns", "UPDATE order_lines SET shipped_quantity = 1, returned_quantity = 1"),
        ("change_log", "DELETE FROM changes WHERE position = 5"),
    ]

    @Test(arguments: TestStore.Engine.allCases, damages.indices)
    func damageIsFound(_ engine: TestStore.Engine, _ index: Int) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(#"{"items":[{"sku":"chai","quantity":3},{"sku":"tofu","quantity":1}]}"#)
        _ = try await shop.pay(.payment, "10", of: order)
        _ = try await shop.pay(.refund, "4", of: order)
        let shipped = try await shop.order(#"{"items":[{"sku":"milk","quantity":2}]}"#)
        _ = try await shop.write { [commerce = shop.commerce] unit in
            _ = try commerce.orders.move(shipped.id, to: .processing, reason: nil, expecting: nil, in: unit)
            let shipment = try commerce.shipments.create(ShipmentDraft(), of: shipped.id, in: unit)
            return try commerce.shipments.move(shipment.id, to: .shipped, in: unit)
        }
        #expect(try await shop.discrepancies() == [])
        let (check, damage) = Self.damages[index]
        _ = try await shop.store.database.write { try $0.execute(damage) }
        let found = try await shop.discrepancies()
        // Where several write, a position is missing wherever a transaction was undone.
        let isFound = found.contains { $0.check == check }
        #expect(isFound || check == "change_log" && engine == .postgres, "\(damage.text): \(found)")
        #expect(CommerceAudit.checkNames.contains(check))
        for discrepancy in found { #expect(discrepancy.description.contains(discrepancy.subject)) }
    }

    @Test func everyCheckIsSeenToFindSomething() {
        #expect(Set(CommerceAudit.checkNames) == Set(Self.damages.map(\.0)))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whateverManyDoAtOnceTheBooksAgree(_ engine: TestStore.Engine) async throws {
        let random = SeededRandom.fresh()
        let shop = try await OrderShop(engine, stock: 60)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var random = SeededRandom(seed: random.seed &+ UInt64(worker))
                    var mine: [Order] = []
                    for _ in 0..<40 {
                        do {
                            try await Self.step(shop, &mine, &random)
                        } catch let failure as Failure where failure.kind == .conflict {
                            continue
                        } catch {
                            Issue.record(error, "\(random)")
                        }
                    }
                }
            }
        }
        #expect(try await shop.discrepancies() == [], "\(random)")
        let orders = try await shop.list(.init(), .init(limit: 100, countsTotal: true))
        #expect((orders.total ?? 0) > 20, "\(random)")
    }

    /// Does one thing that a shop may do; the conflicts it meets are part of the life of a shop.
    private static func step(
        _ shop: OrderShop, _ mine: inout [Order], _ random: inout SeededRandom
    ) async throws {
        let skus = ["chai", "tofu", "milk"]
        let quantity = Int64.random(in: 1...6, using: &random)
        guard let order = mine.randomElement(using: &random), Int.random(in: 0...3, using: &random) > 0 else {
            let items = skus.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)).map {
                #"{"sku":"\#($0)","quantity":\#(quantity)}"#
            }
            let reserve = Int.random(in: 0...4, using: &random) > 0
            mine.append(
                try await shop.order(#"{"reserve":\#(reserve),"items":[\#(items.joined(separator: ","))]}"#))
            return
        }
        let orders = shop.commerce.orders
        let line = order.lines?.randomElement(using: &random)?.id ?? order.id
        switch Int.random(in: 0...6, using: &random) {
        case 0:
            let item = try OrderShop.read(
                #"{"sku":"\#(skus.randomElement(using: &random) ?? "chai")","quantity":\#(quantity)}"#
            ) { OrderItemDraft(&$0) }
            _ = try await shop.write { try orders.addLines([item], to: order.id, .init(), expecting: nil, in: $0) }
        case 1:
            let patch = try OrderShop.read(#"{"quantity":\#(quantity)}"#) { OrderLinePatch(&$0, .init()) }
            _ = try await shop.write {
                try orders.changeLine(line, of: order.id, patch, expecting: nil, in: $0)
            }
        case 2:
            _ = try await shop.pay(
                Bool.random(using: &random) ? .payment : .refund, "\(quantity).5", of: order)
        case 3:
            let refund = try await shop.find(order)
            _ = try await shop.update(refund, #"{"notes":"\#(quantity)"}"#, expecting: nil)
        default:
            let status = try await shop.find(order).status
            guard let next = status.next.randomElement(using: &random) else { return }
            _ = try await shop.move(order, to: next)
        }
    }
}
