import Core

/// Queries and changes that PostgreSQL commits together.
final class PostgresWriteTransaction: WriteTransaction {
    private let exchange: PostgresExchange
    private let usesSavepoint: Bool
    /// Where its insertions wait for those of others, if they do.
    private let deferred: DeferredInsertions?
    /// Whether it may have changed something.
    private var hasChanged = false
    /// What was asked ahead, and its answers as they come.
    private var announced: [(question: SQL, answer: PostgresResult?)] = []
    private(set) var actionsAfterCommit: [@Sendable () -> Void] = []

    /// - parameters:
    ///   - usesSavepoint: whether it can be undone without what was done in the exchange before it.
    ///   - deferred: where its insertions wait for those of others.
    init(_ exchange: PostgresExchange, usesSavepoint: Bool = false, deferred: DeferredInsertions? = nil) {
        self.exchange = exchange
        self.usesSavepoint = usesSavepoint
        self.deferred = deferred
    }

    /// Keeps what it did. With a savepoint it waits for its answers, so that a failure is known to be its own.
    func keep() throws {
        guard usesSavepoint, hasChanged else { return }
        try exchange.enqueue("RELEASE SAVEPOINT one_write")
        try exchange.settle()
    }

    /// Undoes what it did, and nothing before it.
    ///
    /// - throws: ``SavepointNeeded`` when it did something and has no savepoint, and the failure itself when that is
    ///   one of the whole transaction.
    func undo(after failure: any Error) throws {
        actionsAfterCommit = []
        let isOwn = exchange.failure.map { $0 is ConstraintViolation } ?? !exchange.connection.isBroken
        guard isOwn else { throw failure }
        guard hasChanged else { return }
        guard usesSavepoint else { throw SavepointNeeded() }
        try exchange.undo(to: "one_write")
        try exchange.enqueue("RELEASE SAVEPOINT one_write")
    }

    /// A savepoint opens before the first statement that may change something: who only looks leaves nothing to undo.
    /// What waits is sent before a statement that may look at it.
    private func prepare(_ sql: SQL) throws {
        try deferred?.send(before: sql, through: exchange)
        if !sql.text.hasPrefix("SELECT") { try beginChange() }
    }

    private func beginChange() throws {
        guard !hasChanged else { return }
        if usesSavepoint { try exchange.enqueue("SAVEPOINT one_write") }
        hasChanged = true
    }

    var isRemote: Bool { true }

    func rowLock(of table: StaticString) -> SQL { SQL(trusted: " FOR UPDATE OF \(table)") }

    let sharedRowLock: SQL = " FOR SHARE"

    func announce(_ questions: @autoclosure () -> [SQL]) throws {
        for question in questions() {
            try prepare(question)
            let place = announced.count
            announced.append((question, nil))
            try exchange.enqueue(question) { [self] in announced[place].answer = $0 }
        }
    }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Bool) throws {
        if let place = announced.firstIndex(where: { $0.question == sql }) {
            try exchange.settle()
            if let answer = announced[place].answer {
                // The same question asked again is about what is there then.
                announced[place].question = ""
                return try answer.forEachRow(body)
            }
        }
        try prepare(sql)
        try exchange.ask(sql).forEachRow(body)
    }

    func execute(_ sql: SQL) throws -> Int {
        try prepare(sql)
        return try exchange.ask(sql).changedCount
    }

    func enqueue(_ sql: SQL) throws {
        try prepare(sql)
        try exchange.enqueue(sql)
    }

    func insert(_ insertion: Insertion, _ values: [SQLValue]) throws {
        try beginChange()
        guard deferred?.add(insertion, values) == nil else { return }
        for statement in insertion.statements(values) {
            try exchange.enqueue(statement, insertsNewKeys: insertion.hasNewKeys)
        }
    }

    func append(
        _ insertion: Insertion, _ values: [SQLValue], key: StaticString, _ assigned: @escaping (Int64) -> Void
    ) throws {
        try beginChange()
        guard deferred?.add(insertion, values, key: key, assigned) == nil else { return }
        try exchange.enqueue(insertion.statement(values) + SQL(trusted: " RETURNING \(key)")) { result in
            if let last = result.integers.max() { assigned(last) }
        }
    }

    func attempt<T>(_ body: () throws -> T) throws -> T {
        try deferred?.send(through: exchange)
        try beginChange()
        try exchange.enqueue("SAVEPOINT attempt")
        do {
            let value = try body()
            try deferred?.send(through: exchange)
            try exchange.enqueue("RELEASE SAVEPOINT attempt")
            try exchange.settle()
            return value
        } catch {
            deferred?.removeAll()
            try exchange.undo(to: "attempt")
            throw error
        }
    }

    func afterCommit(_ body: @escaping @Sendable () -> Void) {
        actionsAfterCommit.append(body)
    }
}
