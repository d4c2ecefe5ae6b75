/// Where the SQL of the engines differs, under one name each.
public enum Dialect: Sendable, Hashable {
    case sqlite
    case postgres

    /// Replaces the names in braces that migrations use for what differs.
    ///
    /// - `{identifier}`: the type of a 16-byte identifier.
    /// - `{bytes}`: the type of a byte string.
    /// - `{clustered}`: at the end of a table, stores its rows in the order of its primary key, where the engine can.
    /// - `{position}`: the type of the log's own key, which the engine assigns in ascending order.
    func render(_ template: String) -> String {
        var text = template
        for (name, replacement) in replacements {
            text = text.replacing(name, with: replacement)
        }
        return text
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
                ("{identifier}", "UUID"), ("{bytes}", "BYTEA"), ("{clustered}", ""),
                ("{position}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            ]
        }
    }
}
