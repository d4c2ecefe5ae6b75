import ChangeLog
import Core
import Foundation
import Storage
import Telemetry
import TestKit
import Testing

/// Operations that no table shows, and the databases from before there were any.
@Suite struct CustomOperationTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aCustomOperationReadsBackAsItWasRecorded(engine: TestStore.Engine) async throws {
        let store = try await TestStore(engine)
        let (id, image) = try await store.log.write(TestStore.context) { unit in
            let id = unit.makeIdentifier()
            try unit.recordInsert("cart", id, after: Array(#"{"items":2}"#.utf8))
            try unit.recordCustom("cart", id, data: Array(#"{"reason":"abandoned"}"#.utf8))
            return (id, unit.image(of: id))
        }.value
        // What is told of a thing is not the thing.
        #expect(image.map { String(decoding: $0, as: UTF8.self) } == #"{"items":2}"#)
        let changes = try await store.log.changes(after: .start, limit: 10)
        #expect(changes.map(\.operation) == [.insert, .custom])
        let custom = try #require(changes.last)
        #expect(custom.entity == id && custom.entityType == "cart" && custom.before == nil)
        #expect(custom.after.map { String(decoding: $0, as: UTF8.self) } == #"{"reason":"abandoned"}"#)
        #expect(custom.changedFields.isEmpty)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aLogFromBeforeKeepsItsRowsAndPositions(engine: TestStore.Engine) async throws {
        let directory = try TemporaryDirectory()
        let database = try await Self.emptyDatabase(engine, in: directory)
        let migrations = ChangeLogSchema.schema.migrations
        try await database.migrate([Schema(room: "change_log", Array(migrations.prefix(3)))])
        let now = SystemTime().now()
        try await ChangeLog.preparePartitions(of: database, at: now)
        let id = IdentifierGenerator().next(at: now)
        _ = try await database.write { transaction in
            // The second day before lies in the common partition, the others in one of their own.
            for (position, days) in [(1, 0), (2, -2), (5, 0), (9, 0)] as [(Int64, Int64)] {
                try transaction.execute(Self.insertion(position, "update", id, now.advanced(bySeconds: days * 86_400)))
            }
        }
        let before = try await Self.rows(of: database)
        await #expect(throws: ConstraintViolation.self) {
            try await database.write { try $0.execute(Self.insertion(10, "custom", id, now)) }
        }
        try await database.migrate([ChangeLogSchema.schema])
        #expect(try await Self.rows(of: database) == before && before.count == 4)
        for (position, time) in [(10, now), (11, now.advanced(bySeconds: -2 * 86_400))] as [(Int64, Timestamp)] {
            _ = try await database.write { try $0.execute(Self.insertion(position, "custom", id, time)) }
        }
        await #expect(throws: ConstraintViolation.self) {
            try await database.write { try $0.execute(Self.insertion(12, "other", id, now)) }
        }
        // Days that are made afterwards hold the new constraint.
        let later = now.advanced(bySeconds: 12 * 86_400)
        try await ChangeLog.preparePartitions(of: database, at: later)
        _ = try await database.write { try $0.execute(Self.insertion(13, "custom", id, later)) }
        await #expect(throws: ConstraintViolation.self) {
            try await database.write { try $0.execute(Self.insertion(14, "other", id, later)) }
        }
        if engine == .sqlite { try await Self.expectNextPosition(14, in: database, id, now) }
        await database.close()
    }

    private static func emptyDatabase(
        _ engine: TestStore.Engine, in directory: TemporaryDirectory
    ) async throws -> any Database {
        switch engine {
        case .sqlite: return try SQLiteDatabase(path: directory.file("log.sqlite"), metrics: MetricsRegistry())
        case .postgres:
            let url = try await PostgresServer.shared().makeDatabase()
            return try await PostgresDatabase(PostgresOptions(url: url), metrics: MetricsRegistry())
        }
    }

    private static func insertion(_ position: Int64, _ operation: String, _ id: Identifier, _ time: Timestamp) -> SQL {
        """
        INSERT INTO changes (position, tenant, entity_type, entity_id, operation, after_image, before_image,
            changed_fields, actor, changed_at)
        VALUES (\(position), 1, 'cart', \(id), \(operation), '{"a":1}', '{"a":0}', 'a', 'test', \(time))
        """
    }

    private static func rows(of database: any Database) async throws -> [String] {
        try await database.read { transaction in
            try transaction.rows(
                """
                SELECT position, tenant, entity_type, entity_id, operation, after_image, before_image, changed_fields,
                    actor, changed_at
                FROM changes ORDER BY position
                """
            ) { row in
                let texts = [2, 4, 5, 6, 7, 8].map { row.text($0) }
                return "\(row.integer(0)) \(row.integer(1)) \(try row.identifier(3)) \(texts) \(row.timestamp(9))"
            }
        }
    }

    /// The engine goes on after the last position.
    private static func expectNextPosition(
        _ position: Int64, in database: any Database, _ id: Identifier, _ time: Timestamp
    ) async throws {
        _ = try await database.write { transaction in
            try transaction.execute(
                """
                INSERT INTO changes (tenant, entity_type, entity_id, operation, changed_fields, actor, changed_at)
                VALUES (1, 'cart', \(id), 'custom', '', 'test', \(time))
                """)
        }
        let last = try await database.read { try ChangeLog.last(in: $0) }
        #expect(last == LogPosition(position))
    }
}
