import Core
import Storage
import TestKit
import Testing

/// Migrations: each once, in order, forward only, and never other than they were.
@Suite struct MigrationTests {
    private static let first = Migration(1, "first", ["CREATE TABLE one (id BIGINT PRIMARY KEY)"])
    private static let second = Migration(
        2, "second",
        ["ALTER TABLE one ADD COLUMN name TEXT", "CREATE TABLE two (id {identifier} PRIMARY KEY) {clustered}"])

    private func code(_ store: TestStore, _ migrations: [Migration]) async -> String? {
        await #expect(throws: Failure.self) {
            try await store.database.migrate([Schema(room: "room", migrations)])
        }?.code
    }

    @Test(arguments: TestStore.Engine.allCases) func eachIsAppliedOnceInOrder(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        try await store.database.migrate([Schema(room: "room", [Self.first])], at: store.time)
        _ = try await store.database.write { try $0.execute("INSERT INTO one (id) VALUES (7)") }
        for _ in 0..<2 {
            try await store.database.migrate([Schema(room: "room", [Self.first, Self.second])], at: store.time)
        }
        let rows = try await store.database.read { transaction in
            try transaction.rows(
                "SELECT number, name, applied_at FROM schema_migrations WHERE room = 'room' ORDER BY number"
            ) { "\($0.int(0)) \($0.text(1)) \($0.timestamp(2))" }
        }
        #expect(rows == ["1 first 2026-01-01T00:00:00Z", "2 second 2026-01-01T00:00:00Z"])
        #expect(
            try await store.database.read { try $0.first("SELECT id FROM one WHERE name IS NULL") { $0.int(0) } } == 7)
    }

    @Test(arguments: TestStore.Engine.allCases) func anEditedOneIsRefused(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [Schema(room: "room", [Self.first])])
        let edited = Migration(1, "first", ["CREATE TABLE one (id BIGINT PRIMARY KEY, name TEXT)"])
        #expect(await code(store, [edited, Self.second]) == "migration_edited")
        #expect(await code(store, [Migration(1, "first", Self.first.statements + [""])]) == "migration_edited")
        // Nothing after it was applied.
        await #expect(throws: Failure.self) {
            try await store.database.read { try $0.first("SELECT id FROM two") { $0.int(0) } }
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aDatabaseOfANewerVersionIsRefused(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [Schema(room: "room", [Self.first, Self.second])])
        #expect(await code(store, [Self.first]) == "migration_unknown")
        #expect(await code(store, []) == "migration_unknown")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func numbersThatDoNotAscendByOneAreRefused(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        #expect(await code(store, [Self.second]) == "internal")
        #expect(await code(store, [Self.first, Self.first]) == "internal")
    }

    @Test(arguments: TestStore.Engine.allCases)
    func oneThatFailsLeavesNothingBehind(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        let broken = Migration(1, "broken", ["CREATE TABLE one (id BIGINT PRIMARY KEY)", "CREATE NONSENSE"])
        #expect(await code(store, [broken]) == "storage_failed")
        try await store.database.migrate([Schema(room: "room", [Self.first])])
        #expect(try await store.database.read { try $0.first("SELECT COUNT(*) FROM one") { $0.int(0) } } == 0)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func roomsDoNotKnowOfEachOther(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine, schemas: [Schema(room: "room", [Self.first])])
        let other = Schema(room: "other", [Migration(1, "other", ["CREATE TABLE three (id BIGINT PRIMARY KEY)"])])
        try await store.database.migrate([other])
        try await store.database.migrate([Schema(room: "room", [Self.first, Self.second]), other])
        #expect(try await store.database.read { try $0.first("SELECT COUNT(*) FROM three") { $0.int(0) } } == 0)
    }
}
