import ChangeLog
import Core
import Foundation
import Storage
import TestKit
import Testing

@testable import Observers

/// Statements that run in the transaction that matches: each event takes effect once.
@Suite(.timeLimit(.minutes(5))) struct DatabaseActionTests {
    static let file = """
        statements:
          count: "INSERT INTO counters (name, total) VALUES (:name, :amount)
            ON CONFLICT (name) DO UPDATE SET total = counters.total + excluded.total"
          broken: "INSERT INTO nowhere (name) VALUES (:name)"
        observers:
          - name: counting
            entity_types: [order]
            condition: "total >= 10"
            actions:
              - type: database
                statement: count
                params: {name: "{{ status }}", amount: "{{ event.position | default('1') }}"}
        """

    @Test(arguments: TestStore.Engine.allCases)
    func eachEventCountsOnce(_ engine: TestStore.Engine) async throws {
        let path = try Self.write(
            Self.file.replacing("{{ event.position | default('1') }}", with: "1"))
        try await RoleFixture.run(engine, settings: ["observers.file": path]) { fixture in
            try await Self.makeCounters(fixture)
            for number in 1...40 { try await fixture.order(number) }
            try await Self.wait(fixture, until: 31)
            let total = try await Self.total(fixture)
            #expect(total == 31)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aStatementThatFailsBecomesADeadLetterAndHoldsUpNobody(_ engine: TestStore.Engine) async throws {
        let path = try Self.write(
            Self.file.replacing("{{ event.position | default('1') }}", with: "1")
                + """

                  - name: failing
                    entity_types: [order]
                    actions:
                      - type: database
                        statement: broken
                        params: {name: "x"}
                """)
        try await RoleFixture.run(engine, settings: ["observers.file": path]) { fixture in
            try await Self.makeCounters(fixture)
            try await fixture.order(10)
            try await Self.wait(fixture, until: 1)
            let letters = try await fixture.store.log.read {
                try fixture.role.deadLetters.list(.init(), PageRequest(), of: .first, in: $0)
            }.value
            #expect(letters.items.map(\.reason) == ["statement_failed"])
        }
    }

    /// Somebody else has locked what a statement changes, for as long as it pleases him.
    @Test func aStatementThatWaitsForALockHoldsUpNobody() async throws {
        let path = try Self.write(
            Self.file.replacing("{{ event.position | default('1') }}", with: "1")
                .replacing(
                    "condition: \"total >= 10\"",
                    with: "retry: {strategy: fixed, initial_delay_ms: 50, max_attempts: 100}"))
        try await RoleFixture.run(.postgres, settings: ["observers.file": path]) { fixture in
            try await Self.makeCounters(fixture)
            try await fixture.observe(
                """
                {"name": "other", "entity_types": ["order"],
                 "actions": [{"type": "webhook", "url": "\(fixture.receiver.url())"}]}
                """)
            try await fixture.order(10)
            try await Self.wait(fixture, until: 1)
            let (locked, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            async let holder = fixture.store.database.write(.readCommitted) { transaction in
                // It has no transaction number, so the log does not wait for it.
                try transaction.execute("LOCK TABLE counters IN SHARE MODE")
                locked.signal()
                return release.wait(timeout: .now() + 60) == .success
            }
            await Task.detached { locked.wait() }.value
            for number in 11...30 { try await fixture.order(number) }
            let received = try? await fixture.receiver.waitForRequests(21, within: .seconds(4)).count
            let counted = try await Self.total(fixture)
            release.signal()
            #expect(received == 21 && counted == 1)
            #expect(try await holder)
            try await Self.wait(fixture, until: 21)
            #expect(try await Self.total(fixture) == 21)
            #expect(
                fixture.metric("observer_actions_failed_total{action=\"database\",reason=\"statement_busy\"}") ?? 0 > 0)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aStatementThatTakesTooLongHoldsUpNobody(_ engine: TestStore.Engine) async throws {
        let slow = """
            INSERT INTO counters SELECT :name, COUNT(*) FROM (WITH RECURSIVE n(i) AS
              (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n) numbers
            """
        let path = try Self.write(
            """
            statements:
              slow: "\(slow.replacing("\n", with: " "))"
              count: "INSERT INTO counters (name, total) VALUES ('n', 1)
                ON CONFLICT (name) DO UPDATE SET total = counters.total + 1"
            observers:
              - name: slow
                entity_types: [order]
                retry: {strategy: fixed, initial_delay_ms: 1, max_attempts: 2}
                actions: [{type: database, statement: slow, params: {name: "x"}}]
              - name: counting
                entity_types: [order]
                actions: [{type: database, statement: count, params: {}}]
            """)
        let settings = ["observers.file": path, "observers.statement_timeout": "100"]
        try await RoleFixture.run(engine, settings: settings) { fixture in
            try await Self.makeCounters(fixture)
            for number in 1...3 { try await fixture.order(number) }
            let letters = try await fixture.letters(3)
            #expect(letters.map(\.reason) == Array(repeating: "statement_timeout", count: 3))
            #expect(letters.allSatisfy { $0.attempts == 2 })
            // Whoever reads that learns which time it was, and what it is called.
            #expect(
                Set(letters.map(\.message)) == [
                    "The statement slow took longer than 0.1 seconds. Make it shorter, or raise "
                        + "observers.statement_timeout."
                ])
            try await Self.wait(fixture, until: 3)
            #expect(try await Self.total(fixture) == 3)
        }
    }

    @Test func aStatementThatIsForbiddenHoldsUpNobody() async throws {
        let path = try Self.write(
            """
            statements: {peek: "SELECT pg_read_file(:name)"}
            observers:
              - name: peeking
                entity_types: [order]
                actions: [{type: database, statement: peek, params: {name: "nowhere"}}]
            """)
        try await RoleFixture.run(.postgres, settings: ["observers.file": path]) { fixture in
            try await fixture.order(10)
            #expect(try await fixture.letters(1).map(\.reason) == ["statement_failed"])
        }
    }

    /// A statement can fail as transactions do that lost against others, or as if the database were away.
    @Test(arguments: ["40001", "08001", "57014"])
    func aStatementThatFailsAsADatabaseDoesHoldsUpNobody(_ state: String) async throws {
        let path = try Self.write(
            """
            statements:
              fail: "SELECT fail(:state)"
              count: "INSERT INTO counters (name, total) VALUES ('n', 1)
                ON CONFLICT (name) DO UPDATE SET total = counters.total + 1"
            observers:
              - name: failing
                entity_types: [order]
                retry: {strategy: fixed, initial_delay_ms: 1, max_attempts: 2}
                actions: [{type: database, statement: fail, params: {state: "\(state)"}}]
              - name: counting
                entity_types: [order]
                actions: [{type: database, statement: count, params: {}}]
            """)
        try await RoleFixture.run(.postgres, settings: ["observers.file": path]) { fixture in
            try await Self.makeCounters(fixture)
            _ = try await fixture.store.database.write {
                try $0.execute(
                    """
                    CREATE FUNCTION fail(state text) RETURNS int LANGUAGE plpgsql AS
                    'BEGIN RAISE EXCEPTION ''no'' USING ERRCODE = state; END'
                    """)
            }
            for number in 1...3 { try await fixture.order(number) }
            let letters = try await fixture.letters(3)
            #expect(letters.count == 3 && letters.allSatisfy { $0.attempts == 2 })
            try await Self.wait(fixture, until: 3)
            #expect(try await Self.total(fixture) == 3)
        }
    }

    static func write(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "observers-\(UUID()).yaml")
        try Data(text.utf8).write(to: path)
        return path.path
    }

    static func makeCounters(_ fixture: RoleFixture) async throws {
        _ = try await fixture.store.database.write {
            try $0.execute("CREATE TABLE counters (name VARCHAR(100) PRIMARY KEY, total BIGINT NOT NULL)")
        }
    }

    static func total(_ fixture: RoleFixture) async throws -> Int64 {
        try await fixture.store.database.read { transaction in
            try transaction.first("SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT) FROM counters") { $0.integer(0) } ?? 0
        }
    }

    static func wait(_ fixture: RoleFixture, until wanted: Int64) async throws {
        let reached = try await fixture.eventually {
            try await total(fixture)
        } until: {
            $0 >= wanted
        }
        #expect(reached >= wanted)
    }
}
