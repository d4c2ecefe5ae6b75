import Synchronization

/// The words of statements, among which are the names of the tables that they look at.
enum StatementWords {
    /// How many statements are remembered.
    private static let limit = 4_096
    private static let known = Mutex<[StatementText: Set<String>]>([:])

    /// The words of a statement.
    static func of(_ sql: SQL) -> Set<String> {
        let key = StatementText(text: sql.text)
        if let words = known.withLock({ $0[key] }) { return words }
        let words = Set(
            sql.text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
        known.withLock { known in
            if known.count >= limit { known = [:] }
            known[key] = words
        }
        return words
    }
}
