import Synchronization

/// Which tables a statement may look at, and which one it changes.
struct StatementTables: Sendable {
    /// The words of the statement, among which are the names of its tables.
    let words: Set<String>
    /// The table that it changes, if it is not a `SELECT`.
    let changed: String?

    /// How many statements are remembered.
    private static let limit = 4_096
    private static let known = Mutex<[StatementText: StatementTables]>([:])

    /// The tables of a statement.
    static func of(_ sql: SQL) -> StatementTables {
        let key = StatementText(text: sql.text)
        if let tables = known.withLock({ $0[key] }) { return tables }
        let tables = StatementTables(sql.text)
        known.withLock { known in
            if known.count >= limit { known = [:] }
            known[key] = tables
        }
        return tables
    }

    private init(_ text: String) {
        words = Set(text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
        let label = StatementLabel.of(text).split(separator: " ")
        changed = label.first == "select" ? nil : label.last.map(String.init)
    }
}
