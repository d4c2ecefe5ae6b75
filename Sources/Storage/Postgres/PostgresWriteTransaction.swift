import Core

/// Queries and changes that PostgreSQL commits together.
final class PostgresWriteTransaction: WriteTransaction {
    private let exchange: PostgresExchange
    private let usesSavepoint: Bool
    /// Where its insertions wait for those of others, if they do.
    private let deferred: DeferredInsertions?
    /// Tables of which writes that come after this one have changed rows already (``LookAhead``).
    private let changedAhead: Set<String>
    /// How many of its statements may have changed something.
    private var changes = 0
    /// What was asked ahead, and its answers as they come.
    private var announced: [(question: SQL, answer: PostgresResult?)] = []
    private(set) var actionsAfterCommit: [@Sendable () -> Void] = []

    /// - parameters:
    ///   - usesSavepoint: whether it can be undone without what was done in the exchange before it.
    ///   - deferred: where its insertions wait for those of others.
    ///   - ahead: the answers to what it has announced before it runs.
    ///   - changedAhead: tables that writes after this one have changed by what they announced.
    init(
        _ exchange: PostgresExchange, usesSavepoint: Bool = false, deferred: DeferredInsertions? = nil,
        ahead: AnswersAhead? = nil, changedAhead: Set<String> = []
    ) {
        self.exchange = exchange
        self.usesSavepoint = usesSavepoint
        self.deferred = deferred
        self.changedAhead = changedAhead
        if let ahead {
            announced = ahead.all.map { ($0.question, $0.answer) }
            changes = ahead.changedTable == nil ? 0 : 1
        }
    }

    /// Keeps what it did. With a savepoint it waits for its answers, so that a failure is known to be its own.
    func keep() throws {
        guard usesSavepoint, changes > 0 else { return }
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
        guard isOwn, !(failure is SavepointNeeded) else { throw failure }
        guard changes > 0 else { return }
        guard usesSavepoint else { throw SavepointNeeded() }
        try exchange.undo(to: "one_write")
        try exchange.enqueue("RELEASE SAVEPOINT one_write")
    }

    /// A savepoint opens before the first statement that may change something: who only looks leaves nothing to undo.
    /// What waits is sent before a statement that may look at it.
    ///
    /// - throws: ``SavepointNeeded`` when the statement would see what later writes have done.
    private func prepare(_ sql: SQL) throws {
        try deferred?.send(before: sql, through: exchange)
        if !changedAhead.isEmpty, !StatementTables.of(sql).words.isDisjoint(with: changedAhead) {
            throw SavepointNeeded()
        }
        if !sql.text.hasPrefix("SELECT") { try beginChange() }
    }

    private func beginChange() throws {
        if changes == 0, usesSavepoint { try exchange.enqueue("SAVEPOINT one_write") }
        changes += 1
    }

    /// A statement has changed no row. An open savepoint is to be released all the same.
    private func endChange(_ sql: SQL, _ answer: PostgresResult) {
        if !usesSavepoint, !sql.text.hasPrefix("SELECT"), answer.changedCount == 0 { changes -= 1 }
    }

    var isRemote: Bool { true }

    static func rowLock(of table: StaticString) -> SQL { SQL(trusted: " FOR UPDATE OF \(table)") }

    static let sharedRowLock: SQL = " FOR SHARE"

    func rowLock(of table: StaticString) -> SQL { Self.rowLock(of: table) }

    var sharedRowLock: SQL { Self.sharedRowLock }

    static let claimedRowLock: SQL = " FOR KEY SHARE"

    var claimedRowLock: SQL { Self.claimedRowLock }

    static func freeRowLock(of table: StaticString) -> SQL { SQL(trusted: " FOR UPDATE OF \(table) SKIP LOCKED") }

    func freeRowLock(of table: StaticString) -> SQL { Self.freeRowLock(of: table) }

    func announce(_ questions: @autoclosure () -> [SQL]) throws {
        for question in questions() where !announced.contains(where: { $0.question == question }) {
            try prepare(question)
            let place = announced.count
            announced.append((question, nil))
            try exchange.enqueue(question) { [self] answer in
                announced[place].answer = answer
                endChange(question, answer)
            }
        }
    }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Bool) throws {
        try ask(sql).forEachRow(body)
    }

    func execute(_ sql: SQL) throws -> Int { try ask(sql).changedCount }

    private func ask(_ sql: SQL) throws -> PostgresResult {
        if let place = announced.firstIndex(where: { $0.question == sql }) {
            if announced[place].answer == nil { try exchange.settle() }
            if let answer = announced[place].answer {
                // The same question asked again is about what is there then.
                announced[place].question = ""
                return answer
            }
        }
        try prepare(sql)
        let answer = try exchange.ask(sql)
        endChange(sql, answer)
        return answer
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

    func settle() throws {
        try deferred?.send(through: exchange)
        try exchange.settle()
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
            // One that stayed would be what a later attempt goes back to whose own was refused.
            try exchange.enqueue("RELEASE SAVEPOINT attempt")
            throw error
        }
    }

    /// How long such a statement waits for a lock.
    private static let lockWait = Duration.milliseconds(100)

    func attempt<T>(within time: Duration, _ body: () throws -> T) throws -> T {
        try attempt {
            try limit(time, lockWait: Self.lockWait)
            let value = try body()
            // What is set within a savepoint stays when that is released.
            try limit(exchange.connection.options.statementTimeout, lockWait: .zero)
            return value
        }
    }

    private func limit(_ time: Duration, lockWait: Duration) throws {
        try deferred?.send(through: exchange)
        for (name, value) in [("statement_timeout", time), ("lock_timeout", lockWait)] {
            try exchange.enqueue(SQL(trusted: "SET LOCAL \(name) = \(Int(value / .milliseconds(1)))"))
        }
    }

    func afterCommit(_ body: @escaping @Sendable () -> Void) {
        actionsAfterCommit.append(body)
    }
}
