import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct InventoryMovementTests {
    @Test(arguments: TestStore.Engine.allCases)
    func theFirstStockMakesMain(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        try await room.receive(5, "chai", at: "MAIN")
        let locations = try await room.read { try $0.locations.list(PageRequest(), of: .first, in: $1) }
        #expect(locations.items.map(\.code) == ["MAIN"])
        #expect(try await room.level("chai") == [15, 0, 15])
        let failure = await room.failure { try await room.receive(1, "chai", at: "MOON") }
        #expect(failure?.code == "unknown_location")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func stockComesToTheActiveLocationOfTheLowestPriority(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.makeLocation("WEST", priority: 7)
        try await room.makeLocation("EAST", priority: 2)
        let balance = try await room.write { try $0.receive(StockMovement(sku: "chai", quantity: 1), in: $1) }
        #expect(balance.location == "EAST")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anAdjustmentTakesOnlyWhatNobodyHasReserved(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        _ = try await room.reserve(ReservationRequest(sku: "chai", quantity: 6))
        let balance = try await room.write { try $0.adjust(StockAdjustment(sku: "chai", delta: -4), in: $1) }
        #expect([balance.onHand, balance.reserved, balance.available] == [6, 6, 0])
        let failure = await room.failure {
            try await room.write { try $0.adjust(StockAdjustment(sku: "chai", delta: -1), in: $1) }
        }
        #expect(failure?.code == "insufficient_stock")
        #expect(JSONObject(failure?.details ?? [])["available"] == .integer(0))
        let never = await room.failure {
            try await room.write { try $0.adjust(StockAdjustment(sku: "mint", delta: -1), in: $1) }
        }
        #expect(never?.code == "insufficient_stock")
        #expect(try await room.level("chai") == [6, 6, 0])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aLocationHoldsNoMoreThanTheLimit(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        _ = try await room.write {
            try $0.count(StockMovement(sku: "chai", quantity: StockLimits.onHand), in: $1)
        }
        let failure = await room.failure { try await room.receive(1, "chai") }
        #expect(failure?.code == "stock_limit_exceeded")
        #expect(try await room.level("chai")[0] == 1_000_000_000_000)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aTransferMovesUnitsOrNothing(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.makeLocation("EAST", priority: 1)
        try await room.makeLocation("WEST", priority: 2)
        try await room.receive(10, "chai", at: "EAST")
        let transfer = StockTransfer(sku: "chai", quantity: 4, from: "EAST", to: "WEST", reference: "truck-1")
        let after = try await room.write { try $0.transfer(transfer, in: $1) }
        #expect(after.from.onHand == 6)
        #expect(after.to.onHand == 4)
        let head = room.store.log.seen
        for (bad, code) in [
            (StockTransfer(sku: "chai", quantity: 7, from: "EAST", to: "WEST"), "insufficient_stock"),
            (StockTransfer(sku: "chai", quantity: 1, from: "EAST", to: "MOON"), "unknown_location"),
            (StockTransfer(sku: "chai", quantity: 1, from: "EAST", to: "EAST"), "same_location"),
        ] {
            let failure = await room.failure { try await room.write { try $0.transfer(bad, in: $1) } }
            #expect(failure?.code == code)
        }
        // A transfer whose second half fails leaves nothing of its first.
        _ = try await room.write {
            try $0.count(StockMovement(sku: "chai", quantity: StockLimits.onHand, location: "WEST"), in: $1)
        }
        let full = await room.failure {
            try await room.write {
                try $0.transfer(StockTransfer(sku: "chai", quantity: 1, from: "EAST", to: "WEST"), in: $1)
            }
        }
        #expect(full?.code == "stock_limit_exceeded")
        #expect(room.store.log.seen == LogPosition(head.value + 1))
        let level = try await room.read { try $0.find("chai", of: .first, in: $1) }
        #expect(level.balances.map(\.onHand) == [6, StockLimits.onHand])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aCountSetsTheBalanceAndTheLedgerGetsTheDifference(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        _ = try await room.reserve(ReservationRequest(sku: "chai", quantity: 3))
        for (quantity, reason) in [(8, "two were broken"), (8, "again"), (12, "found some")] as [(Int64, String)] {
            _ = try await room.write {
                try $0.count(StockMovement(sku: "chai", quantity: quantity, reason: reason), in: $1)
            }
        }
        let failure = await room.failure {
            try await room.write { try $0.count(StockMovement(sku: "chai", quantity: 2), in: $1) }
        }
        #expect(failure?.code == "below_reserved")
        let ledger = try await room.read { try $0.ledger(of: "chai", PageRequest(), of: .first, in: $1) }
        #expect(ledger.items.map(\.kind) == [.count, .count, .count, .receive])
        #expect(ledger.items.map(\.delta) == [4, 0, -2, 10])
        #expect(ledger.items.map(\.onHandAfter) == [12, 8, 8, 10])
        #expect(ledger.items.map(\.reason) == ["found some", "again", "two were broken", nil])
        let fresh = try await room.write { try $0.count(StockMovement(sku: "mint", quantity: 0), in: $1) }
        #expect(fresh.onHand == 0)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReturnComesBackIntoTheStock(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(1, "chai")
        let balance = try await room.write { try $0.restock(sku: "chai", quantity: 2, reference: "RMA-1", in: $1) }
        #expect(balance.onHand == 3)
        let ledger = try await room.read { try $0.ledger(of: "chai", at: "MAIN", PageRequest(), of: .first, in: $1) }
        #expect(ledger.items.first?.kind == .return)
        #expect(ledger.items.first?.reference == "RMA-1")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func lowStockIsListedByTheReorderPoint(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        for index in 0..<30 { try await room.receive(10, "sku-\(index + 10)") }
        for index in stride(from: 0, to: 30, by: 3) {
            _ = try await room.write {
                try $0.setReorderPoint(6, of: "sku-\(index + 10)", at: "MAIN", in: $1)
            }
        }
        let low = BalanceFilter(isLow: true)
        let none = try await room.read { try $0.list(low, PageRequest(), of: .first, in: $1) }
        #expect(none.items.isEmpty)
        for index in 0..<30 { _ = try await room.reserve(ReservationRequest(sku: "sku-\(index + 10)", quantity: 4)) }
        var found: [String] = []
        var after: [CursorValue]?
        var pages = 0
        repeat {
            let request = PageRequest(limit: 4, after: after, countsTotal: true)
            let page = try await room.read { try $0.list(low, request, of: .first, in: $1) }
            #expect(page.total == 10)
            found += page.items.map(\.sku)
            after = page.next
            pages += 1
        } while after != nil
        #expect(found == stride(from: 10, to: 40, by: 3).map { "sku-\($0)" })
        #expect(pages == 3)
        let stale = await room.failure {
            try await room.write { try $0.setReorderPoint(1, of: "sku-10", at: "MAIN", expecting: 1, in: $1) }
        }
        #expect(stale?.code == "version_mismatch")
        let nothing = await room.failure {
            try await room.write { try $0.setReorderPoint(1, of: "never", at: "MAIN", in: $1) }
        }
        #expect(nothing?.code == "not_found")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aBulkIsMadeWholeOrRowByRow(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(5, "chai")
        let adjustments = [
            StockAdjustment(sku: "chai", delta: -3), StockAdjustment(sku: "chai", delta: -3),
            StockAdjustment(sku: "mint", delta: 2, location: "MOON"), StockAdjustment(sku: "mint", delta: 2),
        ]
        let failure = await room.failure {
            try await room.write { try $0.adjust(Bulk(mode: .atomic, rows: adjustments), in: $1) }
        }
        #expect(failure?.code == "bulk_rejected")
        #expect(failure?.errors.map(\.pointer) == ["/adjustments/1", "/adjustments/2"])
        #expect(failure?.errors.first?.message.hasPrefix("insufficient_stock: ") == true)
        #expect(try await room.level("chai") == [5, 0, 5])
        let result = try await room.write { try $0.adjust(Bulk(mode: .perRow, rows: adjustments), in: $1) }
        #expect(result.outcomes.map(\.name) == ["updated", "rejected", "rejected", "updated"])
        #expect(try await room.level("chai") == [2, 0, 2])
        #expect(try await room.level("mint") == [2, 0, 2])
        let text = String(decoding: JSONWriter.bytes(of: result), as: UTF8.self)
        #expect(text.hasPrefix(#"{"created":0,"updated":2,"unchanged":0,"rejected":2,"results":[{"index":0,"#))
        #expect(text.contains(#"{"index":1,"status":"rejected","code":"insufficient_stock","message":""#))
        #expect(text.contains(#""errors":[],"sku":"chai","requested":3,"available":2,"#))
    }
}
