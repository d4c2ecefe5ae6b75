import Core
import Logging
import Storage
import Telemetry
import TestKit
import Testing

@testable import ChangeLog

/// What retention deletes, and above all what it does not.
@Suite struct RetentionTests {
    private func retention(_ store: TestStore, hours: Int = 0, mebibytes: Int = 0) throws -> Retention {
        let settings = try SettingsRegistry(ChangeLogSettings.all).values(from: [
            SettingsSource(
                name: "test",
                texts: ["change_log.retention_age": "\(hours)", "change_log.retention_size": "\(mebibytes)"])
        ])
        return Retention(store.log, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
    }

    private func positions(_ store: TestStore) async throws -> [Int64] {
        try await store.database.read {
            try $0.rows("SELECT position FROM changes ORDER BY position") { $0.integer(0) }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func changesGoByAgeInBatchesAndTheLastStays(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        try await store.append("order", 1_234)
        store.time.advance(bySeconds: 3_601)
        try await store.append("order", 6)
        let deleted = try await retention(store, hours: 1).pass()
        #expect(deleted == 1_234)
        #expect(try await positions(store) == Array(1_235...1_240))
        #expect(store.metrics.counter("change_log_deleted_total", "").with().value == 1_234)
        store.time.advance(bySeconds: 7_200)
        #expect(try await retention(store, hours: 1).pass() == 5)
        #expect(try await positions(store) == [1_240])
        #expect(try await store.append("order", 1) == LogPosition(1_241))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func changesThatASlowFollowerNeedsStay(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        try await store.append("order", 100)
        try await store.log.saveFollower("fast", at: LogPosition(90))
        try await store.log.saveFollower("slow", at: LogPosition(40))
        store.time.advance(bySeconds: 7_200)
        #expect(try await retention(store, hours: 1).pass() == 40)
        #expect(try await positions(store).first == 41)
        try await store.log.forgetFollower("slow")
        #expect(try await retention(store, hours: 1).pass() == 50)
        #expect(try await positions(store).first == 91)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func changesGoBySize(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        let image = Array("{\"text\":\"\(String(repeating: "x", count: 10_000))\"}".utf8)
        _ = try await store.log.write(TestStore.context) { unit in
            for _ in 0..<300 { try unit.recordInsert("order", unit.makeIdentifier(), after: image) }
        }
        let gauge = store.metrics.gauge("change_log_size_bytes", "").with()
        #expect(try await retention(store, mebibytes: 4).pass() == 0)
        #expect((3_000_000...3_200_000).contains(gauge.value))
        let deleted = try await retention(store, mebibytes: 1).pass()
        #expect((190...210).contains(deleted))
        #expect((900_000...1_048_576).contains(gauge.value))
        #expect(try await retention(store, mebibytes: 1).pass() == 0)
    }

    @Test func zeroKeepsEverything() async throws {
        let store = try await TestStore()
        try await store.append("order", 10)
        store.time.advance(bySeconds: 1_000_000_000)
        #expect(try await retention(store).pass() == 0)
        #expect(try await positions(store).count == 10)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoHasLostTheLeaseDeletesNothing(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        try await store.append("order", 10)
        store.time.advance(bySeconds: 7_200)
        let gone = LeaseRow(name: "retention", holder: "gone")
        let grant = LeaseGrant(token: 1, row: gone)
        let failure = await #expect(throws: Failure.self) { try await retention(store, hours: 1).pass(under: grant) }
        #expect(failure?.code == "lease_lost")
        #expect(try await positions(store).count == 10)
    }

    @Test func anEmptyLogIsFine() async throws {
        let store = try await TestStore()
        #expect(try await retention(store, hours: 1, mebibytes: 1).pass() == 0)
    }

    @Test func thePlanStopsAtTheFirstChangeThatIsYoungEnough() {
        let rows = [10, 20, 15, 40].enumerated().map { index, time in
            RetentionPlan.Row(
                position: LogPosition(Int64(index + 1)), time: Timestamp(microseconds: Int64(time)))
        }
        func plan(cutoff: Int64?, excess: Int = 0, last: Int64 = 100, slowest: Int64? = nil) -> Int64? {
            RetentionPlan(
                cutoff: cutoff.map { Timestamp(microseconds: $0) }, excess: excess, last: LogPosition(last),
                slowestFollower: slowest.map { LogPosition($0) }
            ).deletable(of: rows)?.value
        }
        #expect(plan(cutoff: nil) == nil)
        #expect(plan(cutoff: 18) == 1)
        #expect(plan(cutoff: 100) == 4)
        #expect(plan(cutoff: 100, last: 4) == 3)
        #expect(plan(cutoff: 100, slowest: 2) == 2)
        #expect(plan(cutoff: 100, slowest: 0) == nil)
        #expect(plan(cutoff: nil, excess: 3) == 3)
    }
}
