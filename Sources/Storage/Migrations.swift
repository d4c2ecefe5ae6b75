public import Core
import Crypto

/// One step of a room's schema. Once released it never changes; a later step mends it.
public struct Migration: Sendable {
    /// Ascending from 1 within its room, without gaps.
    public let number: Int
    /// What it does, in a few words.
    public let name: String
    /// Its statements in the common dialect, with the names of ``Dialect`` where the engines differ.
    public let statements: [String]

    /// A step of a room's schema.
    public init(_ number: Int, _ name: String, _ statements: [String]) {
        self.number = number
        self.name = name
        self.statements = statements
    }

    /// SHA-256 of its statements, by which an edit is noticed.
    var checksum: String {
        var hash = SHA256()
        for statement in statements {
            hash.update(data: Array(statement.utf8))
            hash.update(data: [0])
        }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

/// The schema of a room: its migrations in their order.
public struct Schema: Sendable {
    /// The room it belongs to, for example `commerce`.
    public let room: String
    /// The migrations in ascending order of their numbers.
    public let migrations: [Migration]

    /// The schema of a room.
    public init(room: String, _ migrations: [Migration]) {
        self.room = room
        self.migrations = migrations
    }
}

extension Database {
    /// Applies every migration that the database does not have yet, each in a transaction of its own, forward only.
    ///
    /// - throws: ``Failure`` `migration_edited` when an applied migration has changed since, `migration_unknown` when
    ///   the database has one that this version does not know.
    public func migrate(_ schemas: [Schema], at time: any TimeSource = SystemTime()) async throws {
        let dialect = dialect
        // Locks and constraints hold the only decision here: whether another instance was first.
        _ = try await write(.readCommitted) { transaction in
            for sql in dialect.beforeMigration { _ = try transaction.exists(sql) }
            try transaction.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    room TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL,
                    applied_at BIGINT NOT NULL, PRIMARY KEY (room, number))
                """)
        }
        for schema in schemas {
            let applied = try await read { transaction in
                try transaction.rows(
                    "SELECT number, checksum FROM schema_migrations WHERE room = \(schema.room) ORDER BY number"
                ) { (number: $0.int(0), checksum: $0.text(1)) }
            }
            try schema.check(applied)
            for migration in schema.migrations.dropFirst(applied.count) {
                try await apply(migration, of: schema.room, at: time.now())
            }
        }
    }

    private func apply(_ migration: Migration, of room: String, at now: Timestamp) async throws {
        let dialect = dialect
        // Locks and constraints hold the only decision here: whether another instance was first.
        _ = try await write(.readCommitted) { transaction in
            for sql in dialect.beforeMigration { _ = try transaction.exists(sql) }
            let isApplied = try transaction.exists(
                "SELECT 1 FROM schema_migrations WHERE room = \(room) AND number = \(migration.number)")
            if isApplied { return }
            for statement in migration.statements + dialect.statementsAfterMigration {
                guard let text = dialect.render(statement) else { continue }
                try transaction.execute(SQL(trusted: text))
            }
            try transaction.execute(
                """
                INSERT INTO schema_migrations (room, number, name, checksum, applied_at)
                VALUES (\(room), \(migration.number), \(migration.name), \(migration.checksum), \(now))
                """)
        }
    }
}

extension Schema {
    /// Compares what a database has with what this version knows.
    func check(_ applied: [(number: Int, checksum: String)]) throws {
        for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
            throw Failure.internal("Migration \(migration.number) of \(room) is out of order.")
        }
        for (index, row) in applied.enumerated() {
            guard index < migrations.count, row.number == migrations[index].number else {
                throw Failure(
                    .internal, code: "migration_unknown",
                    "The database has migration \(row.number) of \(room), which this version does not know. "
                        + "It was used by a newer version: run that one.")
            }
            guard row.checksum == migrations[index].checksum else {
                throw Failure(
                    .internal, code: "migration_edited",
                    "Migration \(row.number) of \(room) was applied with other statements than this version has. "
                        + "Run the version that made the database, or restore a backup.")
            }
        }
    }
}
