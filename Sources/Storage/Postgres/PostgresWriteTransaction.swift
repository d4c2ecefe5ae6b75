import Core

/// Queries and changes that PostgreSQL commits together.
final class PostgresWriteTransaction: WriteTransaction {
    private let exchange: PostgresExchange
    private(set) var actionsAfterCommit: [@Sendable () -> Void] = []

    init(_ exchange: PostgresExchange) {
        self.exchange = exchange
    }

    var isRemote: Bool { true }

    func rowLock(of table: StaticString) -> SQL { SQL(trusted: " FOR UPDATE OF \(table)") }

    let sharedRowLock: SQL = " FOR SHARE"

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Bool) throws {
        try exchange.ask(sql).forEachRow(body)
    }

    func execute(_ sql: SQL) throws -> Int {
        try exchange.ask(sql).changedCount
    }

    func enqueue(_ sql: SQL) throws {
        try exchange.enqueue(sql)
    }

    func append(_ insertion: SQL, key: StaticString, _ assigned: @escaping (Int64) -> Void) throws {
        try exchange.enqueue(insertion + SQL(trusted: " RETURNING \(key)")) { result in
            var last: Int64 = 0
            // A closure that cannot throw.
            try? result.forEachRow { row in
                last = max(last, row.integer(0))
                return true
            }
            assigned(last)
        }
    }

    func attempt<T>(_ body: () throws -> T) throws -> T {
        try exchange.enqueue("SAVEPOINT attempt")
        do {
            let value = try body()
            try exchange.enqueue("RELEASE SAVEPOINT attempt")
            try exchange.settle()
            return value
        } catch {
            try exchange.undo(to: "attempt")
            throw error
        }
    }

    func afterCommit(_ body: @escaping @Sendable () -> Void) {
        actionsAfterCommit.append(body)
    }
}
