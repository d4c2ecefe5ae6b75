import Core

/// Queries on one snapshot of a connection.
final class PostgresReadTransaction: ReadTransaction {
    private let exchange: PostgresExchange

    init(_ exchange: PostgresExchange) {
        self.exchange = exchange
    }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Bool) throws {
        try exchange.ask(sql).forEachRow(body)
    }
}
