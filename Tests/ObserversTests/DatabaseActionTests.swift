import ChangeLog
import Core
import Foundation
import Storage
import TestKit
import Testing

@testable import Observers

/// Statements that run in the transaction that matches: each event takes effect once.
@Suite(.timeLimit(.minutes(2))) struct DatabaseActionTests {
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
        let deadline = ContinuousClock.now + .seconds(30)
        while try await total(fixture) < wanted, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
