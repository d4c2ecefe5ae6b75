import Core
import Storage
import Synchronization
import TestKit
import Testing

/// Insertions whose text is made beforehand.
@Suite struct InsertionTests {
    private static let entries = Schema(
        room: "entries",
        [Migration(1, "entries", ["CREATE TABLE entries (position {position}, name TEXT NOT NULL UNIQUE, note TEXT)"])])
    private static let insertion = Insertion(
        into: "entries", "name, note", ending: "ON CONFLICT (name) DO NOTHING")

    private func row(_ number: Int) -> [SQLValue] {
        ["entry \(number)".sqlValue, (number % 2 == 0 ? "even" : nil).sqlValue]
    }

    @Test(arguments: TestStore.Engine.allCases, [0, 1, 2, 31, 32, 33, 100])
    func everyRowIsInsertedOnce(engine: TestStore.Engine, count: Int) async throws {
        let store = try await TestStore(engine, schemas: [Self.entries])
        let changed = try await store.database.write { transaction in
            try Self.insertion.statements((0..<count).flatMap(row)).map { try transaction.execute($0) }
        }
        #expect(changed.count == (count + Insertion.rowLimit - 1) / Insertion.rowLimit)
        #expect(changed.reduce(0, +) == count)
        let found = try await store.database.read { transaction in
            try transaction.rows("SELECT name, note FROM entries ORDER BY position") { row in
                (row.text(0), row.optionalText(1))
            }
        }
        #expect(found.map(\.0) == (0..<count).map { "entry \($0)" })
        #expect(found.map(\.1) == (0..<count).map { $0 % 2 == 0 ? "even" : nil })
    }

    @Test(arguments: TestStore.Engine.allCases)
    func theEndingDecidesAboutRowsThatAreThere(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [Self.entries])
        let changed = try await store.database.write { transaction in
            let first = try transaction.execute(Self.insertion.statement(row(1)))
            let second = try transaction.execute(Self.insertion.statement(row(1) + row(2)))
            return [first, second]
        }
        #expect(changed == [1, 1])
    }

    @Test(arguments: TestStore.Engine.allCases, [0, 1, 3, 2 * Insertion.rowLimit + 2])
    func anotherNumberOfValuesIsRefused(engine: TestStore.Engine, count: Int) async throws {
        let store = try await TestStore(engine, schemas: [Self.entries])
        let failure = await #expect(throws: Failure.self) {
            try await store.database.write { transaction in
                try transaction.execute(Self.insertion.statement(Array(repeating: "x".sqlValue, count: count)))
            }
        }
        #expect(failure?.kind == .internal)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func appendingTellsTheKeyOfTheLastRow(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [Self.entries])
        let keys = try await store.database.write { transaction in
            let keys = Keys()
            try transaction.append(Self.insertion, row(1), key: "position", keys.note)
            try transaction.append(Self.insertion, row(2) + row(3), key: "position", keys.note)
            return keys
        }
        #expect(keys.all.withLock { $0 } == [1, 3])
    }
}

/// The keys that an engine assigned, in their order.
private final class Keys: Sendable {
    let all = Mutex<[Int64]>([])

    func note(_ key: Int64) { all.withLock { $0.append(key) } }
}
