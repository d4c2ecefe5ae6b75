import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct InventoryReservationTests {
    @Test func everyMoveBetweenStatesIsLegalOrRefused() {
        for from in ReservationState.allCases {
            for to in ReservationState.allCases {
                let isLegal = from == .held && to != .held
                if isLegal {
                    #expect((try? from.moved(to: to)) == to)
                    continue
                }
                #expect {
                    _ = try from.moved(to: to)
                } throws: { error in
                    let failure = error as? Failure
                    let legal: [JSONValue] =
                        from == .held ? [.string("committed"), .string("released"), .string("expired")] : []
                    return failure?.code == "illegal_transition" && failure?.kind == .conflict
                        && JSONObject(failure?.details ?? [])["allowed"] == .array(legal)
                }
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReleaseGivesBackAndACommitTakesOut(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        let one = try await room.reserve(ReservationRequest(sku: "chai", quantity: 3))
        let other = try await room.reserve(ReservationRequest(sku: "chai", quantity: 4, reference: "till-2"))
        let released = try await room.write { try $0.release(one.id, expecting: 1, in: $1) }
        #expect(released.state == .released)
        #expect(released.version == 2)
        #expect(try await room.level("chai") == [10, 4, 6])
        let committed = try await room.write { try $0.commit(other.id, in: $1) }
        #expect(committed.state == .committed)
        #expect(try await room.level("chai") == [6, 0, 6])
        let ledger = try await room.read { try $0.ledger(of: "chai", PageRequest(), of: .first, in: $1) }
        #expect(ledger.items.map(\.kind) == [.ship, .receive])
        #expect(ledger.items.first?.delta == -4)
        #expect(ledger.items.first?.reference == "till-2")
        for id in [one.id, other.id] {
            let release = await room.failure { try await room.write { try $0.release(id, in: $1) } }
            let commit = await room.failure { try await room.write { try $0.commit(id, in: $1) } }
            #expect([release?.code, commit?.code] == ["illegal_transition", "illegal_transition"])
        }
        #expect(try await room.level("chai") == [6, 0, 6])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aStaleOrUnknownReservationIsNotMoved(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        let made = try await room.reserve(ReservationRequest(sku: "chai", quantity: 3))
        let stale = await room.failure { try await room.write { try $0.release(made.id, expecting: 7, in: $1) } }
        #expect(stale?.code == "version_mismatch")
        let unknown = await room.failure {
            try await room.write { try $0.commit(Identifier(high: 1, low: 1), in: $1) }
        }
        #expect(unknown?.code == "not_found")
        #expect(try await room.level("chai") == [10, 3, 7])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOverdueReservationCannotBeCommitted(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        let made = try await room.reserve(ReservationRequest(sku: "chai", quantity: 3, expiresIn: 60))
        room.store.time.advance(bySeconds: 59)
        let other = try await room.reserve(ReservationRequest(sku: "chai", quantity: 1, expiresIn: 60))
        room.store.time.advance(bySeconds: 1)
        let failure = await room.failure { try await room.write { try $0.commit(made.id, in: $1) } }
        #expect(failure?.code == "reservation_expired")
        #expect(try await room.write { try $0.commit(other.id, in: $1) }.state == .committed)
        #expect(try await room.write { try $0.release(made.id, in: $1) }.state == .released)
        #expect(try await room.level("chai") == [9, 0, 9])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aPartLeavesAReservationAsOneOfItsOwn(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        let order = Identifier(high: 7, low: 1)
        let line = Identifier(high: 7, low: 2)
        let request = ReservationRequest(sku: "chai", quantity: 6, orderID: order, orderLineID: line)
        let made = try await room.reserve(request)
        #expect(try await room.write { try $0.commit(order: order, line: line, quantity: 2, in: $1) } == 2)
        #expect(try await room.level("chai") == [8, 4, 4])
        #expect(try await room.write { try $0.release(order: order, line: line, quantity: 1, in: $1) } == 1)
        #expect(try await room.level("chai") == [8, 3, 5])
        let rows = try await room.read { try $0.reservations(ofOrder: order, line: line, of: .first, in: $1) }
        #expect(rows.map(\.quantity) == [3, 2, 1])
        #expect(rows.map(\.state) == [.held, .committed, .released])
        #expect(rows.map(\.splitFrom) == [nil, made.id, made.id])
        #expect(rows.map(\.version) == [3, 1, 1])
        #expect(try await room.write { try $0.commit(order: order, quantity: 9, in: $1) } == 3)
        #expect(try await room.write { try $0.commit(order: order, in: $1) } == 0)
        #expect(try await room.level("chai") == [5, 0, 5])
        let ledger = try await room.read { try $0.ledger(of: "chai", PageRequest(), of: .first, in: $1) }
        #expect(ledger.items.map(\.delta) == [-3, -2, 10])
        #expect(ledger.items.first?.reference == order.description)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func onlyItsOrderEndsAReservationOfAnOrder(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        try await room.receive(10, "mint")
        let order = Identifier(high: 7, low: 1)
        let lines = ["mint", "chai"].map { ReservationRequest(sku: $0, quantity: 2, orderID: order) }
        let made = try await room.write { try $0.reserve(lines: lines, in: $1) }
        let failure = await room.failure { try await room.write { try $0.release(made[0].id, in: $1) } }
        #expect(failure?.code == "reservation_of_order")
        #expect(try await room.write { try $0.release(order: order, in: $1) } == 4)
        #expect(try await room.level("chai") == [10, 0, 10])
        #expect(try await room.level("mint") == [10, 0, 10])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func reservationsAreListedByWhatIsAskedFor(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(100, "chai")
        try await room.receive(100, "mint")
        var ids: [Identifier] = []
        for index in 0..<12 {
            let request = ReservationRequest(
                sku: index % 2 == 0 ? "chai" : "mint", quantity: 1, reference: "r-\(index)",
                orderID: index < 3 ? Identifier(high: 1, low: 1) : nil)
            ids.append(try await room.reserve(request).id)
        }
        let (seventh, latest) = (ids[7], ids[11])
        _ = try await room.write { try $0.release(seventh, in: $1) }
        func list(_ filter: ReservationFilter, _ page: PageRequest = PageRequest()) async throws -> [Identifier] {
            try await room.read { try $0.reservations(filter, page, of: .first, in: $1) }.items.map(\.id)
        }
        #expect(try await list(ReservationFilter()) == ids.reversed())
        #expect(try await list(ReservationFilter(state: .released)) == [seventh])
        #expect(try await list(ReservationFilter(state: .held, sku: "mint")).count == 5)
        #expect(try await list(ReservationFilter(reference: "r-11")) == [latest])
        #expect(try await list(ReservationFilter(orderID: Identifier(high: 1, low: 1))) == ids[..<3].reversed())
        let page = try await room.read {
            try $0.reservations(ReservationFilter(), PageRequest(limit: 5, countsTotal: true), of: .first, in: $1)
        }
        #expect(page.total == 12)
        #expect(page.next == [.identifier(ids[7])])
        #expect(try await list(ReservationFilter(), PageRequest(limit: 5, after: page.next)) == ids[2...6].reversed())
    }
}
