import ChangeLog
import Core
import Storage
import TestKit
import Testing

/// Reading the log after a position, by type and by tenant.
@Suite struct ChangesTests {
    private let store: TestStore
    private static let other = ChangeContext(
        tenant: Tenant(2), actor: "other", requestID: "r-1", traceparent: "00-a-b-01")

    init() async throws {
        store = try await TestStore()
    }

    private func append(_ type: String, _ count: Int, _ context: ChangeContext = TestStore.context) async throws {
        for number in 0..<count {
            _ = try await store.log.write(context) { unit in
                try unit.recordInsert(type, unit.makeIdentifier(), after: Array("{\"number\":\(number)}".utf8))
            }
        }
    }

    @Test func aChangeReadsBackAsItWasRecorded() async throws {
        let id = try await store.log.write(Self.other) { unit in
            let id = unit.makeIdentifier()
            try unit.recordInsert("order", id, after: Array("{\"a\":1,\"b\":2}".utf8))
            try unit.recordUpdate(
                "order", id, before: Array("{\"a\":1,\"b\":2}".utf8), after: Array("{\"a\":1,\"b\":3}".utf8))
            try unit.recordDelete("order", id, before: Array("{\"a\":1,\"b\":3}".utf8))
            return id
        }.value
        let changes = try await store.log.changes(after: .start, limit: 10)
        #expect(changes.map(\.position) == [LogPosition(1), LogPosition(2), LogPosition(3)])
        #expect(changes.map(\.operation) == [.insert, .update, .delete])
        #expect(changes.allSatisfy { $0.entity == id && $0.tenant == Tenant(2) && $0.entityType == "order" })
        #expect(changes[1].changedFields == ["b"])
        #expect(changes[1].after.map { String(decoding: $0, as: UTF8.self) } == "{\"a\":1,\"b\":3}")
        #expect(changes[0].before == nil)
        #expect(changes[2].after == nil)
        #expect(changes[2].requestID == "r-1" && changes[2].traceparent == "00-a-b-01" && changes[2].actor == "other")
        #expect(changes[2].time == store.time.now())
    }

    @Test func namesOfFieldsMayHaveCommas() async throws {
        let names = ["a,b", "50%", "%2C", "plain", "ä"]
        _ = try await store.log.write(TestStore.context) { unit in
            let images = [#"{"a":1}"#, #"{"a":2}"#].map { Array($0.utf8) }
            try unit.recordUpdate(
                "order", unit.makeIdentifier(), before: images[0], after: images[1], changed: names)
        }
        #expect(try await store.log.changes(after: .start, limit: 1).first?.changedFields == names)
    }

    @Test func changesAreFilteredByTypeAndTenantAndLimited() async throws {
        try await append("order", 3)
        try await append("product", 2, Self.other)
        try await append("order", 2, Self.other)
        let log = store.log
        #expect(try await log.changes(after: .start, limit: 100).count == 7)
        #expect(try await log.changes(after: .start, limit: 2).map(\.position.value) == [1, 2])
        #expect(try await log.changes(after: LogPosition(5), limit: 100).map(\.position.value) == [6, 7])
        #expect(try await log.changes(after: .start, limit: 9, types: ["product"]).map(\.position.value) == [4, 5])
        #expect(try await log.changes(after: .start, limit: 9, of: Tenant(2)).map(\.position.value) == [4, 5, 6, 7])
        let both = try await log.changes(after: LogPosition(1), limit: 9, types: ["order"], of: .first)
        #expect(both.map(\.position.value) == [2, 3])
        #expect(try await log.changes(after: .start, limit: 9, types: []).isEmpty)
        #expect(try await log.changes(after: LogPosition(99), limit: 9).isEmpty)
    }

    @Test func aBatchTellsHowFarItLooked() async throws {
        try await append("order", 5)
        let head = LogPosition(5)
        let (none, first, all) = try await store.database.read { transaction in
            (
                try ChangeLog.batch(after: .start, upTo: head, limit: 9, types: ["product"], in: transaction),
                try ChangeLog.batch(after: .start, upTo: head, limit: 2, in: transaction),
                try ChangeLog.batch(after: LogPosition(9), upTo: head, limit: 2, in: transaction)
            )
        }
        #expect(none.changes.isEmpty && none.upTo == LogPosition(5))
        #expect(first.changes.count == 2 && first.upTo == LogPosition(2))
        #expect(all.changes.isEmpty && all.upTo == LogPosition(9))
    }

    @Test(arguments: [0, -1, 1_001]) func limitsAreHeld(limit: Int) async throws {
        let failure = await #expect(throws: Failure.self) { try await store.log.changes(after: .start, limit: limit) }
        #expect(failure?.code == "invalid_request")
    }

    @Test func aPositionWhoseChangesAreGoneIsRefused() async throws {
        try await append("order", 5)
        _ = try await store.database.write { transaction in
            try transaction.execute("DELETE FROM changes WHERE position <= 3")
            try transaction.execute("UPDATE change_log_start SET position = 3")
        }
        #expect(try await store.log.changes(after: .start, limit: 9).map(\.position.value) == [4, 5])
        #expect(try await store.log.changes(after: LogPosition(3), limit: 9).map(\.position.value) == [4, 5])
        let failure = await #expect(throws: Failure.self) {
            try await store.log.changes(after: LogPosition(2), limit: 9)
        }
        #expect(failure?.code == "position_expired")
    }
}
