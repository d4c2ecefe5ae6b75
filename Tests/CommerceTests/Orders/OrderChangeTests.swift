import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

/// Changes of orders: what may change, what the log says of it, and who may see it.
@Suite struct OrderChangeTests {
    private static let address =
        #"{"line1":"123 Main Street, Apt 4B","city":"Springfield","postal_code":"12345","country":"US"}"#

    @Test(arguments: TestStore.Engine.allCases)
    func aPatchChangesWhatItNamesAndAReplacementTheRest(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let order = try await shop.order(
            #"{"items":[{"sku":"chai","quantity":1}],"notes":"ring twice","payment_method":"card"}"#)
        let patched = try await shop.update(
            order, #"{"shipping_address":\#(Self.address),"notes":null,"external_id":"e-1"}"#, expecting: 1)
        #expect(try patched.details.shippingAddress?.line1 == "123 Main Street, Apt 4B")
        #expect(patched.details.notes == nil && patched.details.paymentMethod == "card")
        #expect(patched.externalID == "e-1" && patched.version == 2)
        #expect(try await shop.find(order) == patched)
        let replaced = try await shop.write { [orders = shop.commerce.orders] unit in
            let patch = try OrderShop.read(#"{"notes":"leave it"}"#) { OrderPatch(replacing: &$0) }
            return try orders.update(order.id, patch, expecting: 2, in: unit)
        }
        #expect(try replaced.details.shippingAddress == nil)
        #expect(replaced.externalID == nil && replaced.details.notes == "leave it" && replaced.version == 3)
        let head = shop.store.log.seen
        let same = try await shop.update(order, #"{"notes":"leave it"}"#, expecting: 3)
        #expect(same.version == 3 && shop.store.log.seen == head)
        for version in [Int64(2), 4] {
            let failure = await #expect(throws: Failure.self) {
                try await shop.update(order, #"{"notes":"late"}"#, expecting: version)
            }
            #expect(failure?.code == "version_mismatch")
            #expect(failure?.kind == .preconditionFailed)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theLogHoldsTheImagesOfAnOrder(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let head = shop.store.log.seen
        let order = try await shop.order(
            #"{"items":[{"sku":"chai","quantity":2}],"shipping_address":\#(Self.address)}"#)
        let cancelled = try await shop.move(order, to: .cancelled, reason: "too late")
        let changes = try await shop.store.log.changes(after: head, limit: 100)
        #expect(
            changes.map { "\($0.operation.rawValue) \($0.entityType)" }
                == [
                    "update balance", "insert reservation", "insert order", "update balance", "update reservation",
                    "update order",
                ].reordered(like: changes))
        let (made, moved) = (
            changes.filter { $0.entityType == "order" }[0], changes.filter { $0.entityType == "order" }[1]
        )
        #expect(made.after == JSONWriter.bytes(of: order) && made.before == nil)
        #expect(moved.before == JSONWriter.bytes(of: order) && moved.after == JSONWriter.bytes(of: cancelled))
        #expect(moved.changedFields == ["status", "status_reason", "version"])
        let line = try #require(order.lines?.first)
        let product = try #require(line.productID)
        #expect(
            String(decoding: JSONWriter.bytes(of: order), as: UTF8.self)
                == #"{"id":"\#(order.id)","order_number":"\#(order.number)","external_id":null,"customer_id":null,"#
                + #""status":"pending","payment_status":"unpaid","fulfillment_status":"unfulfilled","currency":"USD","#
                + #""subtotal_amount":"36.50","discount_amount":"0.00","tax_amount":"3.19","shipping_amount":"0.00","#
                + #""total_amount":"39.69","paid_amount":"0.00","refunded_amount":"0.00","items":[{"id":"\#(line.id)","#
                + #""sku":"chai","product_id":"\#(product)","variant_id":"\#(product)","name":"chai","quantity":2,"#
                + #""unit_price":"18.25","discount_amount":"0.00","tax_rate":"0.0875","tax_amount":"3.19","#
                + #""total_amount":"39.69","shipped_quantity":0,"returned_quantity":0}],"#
                + #""shipping_address":{"name":null,"#
                + #""company":null,"line1":"123 Main Street, Apt 4B","line2":null,"city":"Springfield","region":null,"#
                + #""postal_code":"12345","country":"US","phone":null},"billing_address":null,"payment_method":null,"#
                + #""shipping_method":null,"notes":null,"status_reason":null,"is_archived":false,"#
                + #""order_date":"2026-01-01T00:00:00Z","version":1,"created_at":"2026-01-01T00:00:00Z","#
                + #""updated_at":"2026-01-01T00:00:00Z"}"#)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func onlyWhatIsPendingOrCancelledIsDeleted(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let orders = shop.commerce.orders
        let first = try await shop.order(#"{"items":[{"sku":"chai","quantity":3}]}"#)
        try await shop.write { try orders.delete(first.id, expecting: 1, in: $0) }
        let deleted = try await shop.find(first)
        #expect(deleted.isArchived && deleted.status == .cancelled)
        #expect(try await shop.stock("chai") == [10, 0])
        let second = try await shop.order(#"{"items":[{"sku":"chai","quantity":3}]}"#)
        _ = try await shop.move(second, to: .confirmed)
        let failure = await #expect(throws: Failure.self) {
            try await shop.write { try orders.delete(second.id, expecting: nil, in: $0) }
        }
        #expect(failure?.code == "order_in_progress")
        #expect(try await shop.list(.init(), .init()).items.map(\.id) == [second.id])
        let archived = try await shop.write { try orders.archive(second.id, expecting: 2, in: $0) }
        #expect(archived.isArchived && archived.version == 3)
        let again = try await shop.write { try orders.archive(second.id, expecting: nil, in: $0) }
        #expect(again.version == 3)
        #expect(try await shop.list(.init(), .init()).items.isEmpty)
        let back = try await shop.write { try orders.archive(second.id, false, expecting: nil, in: $0) }
        #expect(!back.isArchived && back.status == .confirmed)
        #expect(try await shop.stock("chai") == [10, 3])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatHasLeftIsNotCancelledAndLinesChangeOnlyWhilePending(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let orders = shop.commerce.orders
        let order = try await shop.order(#"{"items":[{"sku":"chai","quantity":3}]}"#)
        let line = try #require(order.lines?.first).id
        let last = await #expect(throws: Failure.self) {
            try await shop.write { try orders.removeLine(line, of: order.id, expecting: nil, in: $0) }
        }
        #expect(last?.code == "last_line")
        _ = try await shop.move(order, to: .processing)
        let late = await #expect(throws: Failure.self) {
            try await shop.write { unit in
                let patch = try OrderShop.read(#"{"quantity":1}"#) { OrderLinePatch(&$0, .init()) }
                return try orders.changeLine(line, of: order.id, patch, expecting: nil, in: unit)
            }
        }
        #expect(late?.code == "order_not_pending")
        let shipped = try await shop.move(order, to: .shipped)
        #expect(shipped.fulfillmentStatus == .shipped && shipped.lines?.first?.shippedQuantity == 3)
        #expect(try await shop.stock("chai") == [7, 0])
        _ = try await shop.move(order, to: .onHold)
        let gone = await #expect(throws: Failure.self) { try await shop.move(order, to: .cancelled) }
        #expect(gone?.code == "already_shipped")
        _ = try await shop.move(order, to: .processing)
        _ = try await shop.move(order, to: .shipped)
        let delivered = try await shop.move(order, to: .delivered)
        #expect(delivered.fulfillmentStatus == .delivered)
        #expect(try await shop.stock("chai") == [7, 0])
        #expect(try await shop.discrepancies() == [])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func moreThanIsInStockCannotBeAddedToALine(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let orders = shop.commerce.orders
        let order = try await shop.order(#"{"items":[{"sku":"chai","quantity":3}]}"#)
        let line = try #require(order.lines?.first).id
        for (quantity, reserved) in [(10, 10), (11, 10), (2, 2), (3, 3)] as [(Int, Int64)] {
            do {
                _ = try await shop.write { unit in
                    let patch = try OrderShop.read(#"{"quantity":\#(quantity)}"#) { OrderLinePatch(&$0, .init()) }
                    return try orders.changeLine(line, of: order.id, patch, expecting: nil, in: unit)
                }
                #expect(quantity != 11)
            } catch let failure as Failure {
                #expect(failure.code == "insufficient_stock" && quantity == 11)
            }
            #expect(try await shop.stock("chai") == [10, reserved])
        }
        let short = await #expect(throws: Failure.self) {
            try await shop.write { unit in
                let item = try OrderShop.read(#"{"sku":"chai","quantity":8}"#) { OrderItemDraft(&$0) }
                return try orders.addLines([item], to: order.id, .init(), expecting: nil, in: unit)
            }
        }
        #expect(short?.details.first { $0.name == "available" }?.value == .integer(7))
        #expect(try await shop.discrepancies() == [])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anotherTenantNeitherSeesNorChangesAnOrder(_ engine: TestStore.Engine) async throws {
        let shop = try await OrderShop(engine)
        let orders = shop.commerce.orders
        let order = try await shop.order(#"{"items":[{"sku":"chai","quantity":3}]}"#)
        let line = try #require(order.lines?.first).id
        let before = try await shop.find(order)
        let attempts: [@Sendable (UnitOfWork) throws -> Void] = [
            { _ = try orders.find(order.id, of: $0.tenant, in: $0.transaction) },
            { _ = try orders.find(number: order.number, of: $0.tenant, in: $0.transaction) },
            { _ = try orders.move(order.id, to: .cancelled, reason: nil, expecting: nil, in: $0) },
            { _ = try orders.archive(order.id, expecting: nil, in: $0) },
            { try orders.delete(order.id, expecting: nil, in: $0) },
            { _ = try orders.removeLine(line, of: order.id, expecting: nil, in: $0) },
            { unit in
                let patch = try OrderShop.read(#"{"notes":"mine"}"#) { OrderPatch(&$0) }
                _ = try orders.update(order.id, patch, expecting: nil, in: unit)
            },
            { unit in
                let patch = try OrderShop.read(#"{"quantity":1}"#) { OrderLinePatch(&$0, .init()) }
                _ = try orders.changeLine(line, of: order.id, patch, expecting: nil, in: unit)
            },
            { unit in
                let item = try OrderShop.read(#"{"sku":"tofu","quantity":1}"#) { OrderItemDraft(&$0) }
                _ = try orders.addLines([item], to: order.id, .init(), expecting: nil, in: unit)
            },
            { unit in
                let body = #"{"items":[{"sku":"chai","quantity":1}]}"#
                _ = try orders.create(try OrderShop.read(body) { OrderDraft(&$0) }, in: unit)
            },
        ]
        for (index, attempt) in attempts.enumerated() {
            let failure = await #expect(throws: Failure.self, "attempt \(index)") {
                try await shop.store.log.write(ChangeContext(tenant: Tenant(2), actor: "stranger"), attempt)
            }
            #expect(failure?.kind == (index == 9 ? .invalid : .notFound), "attempt \(index)")
        }
        #expect(try await shop.list(.init(), .init(), of: Tenant(2)).items.isEmpty)
        #expect(try await shop.find(order) == before)
    }
}

extension [String] {
    /// The same entries when a log has them in another order: that of the things within one write is not promised.
    fileprivate func reordered(like changes: [Change]) -> [String] {
        let found = changes.map { "\($0.operation.rawValue) \($0.entityType)" }
        return found.sorted() == sorted() ? found : self
    }
}

extension OrderShop {
    /// Changes an order by a merge patch.
    func update(_ order: Order, _ json: String, expecting version: Int64?) async throws -> Order {
        try await write { [orders = commerce.orders] unit in
            try orders.update(order.id, try Self.read(json) { OrderPatch(&$0) }, expecting: version, in: unit)
        }
    }

    /// Moves an order to a state.
    func move(_ order: Order, to status: OrderStatus, reason: String? = nil) async throws -> Order {
        try await write { [orders = commerce.orders] unit in
            try orders.move(order.id, to: status, reason: reason, expecting: nil, in: unit)
        }
    }
}
