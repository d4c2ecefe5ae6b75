import ChangeLog
import Commerce
import Core
import Storage
import TestKit
import Testing

@Suite struct InventoryReserveTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aReserveSetsUnitsAside(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        let made = try await room.reserve(ReservationRequest(sku: "chai", quantity: 3, expiresIn: 60))
        #expect(made.location == "MAIN")
        #expect(made.state == .held)
        #expect(made.quantity == 3)
        #expect(made.expiresAt == room.store.time.now().advanced(bySeconds: 60))
        #expect(try await room.level("chai") == [10, 3, 7])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func moreThanThereIsIsRefusedWithWhatIsAvailable(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.makeLocation("EAST", priority: 1)
        try await room.makeLocation("WEST", priority: 2)
        try await room.receive(4, "chai", at: "WEST")
        try await room.receive(3, "chai", at: "EAST")
        let failure = await room.failure { try await room.reserve(ReservationRequest(sku: "chai", quantity: 5)) }
        #expect(failure?.code == "insufficient_stock")
        #expect(failure?.kind == .conflict)
        #expect(
            failure.map { JSONObject($0.details) }.map { String(decoding: JSONWriter.bytes(of: $0), as: UTF8.self) }
                == #"{"sku":"chai","requested":5,"available":7,"locations":["#
                + #"{"location":"EAST","available":3},{"location":"WEST","available":4}]}"#)
        let atEast = await room.failure {
            try await room.reserve(ReservationRequest(sku: "chai", quantity: 4, location: "EAST"))
        }
        #expect(JSONObject(atEast?.details ?? [])["available"] == .integer(3))
        #expect(try await room.level("chai") == [7, 0, 7])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theLocationIsTheFirstByPriorityThatHasEnough(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.makeLocation("AAA", priority: 3)
        try await room.makeLocation("BBB", priority: 1)
        try await room.makeLocation("CCC", priority: 2)
        try await room.receive(9, "chai", at: "AAA")
        try await room.receive(2, "chai", at: "BBB")
        try await room.receive(4, "chai", at: "CCC")
        var places: [String] = []
        for quantity: Int64 in [2, 3, 1, 8] {
            places.append(try await room.reserve(ReservationRequest(sku: "chai", quantity: quantity)).location)
        }
        #expect(places == ["BBB", "CCC", "CCC", "AAA"])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anUnknownOrInactiveLocationIsNamed(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(5, "chai")
        let unknown = await room.failure {
            try await room.reserve(ReservationRequest(sku: "chai", quantity: 1, location: "MOON"))
        }
        #expect(unknown?.code == "unknown_location")
        let main = try await room.read { try $0.locations.find(code: "MAIN", of: .first, in: $1) }
        let id = try #require(main?.id)
        _ = try await room.write {
            var patch = LocationPatch()
            patch.isActive = .set(false)
            return try $0.locations.update(id, patch, expecting: 1, in: $1)
        }
        let inactive = await room.failure {
            try await room.reserve(ReservationRequest(sku: "chai", quantity: 1, location: "MAIN"))
        }
        #expect(inactive?.code == "inactive_location")
        let nowhere = await room.failure { try await room.reserve(ReservationRequest(sku: "chai", quantity: 1)) }
        #expect(nowhere?.code == "insufficient_stock")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReferenceReservesOnce(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        try await room.receive(10, "mint")
        let request = ReservationRequest(sku: "chai", quantity: 4, reference: "cart-7")
        let first = try await room.reserve(request)
        let again = try await room.write { try $0.reserveOnce(request, in: $1) }
        guard case .repeated(let repeated) = again else {
            Issue.record("The second request reserved again.")
            return
        }
        #expect(repeated == first)
        let other = try await room.reserve(ReservationRequest(sku: "mint", quantity: 4, reference: "cart-7"))
        #expect(other.id != first.id)
        let conflict = await room.failure {
            try await room.reserve(ReservationRequest(sku: "chai", quantity: 5, reference: "cart-7"))
        }
        #expect(conflict?.code == "reference_conflict")
        #expect(try await room.level("chai") == [10, 4, 6])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anOrderLineIsSplitOverLocations(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.makeLocation("EAST", priority: 1)
        try await room.makeLocation("WEST", priority: 2)
        try await room.receive(3, "chai", at: "EAST")
        try await room.receive(4, "chai", at: "WEST")
        try await room.receive(1, "mint", at: "EAST")
        let order = Identifier(high: 1, low: 2)
        let lines = [
            ReservationRequest(sku: "mint", quantity: 1, orderID: order),
            ReservationRequest(sku: "chai", quantity: 5, orderID: order),
        ]
        let made = try await room.write { try $0.reserve(lines: lines, in: $1) }
        #expect(made.map(\.sku) == ["chai", "chai", "mint"])
        #expect(made.map(\.location) == ["EAST", "WEST", "EAST"])
        #expect(made.map(\.quantity) == [3, 2, 1])
        let kept = try await room.read { try $0.reservations(ofOrder: order, of: .first, in: $1) }
        #expect(Set(kept) == Set(made))
        let tooMany = [ReservationRequest(sku: "chai", quantity: 2), ReservationRequest(sku: "mint", quantity: 1)]
        let failure = await room.failure { try await room.write { try $0.reserve(lines: tooMany, in: $1) } }
        #expect(failure?.code == "insufficient_stock")
        #expect(try await room.level("chai") == [7, 5, 2])
    }
}
