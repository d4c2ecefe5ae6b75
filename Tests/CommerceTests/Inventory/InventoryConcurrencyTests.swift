import ChangeLog
import Commerce
import Core
import Logging
import Storage
import TestKit
import Testing

@Suite struct InventoryConcurrencyTests {
    @Test(arguments: TestStore.Engine.allCases)
    func fiftyClientsShareTenUnits(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        let failures = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await room.failure { try await room.reserve(ReservationRequest(sku: "chai", quantity: 1)) }?.code
                }
            }
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(failures.count { $0 == nil } == 10)
        #expect(failures.count { $0 == "insufficient_stock" } == 40)
        #expect(try await room.level("chai") == [10, 10, 0])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func oneReferenceReservesOnceHoweverManyAsk(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(100, "chai")
        let request = ReservationRequest(sku: "chai", quantity: 2, reference: "cart-7")
        let made = try await withThrowingTaskGroup(of: Reservation.self) { group in
            for _ in 0..<50 { group.addTask { try await room.reserve(request) } }
            return try await group.reduce(into: Set<Reservation>()) { $0.insert($1) }
        }
        #expect(made.count == 1)
        #expect(try await room.level("chai") == [100, 2, 98])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func transfersBackAndForthLoseNothing(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.makeLocation("EAST", priority: 1)
        try await room.makeLocation("WEST", priority: 2)
        try await room.receive(5, "chai", at: "EAST")
        try await room.receive(5, "chai", at: "WEST")
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<60 {
                group.addTask {
                    let (from, to) = index % 2 == 0 ? ("EAST", "WEST") : ("WEST", "EAST")
                    let transfer = StockTransfer(sku: "chai", quantity: Int64(index % 4 + 1), from: from, to: to)
                    _ = await room.failure { try await room.write { try $0.transfer(transfer, in: $1) } }
                }
            }
        }
        #expect(try await room.level("chai") == [10, 0, 10])
        try await room.expectBooksToBalance()
    }

    @Test(arguments: TestStore.Engine.allCases)
    func eachReservationIsEitherSweptOrCommitted(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(200, "chai")
        var ids: [Identifier] = []
        for index in 0..<100 {
            let expiresIn: Int64 = index % 2 == 0 ? 10 : 1_000
            let request = ReservationRequest(sku: "chai", quantity: 2, expiresIn: expiresIn)
            ids.append(try await room.reserve(request).id)
        }
        let sweeper = ReservationSweeper(
            room.inventory, log: room.store.log, metrics: room.store.metrics, logger: Logger(label: "test"))
        room.store.time.advance(bySeconds: 10)
        let outcomes = await withTaskGroup(of: String?.self) { group in
            for id in ids {
                group.addTask { await room.failure { try await room.write { try $0.commit(id, in: $1) } }?.code }
            }
            for _ in 0..<4 {
                group.addTask { await room.failure { try await sweeper.sweep() }?.code }
            }
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 54)
        #expect(Set(outcomes).isSubset(of: [nil, "reservation_expired", "illegal_transition"]))
        #expect(try await room.level("chai") == [100, 0, 100])
        let expired = try await room.read {
            try $0.reservations(ReservationFilter(state: .expired), PageRequest(limit: 100), of: .first, in: $1)
        }
        #expect(expired.items.count == 50)
        try await room.expectBooksToBalance()
    }
}
