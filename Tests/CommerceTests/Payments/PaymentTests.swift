import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// The ledger of payments and what it does to its order.
@Suite struct PaymentTests {
    /// An order whose total is 119.08: 6 × 18.25 and 8.75 % tax.
    private static let order = #"{"items":[{"sku":"chai","quantity":6}],"currency":"USD"}"#

    @Test(arguments: TestStore.Engine.allCases)
    func theOrderFollowsItsPaymentsAndRefunds(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(Self.order)
        #expect(order.amounts.total.description == "119.08")
        #expect(order.paymentStatus == .unpaid)
        let steps: [(Payment.Kind, String, PaymentStatus, String, String)] = [
            (.payment, "19.08", .partiallyPaid, "19.08", "0.00"),
            (.payment, "100", .paid, "119.08", "0.00"),
            (.refund, "0.01", .partiallyRefunded, "119.08", "0.01"),
            (.refund, "119.07", .refunded, "119.08", "119.08"),
        ]
        for (version, (kind, amount, status, paid, refunded)) in zip(Int64(2)..., steps) {
            let payment = try await shop.pay(kind, amount, of: order)
            #expect(payment.amount.currency == .usd)
            let now = try await shop.find(order)
            #expect(now.paymentStatus == status && now.version == version)
            #expect(now.paid.description == paid && now.refunded.description == refunded)
        }
        let page = try await shop.read {
            try shop.commerce.payments.list(.init(orderID: order.id), .init(), of: .first, in: $0)
        }
        #expect(page.items.map(\.amount.description) == ["119.07", "0.01", "100.00", "19.08"])
        #expect(page.items.map(\.kind) == [.refund, .refund, .payment, .payment])
        let first = try #require(page.items.last)
        let found = try await shop.read { try shop.commerce.payments.find(first.id, of: .first, in: $0) }
        #expect(found == first)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsBeyondTheBoundsIsRefusedAndLeavesNoTrace(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(Self.order)
        _ = try await shop.pay(.payment, "100.00", of: order, reference: "tx-1")
        let head = shop.store.log.seen
        let refused: [(Payment.Kind, String, String?, String)] = [
            (.payment, "19.09", nil, "exceeds_total"), (.refund, "100.01", nil, "exceeds_paid"),
            (.payment, "0", nil, "exceeds_total"), (.payment, "-5", nil, "invalid_request"),
            (.payment, "1.001", nil, "invalid_request"), (.payment, "99999999999999999", nil, "invalid_request"),
            (.payment, "1.00", "tx-1", "reference_taken"),
        ]
        for (kind, amount, reference, code) in refused {
            let failure = await #expect(throws: Failure.self) {
                try await shop.pay(kind, amount, of: order, reference: reference)
            }
            #expect(failure?.code == code, "\(kind) \(amount)")
        }
        let left = await #expect(throws: Failure.self) { try await shop.pay(.payment, "20", of: order) }
        #expect(left?.details.first { $0.name == "available" }?.value == .string("19.08"))
        #expect(shop.store.log.seen == head)
        #expect(try await shop.find(order).paid.description == "100.00")
        let stale = await #expect(throws: Failure.self) {
            try await shop.pay(.payment, "1", of: order, expecting: 1)
        }
        #expect(stale?.code == "version_mismatch")
        let other = try await shop.order(#"{"items":[{"sku":"tofu","quantity":1}]}"#)
        _ = try await shop.pay(.payment, "1.00", of: other, reference: "tx-1")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aCancelledOrderTakesNoPaymentButGivesRefunds(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(Self.order)
        _ = try await shop.pay(.payment, "50.00", of: order)
        _ = try await shop.write { unit in
            try shop.commerce.orders.move(order.id, to: .cancelled, reason: nil, expecting: nil, in: unit)
        }
        let failure = await #expect(throws: Failure.self) { try await shop.pay(.payment, "1.00", of: order) }
        #expect(failure?.code == "order_cancelled")
        _ = try await shop.pay(.refund, "50.00", of: order)
        #expect(try await shop.find(order).paymentStatus == .refunded)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func manyAtOnceNeverPayMoreThanTheTotal(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(Self.order)
        // 119.08 holds 17 payments of 7.00 and no 18th; what was paid holds 9 refunds of 13.00 and no 10th.
        #expect(await shop.successes(of: 50) { try await shop.pay(.payment, "7.00", of: order) } == 17)
        #expect(await shop.successes(of: 30) { try await shop.pay(.refund, "13.00", of: order) } == 9)
        let now = try await shop.find(order)
        #expect(now.paid.description == "119.00" && now.refunded.description == "117.00")
        let sums = try await shop.read { transaction in
            try transaction.rows("SELECT kind, SUM(amount) FROM payments GROUP BY kind ORDER BY kind") {
                "\($0.text(0)) \($0.integer(1))"
            }
        }
        #expect(sums == ["payment 11900", "refund 11700"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theLogTellsOfThePaymentAndOfItsOrder(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(Self.order)
        let head = shop.store.log.seen
        let payment = try await shop.pay(.payment, "19.08", of: order, reference: "tx-1")
        let changes = try await shop.store.log.changes(after: head, limit: 10)
        #expect(changes.map(\.entityType) == ["order", "payment"])
        #expect(changes[0].changedFields == ["payment_status", "paid_amount", "version"])
        let image = changes[1].after.map { String(decoding: $0, as: UTF8.self) }
        #expect(
            image == #"{"id":"\#(payment.id)","order_id":"\#(order.id)","kind":"payment","amount":"19.08","#
                + #""currency":"USD","method":null,"reference":"tx-1","note":null,"#
                + #""created_at":"2026-01-01T00:00:00Z"}"#)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func listsAreFilteredAndPagedAndKeptToTheirTenant(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let (first, second) = (
            try await shop.order(Self.order), try await shop.order(#"{"items":[{"sku":"tofu","quantity":2}]}"#)
        )
        for amount in 1...5 { _ = try await shop.pay(.payment, "\(amount)", of: first) }
        _ = try await shop.pay(.payment, "9", of: second)
        _ = try await shop.pay(.refund, "2", of: first)
        func amounts(_ filter: PaymentFilter, _ page: PageRequest, _ tenant: Tenant = .first) async throws
            -> ([String], next: [CursorValue]?, total: Int64?)
        {
            let page = try await shop.read { try shop.commerce.payments.list(filter, page, of: tenant, in: $0) }
            return (page.items.map(\.amount.description), page.next, page.total)
        }
        #expect(try await amounts(.init(), .init()).0 == ["2.00", "9.00", "5.00", "4.00", "3.00", "2.00", "1.00"])
        #expect(try await amounts(.init(kind: .refund), .init(countsTotal: true)).total == 1)
        let page = try await amounts(.init(orderID: first.id, kind: .payment), .init(limit: 3))
        #expect(page.0 == ["5.00", "4.00", "3.00"])
        let rest = try await amounts(.init(orderID: first.id, kind: .payment), .init(limit: 3, after: page.next))
        #expect(rest.0 == ["2.00", "1.00"] && rest.next == nil)
        #expect(try await amounts(.init(), .init(), Tenant(2)).0.isEmpty)
        let payment = try await shop.pay(.payment, "1", of: second)
        for attempt in [
            { _ = try shop.commerce.payments.find(payment.id, of: Tenant(2), in: $0) },
            { _ = try shop.commerce.orders.find(first.id, of: Tenant(2), in: $0) },
        ] as [@Sendable (any ReadTransaction) throws -> Void] {
            let failure = await #expect(throws: Failure.self) { try await shop.read(attempt) }
            #expect(failure?.code == "not_found")
        }
        let foreign = await #expect(throws: Failure.self) {
            try await shop.store.log.write(ChangeContext(tenant: Tenant(2), actor: "test")) { unit in
                let draft = PaymentDraft(amount: try #require(Decimal("1")))
                return try shop.commerce.payments.pay(order: first.id, draft, in: unit)
            }
        }
        #expect(foreign?.code == "not_found")
    }

    @Test func aBodyIsReadStrictly() throws {
        let draft = try OrderShop.read(#"{"amount":12.5,"method":"card","note":"deposit"}"#) {
            PaymentDraft(&$0)
        }
        #expect(draft.amount == Decimal("12.5") && draft.method == "card")
        for (body, pointer) in [
            (#"{"amount":"x"}"#, "/amount"), (#"{"amount":"1","currency":"USD"}"#, "/currency"),
            (#"{"amount":"1","kind":"refund"}"#, "/kind"), (#"{"amount":"1","reference":""}"#, "/reference"),
        ] {
            let failure = #expect(throws: Failure.self) { try OrderShop.read(body) { PaymentDraft(&$0) } }
            #expect(failure?.errors.map(\.pointer) == [pointer])
        }
    }
}

extension OrderShop {
    /// Records a payment or a refund.
    func pay(
        _ kind: Payment.Kind, _ amount: String, of order: Order, reference: String? = nil,
        expecting version: Int64? = nil
    ) async throws -> Payment {
        let draft = PaymentDraft(amount: try #require(Decimal(amount)), reference: reference)
        let payments = commerce.payments
        return try await write { unit in
            switch kind {
            case .payment: try payments.pay(order: order.id, draft, expecting: version, in: unit)
            case .refund: try payments.refund(order: order.id, draft, expecting: version, in: unit)
            }
        }
    }

    /// An order as it is now.
    func find(_ order: Order) async throws -> Order {
        try await read { [commerce] in try commerce.orders.find(order.id, of: .first, in: $0) }
    }

    /// Reads a snapshot.
    func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
        try await store.log.read(body).value
    }

    /// How many of some attempts at the same time succeed; the others must fail by a conflict.
    func successes(of count: Int, _ attempt: @escaping @Sendable () async throws -> some Any) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do {
                        _ = try await attempt()
                        return true
                    } catch {
                        #expect((error as? Failure)?.kind == .conflict)
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }
}
