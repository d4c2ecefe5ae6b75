import Core

/// The rows that the writes of a batch insert: they wait until somebody may look at them, or for the end of the batch,
/// and are sent by few statements for each table, because a statement costs the server more than a row of it.
final class DeferredInsertions {
    /// What several writes insert in the same way.
    fileprivate struct Group {
        let insertion: Insertion
        let key: StaticString?
        var values: [SQLValue] = []
        /// How many rows each write has, and whom to tell the key of the last of them.
        var owners: [(rows: Int, assigned: (Int64) -> Void)] = []
    }

    /// In the order of the first insertion of each, so that what refers to another row comes after it.
    private var groups: [Group] = []

    /// Adds rows of a write.
    func add(
        _ insertion: Insertion, _ values: [SQLValue], key: StaticString? = nil,
        _ assigned: @escaping (Int64) -> Void = { _ in }
    ) {
        let index = groups.firstIndex { $0.insertion.isSame(as: insertion) } ?? groups.endIndex
        if index == groups.endIndex { groups.append(Group(insertion: insertion, key: key)) }
        groups[index].values += values
        groups[index].owners.append((values.count / insertion.columnCount, assigned))
    }

    /// Sends all rows if a statement names one of their tables.
    func send(before sql: SQL, through exchange: PostgresExchange) throws {
        guard !groups.isEmpty else { return }
        let words = StatementTables.of(sql).words
        guard groups.contains(where: { words.contains($0.insertion.table) }) else { return }
        try send(through: exchange)
    }

    /// Sends all rows.
    func send(through exchange: PostgresExchange) throws {
        let groups = groups
        removeAll()
        for group in groups { try group.send(through: exchange) }
    }

    /// Forgets the rows, because what they belong to is undone.
    func removeAll() { groups = [] }
}

extension DeferredInsertions.Group {
    func send(through exchange: PostgresExchange) throws {
        let statements = insertion.statementsOfFewTexts(values)
        var keys: [Int64] = []
        for (number, statement) in statements.enumerated() {
            let sql = key.map { statement.sql + SQL(trusted: " RETURNING \($0)") } ?? statement.sql
            let isLast = number == statements.count - 1
            try exchange.enqueue(sql, insertsNewKeys: insertion.hasNewKeys) { result in
                keys += result.integers
                if isLast { assign(keys) }
            }
        }
    }

    /// Tells each write its last key. The rows were inserted in their order.
    private func assign(_ keys: [Int64]) {
        var end = 0
        for owner in owners {
            end += owner.rows
            if end > 0, end <= keys.count { owner.assigned(keys[end - 1]) }
        }
    }
}
