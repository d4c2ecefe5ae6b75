import Caching
import Core
import Storage
import Telemetry
import TestKit
import Testing

@testable import ChangeLog

/// Several processes write to one log, and nobody passes over a change or sees two of an entity in the wrong order.
@Suite(.timeLimit(.minutes(5))) struct LogTailTests {
    /// Another instance on the database of a store: it writes, and follows the log by itself.
    private static func instance(_ store: TestStore) async throws -> ChangeLog {
        let url = try #require(store.url)
        let metrics = MetricsRegistry()
        return try await ChangeLog(
            database: try await PostgresDatabase(PostgresOptions(url: url), metrics: metrics), metrics: metrics)
    }

    private static func append(_ log: ChangeLog, _ text: String, holding milliseconds: Int = 0) async throws {
        _ = try await log.write(TestStore.context, isolation: .readCommitted) { unit in
            try unit.recordInsert("note", unit.makeIdentifier(), after: Array("{\"text\":\"\(text)\"}".utf8))
            try unit.flush()
            if milliseconds > 0 {
                _ = try unit.transaction.exists("SELECT pg_sleep(\(Double(milliseconds) / 1_000))")
            }
        }
    }

    private static func texts(_ changes: [Change]) -> [String] {
        changes.compactMap { $0.after.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test func aChangeThatIsCommittedLateIsNotPassedOver() async throws {
        let store = try await TestStore(.postgres)
        let other = try await Self.instance(store)
        async let late: Void = Self.append(other, "late", holding: 2_000)
        // Its position is taken: the others come after it and are committed before it.
        try await Self.waitForPosition(1, store)
        for number in 1...5 { try await Self.append(store.log, "\(number)") }
        #expect(store.log.seen == LogPosition(6))
        #expect(store.log.head < LogPosition(1))
        try await late
        let changes = try await store.log.changes(after: .start, limit: 10)
        #expect(Self.texts(changes).first == #"{"text":"late"}"#)
        #expect(changes.map(\.position.value) == [1, 2, 3, 4, 5, 6])
    }

    @Test func whoReadsTheTablesGoesOnFromWhatIsSettled() async throws {
        let store = try await TestStore(.postgres)
        try await Self.append(store.log, "first")
        let held = try await HeldWrite(try #require(store.url)) { unit in
            try unit.recordInsert("note", unit.makeIdentifier(), after: Array("{}".utf8))
        }
        try await Self.append(store.log, "next")
        #expect(try await store.database.read { try ChangeLog.last(in: $0) } == LogPosition(3))
        #expect(try await store.log.settledEnd() == LogPosition(1))
        try await store.log.waitUntilSettled(try await held.commit(), atMost: .seconds(60))
        try await store.log.waitUntilSettled(LogPosition(3), atMost: .seconds(60))
        #expect(try await store.log.settledEnd() == LogPosition(3))
    }

    @Test func twoThatTouchOneEntityAppearInTheOrderInWhichTheyTookEffect() async throws {
        let store = try await TestStore(.postgres, schemas: [Self.counters])
        let other = try await Self.instance(store)
        _ = try await store.database.write { try $0.execute("INSERT INTO counters (id, n) VALUES (1, 0)") }
        let entity = IdentifierGenerator().next(at: store.time.now())
        // The older transaction has its number first, and changes the entity last.
        async let older = Self.count(entity, other, pausing: 3_000)
        try await Self.waitForTransaction(store)
        let younger = try await Self.count(entity, store.log, pausing: 0)
        let olderValue = try await older
        #expect(younger.value == 1 && olderValue.value == 2)
        try await store.log.waitUntilSettled(max(younger.position, olderValue.position), atMost: .seconds(60))
        let changes = try await store.log.changes(after: .start, limit: 10)
        #expect(Self.texts(changes) == [#"{"n":1}"#, #"{"n":2}"#])
    }

    /// Counts up in a transaction that takes its number before it pauses and the row after it.
    private static func count(_ entity: Identifier, _ log: ChangeLog, pausing milliseconds: Int) async throws
        -> ChangeLog.Written<Int64>
    {
        try await log.write(TestStore.context, isolation: .readCommitted) { unit in
            _ = try unit.transaction.exists("SELECT pg_current_xact_id()")
            if milliseconds > 0 {
                _ = try unit.transaction.exists("SELECT pg_sleep(\(Double(milliseconds) / 1_000))")
            }
            let value = try unit.transaction.first("UPDATE counters SET n = n + 1 WHERE id = 1 RETURNING n") {
                $0.integer(0)
            }
            try unit.recordUpdate(
                "counter", entity, before: Array("{}".utf8), after: Array("{\"n\":\(value ?? 0)}".utf8))
            return value ?? 0
        }
    }

    @Test func manyWritersLeaveNoChangeOutAndEachFollowerReadsEachOnce() async throws {
        let store = try await TestStore(.postgres)
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let others = [try await Self.instance(store), try await Self.instance(store)]
        let reader = Task {
            var seen: [Int64] = []
            var position = LogPosition.start
            while seen.count < 300 {
                let (head, after) = (store.log.head, position)
                let batch = try await store.database.read {
                    try ChangeLog.batch(after: after, upTo: head, limit: 50, in: $0)
                }
                seen += batch.changes.map(\.position.value)
                position = batch.upTo
                if batch.changes.isEmpty { try await store.log.waitForChange(after: head, atMost: .seconds(1)) }
            }
            return seen
        }
        let holds = (0..<300).map { _ in Int.random(in: 0...12, using: &random) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, hold) in holds.enumerated() {
                let log = number % 3 == 0 ? store.log : others[number % 3 - 1]
                group.addTask { try await Self.append(log, "\(number)", holding: hold) }
            }
            try await group.waitForAll()
        }
        let seen = try await reader.value
        #expect(seen == seen.sorted() && Set(seen).count == 300, "seed \(seed)")
    }

    @Test func aTransactionThatHoldsTheLogBackIsNamed() async throws {
        let store = try await TestStore(.postgres)
        let other = try await Self.instance(store)
        async let slow: Void = Self.append(other, "slow", holding: 5_000)
        try await Self.waitForPosition(1, store)
        try await Self.append(store.log, "quick")
        let pid = store.metrics.gauge("change_log_held_back_by_pid", "").with()
        var named = 0.0
        for _ in 0..<450 where named == 0 {
            try await Task.sleep(for: .milliseconds(10))
            named = pid.value
        }
        #expect(named > 0)
        try await slow
        let settling = store.metrics.histogram("change_log_settle_seconds", "").with()
        try await store.log.waitUntilSettled(LogPosition(2), atMost: .seconds(60))
        #expect(settling.distribution.sum > 1)
        #expect(try await store.log.changes(after: .start, limit: 10).count == 2)
    }

    @Test(arguments: [1, 1_000]) func theTailIntervalMovesHowSoonTheLogIsSettled(milliseconds: Int) async throws {
        let settings = try SettingsRegistry(ChangeLogSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["change_log.tail_interval": "\(milliseconds)"])
        ])
        let store = try await TestStore(.postgres, settings: settings)
        let start = ContinuousClock.now
        for number in 1...7 {
            try await Self.append(store.log, "\(number)")
            _ = try await store.log.changes(after: .start, limit: 1)
        }
        // At most one of the seven comes in the time that the tail rests.
        let waited = ContinuousClock.now - start
        #expect(milliseconds == 1 ? waited < .seconds(5) : waited >= .seconds(5))
    }

    @Test func aCacheHearsOfWhatOthersChange() async throws {
        let store = try await TestStore(.postgres)
        let other = try await Self.instance(store)
        let id = IdentifierGenerator().next(at: store.time.now())
        try await Self.append(store.log, "first")
        _ = try await store.log.changes(after: .start, limit: 1)
        let key = EntityCache.Key(.first, "note", id)
        store.log.cache.keep(EntityCache.Image(json: [1], version: 1), for: key, readAt: store.log.head)
        #expect(store.log.cache.find(key)?.json == [1])
        let written = try await other.write(TestStore.context) { unit in
            try unit.recordUpdate("note", id, before: Array("{}".utf8), after: Array("{\"a\":1}".utf8))
        }
        try await store.log.waitUntilSettled(written.position, atMost: .seconds(20))
        #expect(store.log.cache.find(key) == nil)
        // What was read before the change is not taken in any more.
        store.log.cache.keep(EntityCache.Image(json: [1], version: 1), for: key, readAt: LogPosition(1))
        #expect(store.log.cache.find(key) == nil)
    }

    private static let counters = Schema(
        room: "counters",
        [Migration(1, "counters", ["CREATE TABLE counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)"])])

    /// Waits until a position was taken, by whatever transaction.
    private static func waitForPosition(_ position: Int64, _ store: TestStore) async throws {
        for _ in 0..<1_000 {
            let taken = try await store.database.read {
                try $0.first("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM change_positions") {
                    $0.integer(0)
                }
            }
            if let taken, taken >= position { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("Position \(position) was never taken.")
    }

    /// Waits until another connection has a transaction number and sleeps.
    private static func waitForTransaction(_ store: TestStore) async throws {
        for _ in 0..<1_000 {
            let isThere = try await store.database.read {
                try $0.exists(
                    """
                    SELECT 1 FROM pg_stat_activity
                    WHERE datname = current_database() AND backend_xid IS NOT NULL AND wait_event = 'PgSleep'
                    """)
            }
            if isThere { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("The other transaction never began.")
    }
}
