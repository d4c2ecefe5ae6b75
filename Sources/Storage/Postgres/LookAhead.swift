/// Runs the closure of a write up to what it announces, and leaves it there: it has no effect but to tell what it asks.
///
/// So the questions of many writes go to the server together, and each write runs for good when its answers are there.
final class LookAhead: WriteTransaction {
    /// Ends the closure where nothing is known ahead.
    private struct Interruption: Error {}

    private let answers: AnswersAhead
    /// What it announces that has no answer yet.
    private(set) var questions: [SQL] = []

    init(_ answers: AnswersAhead) {
        self.answers = answers
    }

    let isRemote = true

    func rowLock(of table: StaticString) -> SQL { PostgresWriteTransaction.rowLock(of: table) }

    let sharedRowLock = PostgresWriteTransaction.sharedRowLock

    let claimedRowLock = PostgresWriteTransaction.claimedRowLock

    func freeRowLock(of table: StaticString) -> SQL { PostgresWriteTransaction.freeRowLock(of: table) }

    func announce(_ questions: @autoclosure () -> [SQL]) throws {
        self.questions = questions().filter { answers.answer(to: $0) == nil }
        if !self.questions.isEmpty { throw Interruption() }
    }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Bool) throws {
        guard let answer = answers.answer(to: sql) else { throw Interruption() }
        try answer.forEachRow(body)
    }

    func execute(_: SQL) throws -> Int { throw Interruption() }

    func enqueue(_: SQL) throws { throw Interruption() }

    func insert(_: Insertion, _: [SQLValue]) throws { throw Interruption() }

    func append(_: Insertion, _: [SQLValue], key _: StaticString, _: @escaping (Int64) -> Void) throws {
        throw Interruption()
    }

    func settle() throws { throw Interruption() }

    func attempt<T>(_: () throws -> T) throws -> T { throw Interruption() }

    func attempt<T>(within _: Duration, _: () throws -> T) throws -> T { throw Interruption() }

    func afterCommit(_: @escaping @Sendable () -> Void) {}
}

/// The answers to what a write has announced.
final class AnswersAhead {
    /// In the order of the questions.
    private(set) var all: [(question: SQL, answer: PostgresResult)] = []
    /// The table that one of the questions has changed.
    private(set) var changedTable: String?

    func add(_ question: SQL, _ answer: PostgresResult) {
        all.append((question, answer))
        if let table = StatementTables.of(question).changed, answer.changedCount > 0 { changedTable = table }
    }

    func answer(to question: SQL) -> PostgresResult? { all.first { $0.question == question }?.answer }
}
