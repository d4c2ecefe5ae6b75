import Commerce
import Core
import Logging
import Storage
import Telemetry
import TestKit
import Testing

@testable import ChangeLog

@Suite struct ReservationSweeperTests {
    @Test(arguments: TestStore.Engine.allCases)
    func whatIsOverdueIsEndedInBatches(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        let second = Tenant(2)
        try await room.receive(10, "chai")
        _ = try await room.write(as: second) { try $0.receive(StockMovement(sku: "chai", quantity: 5), in: $1) }
        for seconds: Int64 in [30, 10, 20] {
            _ = try await room.reserve(ReservationRequest(sku: "chai", quantity: 1, expiresIn: seconds))
        }
        _ = try await room.reserve(ReservationRequest(sku: "chai", quantity: 1))
        _ = try await room.write(as: second) {
            try $0.reserve(ReservationRequest(sku: "chai", quantity: 5, expiresIn: 15), in: $1)
        }
        let settings = try SettingsRegistry(InventorySettings.all).values(from: [
            SettingsSource(name: "test", texts: ["commerce.reservation_sweep_batch": "2"])
        ])
        let sweeper = ReservationSweeper(
            room.inventory, log: room.store.log, settings: settings, metrics: room.store.metrics,
            logger: Logger(label: "test"))
        #expect(try await sweeper.sweep() == 0)
        room.store.time.advance(bySeconds: 20)
        #expect(try await sweeper.sweep() == 2)
        #expect(try await room.level("chai") == [10, 3, 7])
        #expect(try await sweeper.sweep() == 1)
        #expect(try await room.level("chai") == [10, 2, 8])
        let others = try await room.read { try $0.find("chai", of: second, in: $1) }
        #expect(others.reserved == 0)
        #expect(try await sweeper.sweep() == 0)
        let expired = room.store.metrics.counter("reservations_expired_total", "").with().value
        #expect(expired == 3)
        let actors = try await room.store.database.read {
            try $0.rows(
                """
                SELECT DISTINCT tenant FROM changes
                WHERE actor = 'reservation-sweeper' AND entity_type = 'reservation' ORDER BY tenant
                """
            ) { $0.int(0) }
        }
        #expect(actors == [1, 2])
        try await room.expectBooksToBalance()
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoHasLostTheLeaseEndsNothing(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        _ = try await room.reserve(ReservationRequest(sku: "chai", quantity: 4, expiresIn: 10))
        room.store.time.advance(bySeconds: 10)
        let sweeper = ReservationSweeper(
            room.inventory, log: room.store.log, metrics: room.store.metrics, logger: Logger(label: "test"))
        let gone = LeaseRow(name: "reservation_sweeper", holder: "gone")
        let grant = LeaseGrant(token: 1, row: gone)
        let failure = await #expect(throws: Failure.self) { try await sweeper.sweep(under: grant) }
        #expect(failure?.code == "lease_lost")
        #expect(try await room.level("chai") == [10, 4, 6])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aRunningSweeperEndsWhatIsOverdueAndStopsWhenCancelled(_ engine: TestStore.Engine) async throws {
        let room = try await StockRoom(engine)
        try await room.receive(10, "chai")
        _ = try await room.reserve(ReservationRequest(sku: "chai", quantity: 4, expiresIn: 10))
        let settings = try SettingsRegistry(InventorySettings.all).values(from: [
            SettingsSource(name: "test", texts: ["commerce.reservation_sweep_interval": "10"])
        ])
        let sweeper = ReservationSweeper(
            room.inventory, log: room.store.log, settings: settings, metrics: room.store.metrics,
            logger: Logger(label: "test"))
        let running = Task { try await sweeper.run() }
        let before = room.store.log.seen
        room.store.time.advance(bySeconds: 10)
        try await room.store.log.waitForChange(after: before, atMost: .seconds(120))
        #expect(try await room.level("chai") == [10, 0, 10])
        running.cancel()
        try await running.value
    }
}
