import Core
import Logging
import Storage
import Synchronization
import TestKit
import Testing

@testable import ChangeLog

/// On PostgreSQL the log goes day by day.
@Suite(.timeLimit(.minutes(5))) struct LogPartitionsTests {
    private static func retention(_ store: TestStore) throws -> Retention {
        let settings = try SettingsRegistry(ChangeLogSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["change_log.retention_age": "48"])
        ])
        return Retention(store.log, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
    }

    private static func days(_ store: TestStore) async throws -> [Int64] {
        try await store.database.read { try LogPartitions.days(in: $0).map(\.number) }
    }

    @Test func aDayIsNamedByItsNumber() {
        let day = LogPartitions.Day(of: Timestamp(microseconds: 86_400_000_000 * 20_000 + 5))
        #expect(day.number == 20_000 && day.table == "changes_20000")
        #expect(LogPartitions.Day(table: "changes_20000") == day)
        #expect(LogPartitions.Day(table: "changes_other") == nil)
        #expect(LogPartitions.Day(table: "orders") == nil)
        #expect(day.end == LogPartitions.Day(20_001).start)
    }

    @Test func daysAreMadeAheadAndOldOnesDroppedWhole() async throws {
        let store = try await TestStore(.postgres)
        let retention = try Self.retention(store)
        let today = LogPartitions.Day(of: store.time.now()).number
        try await retention.pass()
        #expect(try await Self.days(store) == Array(today...today + LogPartitions.daysAhead))
        for _ in 0..<4 {
            try await store.append("order", 10)
            store.time.advance(bySeconds: 86_400)
        }
        _ = try await store.log.changes(after: .start, limit: 1)
        // Four days of ten changes; what is older than two days goes with its day.
        #expect(try await retention.pass() >= 10)
        #expect(try await Self.days(store).first ?? 0 > today)
        let start = try await store.database.read { try ChangeLog.start(in: $0) }
        #expect(start >= LogPosition(10))
        let left = try await store.log.changes(after: start, limit: 100)
        #expect(left.first?.position == LogPosition(start.value + 1) && left.last?.position == LogPosition(40))
        // Nothing is lost or held twice by passing again, and writing goes on.
        #expect(try await retention.pass() == 0)
        try await store.append("order", 1)
    }

    @Test func aDayThatAFollowerNeedsStays() async throws {
        let store = try await TestStore(.postgres)
        let retention = try Self.retention(store)
        let today = LogPartitions.Day(of: store.time.now()).number
        try await retention.pass()
        try await store.append("order", 10)
        store.time.advance(bySeconds: 86_400 * 4)
        try await store.append("order", 10)
        _ = try await store.log.changes(after: .start, limit: 1)
        try await store.log.saveFollower("slow", at: LogPosition(5))
        try await retention.pass()
        #expect(try await Self.days(store).first == today)
        #expect(try await store.log.changes(after: LogPosition(5), limit: 100).count == 15)
        try await store.log.saveFollower("slow", at: LogPosition(20))
        try await retention.pass()
        #expect(try await Self.days(store).first ?? 0 > today)
    }

    @Test func manyInstancesMayPrepareAtOnce() async throws {
        let store = try await TestStore(.postgres)
        let today = LogPartitions.Day(of: store.time.now()).number
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await ChangeLog.preparePartitions(of: store.database, at: store.time.now())
                }
            }
            try await group.waitForAll()
        }
        #expect(try await Self.days(store) == Array(today...today + LogPartitions.daysAhead))
        try await store.append("order", 3)
        let common = try await store.database.read { try $0.first("SELECT COUNT(*) FROM changes_other") { $0.int(0) } }
        #expect(common == 0)
    }

    /// Somebody else's transaction may be open for long after it has written to the log (`Capture`).
    @Test func aWriterWhoTakesLongHoldsNoDayUp() async throws {
        let store = try await TestStore(.postgres)
        try await Self.retention(store).pass()
        let today = LogPartitions.Day(of: store.time.now()).number
        let isOver = Atomic<Bool>(false)
        let (isWritten, written) = AsyncStream.makeStream(of: Void.self)
        async let held: Void = store.database.write(.readCommitted) { transaction in
            try transaction.execute(
                """
                INSERT INTO changes (tenant, entity_type, entity_id, operation, changed_fields, actor, changed_at)
                VALUES (1, 'note', gen_random_uuid(), 'custom', '', 'test', \(store.time.now()))
                """)
            written.finish()
            while !isOver.load(ordering: .acquiring) { _ = try transaction.exists("SELECT pg_sleep(0.05)") }
        }
        for await _ in isWritten {}
        store.time.advance(bySeconds: 86_400 * 3)
        try await ChangeLog.preparePartitions(of: store.database, at: store.time.now())
        #expect(try await Self.days(store) == Array(today...today + 3 + LogPartitions.daysAhead))
        isOver.store(true, ordering: .releasing)
        try await held
    }

    @Test func aDayThatHasBegunInTheCommonPartitionStaysThere() async throws {
        let store = try await TestStore(.postgres)
        let today = LogPartitions.Day(of: store.time.now()).number
        try await store.append("order", 3)
        try await Self.retention(store).pass()
        #expect(try await Self.days(store) == Array(today + 1...today + LogPartitions.daysAhead))
        try await store.append("order", 3)
        #expect(try await store.log.changes(after: .start, limit: 100).count == 6)
    }
}
