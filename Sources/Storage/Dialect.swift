/// Where the SQL of the engines differs, under one name each.
public enum Dialect: Sendable, Hashable {
    case sqlite
    case postgres

    /// Replaces the names in braces that migrations use for what differs.
    ///
    /// - `{identifier}`: the type of a 16-byte identifier.
    /// - `{bytes}`: the type of a byte string.
    /// - `{clustered}`: at the end of a table, stores its rows in the order of its primary key, where the engine can.
    ///   It is for rows of up to 1,000 bytes: SQLite reads the whole of a longer one to compare its key.
    /// - `{position}`: the type of the log's own key, which the engine assigns in ascending order.
    /// - `{only sqlite}`, `{only postgres}` at the start: the statement is for that engine alone.
    ///
    /// Texts are compared byte by byte on every engine, whatever the language of the server.
    ///
    /// - returns: nil when the statement is for another engine.
    func render(_ template: String) -> String? {
        var text = template
        if text.hasPrefix("{only ") {
            guard text.hasPrefix("{only \(name)}") else { return nil }
            text.removeFirst("{only \(name)}".count)
        }
        for (name, replacement) in replacements {
            text = text.replacing(name, with: replacement)
        }
        return text
    }

    private var name: String {
        switch self {
        case .sqlite: "sqlite"
        case .postgres: "postgres"
        }
    }

    /// What a migration begins with: it may take long, and keeps others from migrating the same database until its
    /// transaction ends.
    public var beforeMigration: [SQL] {
        switch self {
        case .sqlite: []
        case .postgres:
            ["SELECT set_config('statement_timeout', '0', true)", "SELECT pg_advisory_xact_lock(7813579310)"]
        }
    }

    /// What the engine wants done after the statements of a migration, in the same transaction.
    var statementsAfterMigration: [String] {
        switch self {
        case .sqlite: SQLitePlannerStatistics.statements
        case .postgres: []
        }
    }

    private var replacements: [(String, String)] {
        switch self {
        case .sqlite:
            [
                ("{identifier}", "BLOB"), ("{bytes}", "BLOB"), ("{clustered}", "WITHOUT ROWID"),
                ("{position}", "INTEGER PRIMARY KEY"),
            ]
        case .postgres:
            [
                (" TEXT", " TEXT COLLATE \"C\""), ("{identifier}", "UUID"), ("{bytes}", "BYTEA"), ("{clustered}", ""),
                ("{position}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            ]
        }
    }
}
