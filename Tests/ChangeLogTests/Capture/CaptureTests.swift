import Core
import Storage
import Synchronization
import TestKit
import Testing

@testable import ChangeLog

/// What others do to their tables stands in the log, as it took effect and only if it was committed.
@Suite(.timeLimit(.minutes(5))) struct CaptureTests {
    private let fixture: CaptureFixture

    init() async throws {
        fixture = try await CaptureFixture()
    }

    @Test func eachOperationStandsThereWithItsImages() async throws {
        try await fixture.captured("orders")
        try fixture.run("INSERT INTO orders VALUES (1, 'new', 10.50)")
        try fixture.run("UPDATE orders SET state = 'paid', total = 12 WHERE id = 1")
        try fixture.run("UPDATE orders SET state = 'paid'")
        try fixture.run("DELETE FROM orders")
        let changes = try await fixture.changes()
        #expect(
            changes.map(\.line) == [
                #"insert  - {"id": 1, "state": "new", "total": 10.50}"#,
                #"update state+total {"id": 1, "state": "new", "total": 10.50} "#
                    + #"{"id": 1, "state": "paid", "total": 12.00}"#,
                #"delete  {"id": 1, "state": "paid", "total": 12.00} -"#,
            ])
        #expect(Set(changes.map(\.entity)).count == 1)
        #expect(changes.allSatisfy { $0.entityType == "orders" && $0.tenant == .first && $0.actor == "postgres" })
        let now = SystemTime().now()
        #expect(changes.allSatisfy { abs($0.time.microseconds - now.microseconds) < 300_000_000 })
        #expect(try fixture.number("SELECT count(*) FROM millrace.changes_other") == 0)
    }

    @Test func onlyWhatWasCommittedIsThere() async throws {
        try await fixture.captured("orders")
        try fixture.run("BEGIN; INSERT INTO orders VALUES (1, 'new', 1); ROLLBACK")
        try fixture.run(
            """
            BEGIN; INSERT INTO orders VALUES (2, 'new', 1); SAVEPOINT s; INSERT INTO orders VALUES (3, 'new', 1);
            UPDATE orders SET state = 'lost'; ROLLBACK TO SAVEPOINT s; UPDATE orders SET state = 'kept'; COMMIT
            """)
        let changes = try await fixture.changes()
        #expect(try changes.map { try $0.after("state") } == [.string("new"), .string("kept")])
        #expect(try fixture.logged() == 2)
    }

    @Test func upsertsMergesAndCopiesAreThere() async throws {
        try await fixture.captured("orders")
        let upsert = "INSERT INTO orders VALUES (1, 'new', 1) ON CONFLICT (id) DO UPDATE SET state = 'again'"
        try fixture.run(upsert)
        try fixture.run(upsert)
        try fixture.run("INSERT INTO orders VALUES (1, 'no', 1) ON CONFLICT DO NOTHING")
        try fixture.run(
            """
            COPY orders (id, state) FROM PROGRAM 'seq -f "%g,copied" 10 509' WITH (FORMAT csv)
            """)
        let changes = try await fixture.changes()
        #expect(changes.prefix(2).map(\.operation) == [.insert, .update])
        #expect(changes.count == 502)
        let ids = try changes.dropFirst(2).map { try $0.after("id") }
        #expect(ids == (10...509).map { .number("\($0)") })
        #expect(Set(changes.map(\.entity)).count == 501)
    }

    @Test func aTruncationIsToldOf() async throws {
        try await fixture.captured("orders")
        try fixture.run("INSERT INTO orders VALUES (1, 'new', 1)")
        try fixture.run("TRUNCATE orders")
        let changes = try await fixture.changes()
        #expect(changes.last?.line == #"custom  - {"truncated": "public.orders"}"#)
    }

    @Test func anotherKeyIsAnotherEntity() async throws {
        try await fixture.captured("orders")
        try fixture.run("INSERT INTO orders VALUES (1, 'new', 1); UPDATE orders SET id = 2; DELETE FROM orders")
        let changes = try await fixture.changes()
        try #require(changes.count > 3)
        #expect(changes.map(\.operation) == [.insert, .delete, .insert, .delete])
        #expect(changes[0].entity == changes[1].entity && changes[2].entity == changes[3].entity)
        #expect(changes[0].entity != changes[2].entity)
    }

    /// A writer waits for the row, and takes its position after that.
    @Test func writersOfOneRowStandInTheirOrder() async throws {
        try fixture.run("INSERT INTO orders VALUES (1, 'new', 0)")
        try await fixture.captured("orders")
        let database = try await fixture.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<25 {
                        try await database.write(.readCommitted) { transaction in
                            // The older transaction may be the one that comes to the row later.
                            _ = try transaction.exists("SELECT pg_current_xact_id(), pg_sleep(random() * 0.002)")
                            try transaction.execute("UPDATE orders SET total = total + 1 WHERE id = 1")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        await database.close()
        let changes = try await fixture.changes()
        let totals = try changes.map { try $0.after("total") }
        #expect(totals == (1...200).map { .number("\($0).00") })
    }

    @Test func aTransactionThatCommitsLateIsNotPassedOver() async throws {
        try await fixture.captured("orders")
        let late = try await fixture.open()
        try await fixture.withLog { log in
            let (isWritten, written) = AsyncStream.makeStream(of: Void.self)
            let isOver = Atomic<Bool>(false)
            async let transaction: Void = late.write(.readCommitted) { transaction in
                try transaction.execute("INSERT INTO orders VALUES (1, 'late', 1)")
                written.finish()
                while !isOver.load(ordering: .acquiring) { _ = try transaction.exists("SELECT pg_sleep(0.05)") }
            }
            for await _ in isWritten {}
            try fixture.run("INSERT INTO orders VALUES (2, 'early', 1)")
            try fixture.run("INSERT INTO orders VALUES (3, 'early', 1)")
            #expect(try fixture.logged() == 2)
            #expect(try await log.changes(after: .start, limit: 10).isEmpty)
            isOver.store(true, ordering: .releasing)
            try await transaction
            try await log.waitUntilSettled(LogPosition(3), atMost: CaptureFixture.patience)
            let ids = try await log.changes(after: .start, limit: 10).map { try $0.after("id") }
            #expect(ids == [.number("1"), .number("2"), .number("3")])
        }
        await late.close()
    }

    /// A trigger of the table's own that changes the row again comes after ours.
    @Test func whatTriggersOfTheTableDoComesAfterwards() async throws {
        try fixture.run(
            """
            CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE orders SET total = total + 1 WHERE id = NEW.id AND total < 3; RETURN NULL; END $$;
            CREATE TRIGGER "0_touch" AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()
            """)
        try await fixture.captured("orders")
        try fixture.run("INSERT INTO orders VALUES (1, 'new', 0); UPDATE orders SET total = 1")
        let changes = try await fixture.changes()
        let expected: [JSONValue] = ["0.00", "1.00", "2.00", "3.00"].map(JSONValue.number)
        #expect(try changes.map { try $0.after("total") } == expected)
    }

    @Test func aServerIsWokenAndNotOnlyLooksByItself() async throws {
        try await fixture.captured("orders")
        let listener = try await fixture.open(.millrace)
        var notifications = listener.notifications(on: LogTail.channel).makeAsyncIterator()
        // Whether it listens yet is not told: it is written until it hears of it.
        let writing = Task { [fixture] in
            for number in 1...1_000 where !Task.isCancelled {
                try fixture.run("INSERT INTO orders VALUES (\(number), 'new', 1)")
            }
        }
        #expect(await notifications.next() != nil)
        writing.cancel()
        try await writing.value
        // Where nobody shall be woken the log is read all the same.
        let request = CaptureRequest(try TableReference("orders"), notifies: false)
        _ = try await fixture.capture.install([request])
        try fixture.run("INSERT INTO orders VALUES (0, 'quiet', 1)")
        #expect(try await fixture.changes().last?.after("state") == .string("quiet"))
        await listener.close()
    }
}
