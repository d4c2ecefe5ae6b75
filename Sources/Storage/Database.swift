public import Core

/// A durable relational store: embedded SQLite, or PostgreSQL.
///
/// A closure runs from its first statement to its last without suspension, so nothing can come in between, and it may
/// run more than once when the engine has to try again: it must have no effect outside the transaction.
public protocol Database: Sendable {
    /// How the engine's SQL differs from the common dialect.
    var dialect: Dialect { get }

    /// Runs queries on one snapshot of the data.
    ///
    /// - throws: what the closure throws, or ``Failure`` `storage_busy` when no connection comes free in time.
    func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T

    /// Runs queries on one snapshot that includes what is required, on whichever server is fit to answer.
    ///
    /// - returns: what the closure returns, and a position of the change log that the snapshot includes if a replica
    ///   has answered; nil says that it is as current as that of ``read(_:)``.
    /// - throws: what the closure throws, or ``Failure`` `storage_unreachable` when no server can answer.
    func read<T: Sendable>(
        _ requirement: ReadRequirement, _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> (value: T, position: LogPosition?)

    /// Tells how far replicas must have replayed to include a position of the change log and all before it.
    func settle(_ position: LogPosition, at location: WriteAheadLocation)

    /// Runs queries on one snapshot on the calling thread, if that is possible without waiting and within a time.
    ///
    /// For callers that serve others too and may not be held up, such as an event loop. What cannot be had at once is
    /// asked for again by ``read(_:)``.
    ///
    /// - returns: nil when no connection is free, the queries take longer, or the engine is on another machine.
    func readAtOnce<T: Sendable>(within time: Duration, _ body: (any ReadTransaction) throws -> T) throws -> T?

    /// Runs statements that take effect together and durably, or not at all.
    ///
    /// It returns when the transaction is on disk. Closures that wait at the same time share one commit.
    ///
    /// - throws: what the closure throws, after undoing its statements, or ``Failure`` `storage_busy`, `storage_full`,
    ///   `storage_contended`, `storage_unreachable` or `storage_failed` from the engine.
    func write<T: Sendable>(
        _ isolation: Isolation, _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T

    /// The notifications that other processes send on a channel, as far as the engine has such. None may be relied on.
    func notifications(on channel: String) -> AsyncStream<Void>

    /// Copies what is in the log of the engine into its main file, and closes every connection.
    func close() async
}

extension Database {
    /// Gives the database to a closure and closes it then, whatever comes of it.
    public func use<T: Sendable>(_ body: (Self) async throws -> T) async throws -> T {
        let outcome: Result<T, any Error>
        do { outcome = .success(try await body(self)) } catch { outcome = .failure(error) }
        await close()
        return try outcome.get()
    }

    public func read<T: Sendable>(
        _: ReadRequirement, _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> (value: T, position: LogPosition?) {
        (try await read(body), nil)
    }

    public func settle(_: LogPosition, at _: WriteAheadLocation) {}

    public func notifications(on _: String) -> AsyncStream<Void> { AsyncStream { $0.finish() } }

    /// Runs statements that take effect together and durably, as if no others ran at the same time.
    public func write<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        try await write(.serializable, body)
    }
}

/// Queries on one snapshot of the data.
public protocol ReadTransaction: AnyObject {
    /// Tells which queries come next, if none of them depends on the answer to another: an engine on another machine
    /// asks them all at once. Their order and number must be those of the calls that follow.
    func announce(_ questions: @autoclosure () -> [SQL]) throws

    /// Runs a query and calls the closure with each row until it returns false.
    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Bool) throws
}

/// Queries and changes that take effect together.
public protocol WriteTransaction: ReadTransaction {
    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func execute(_ sql: SQL) throws -> Int

    /// Runs a statement whose outcome does not matter to the closure: an engine on another machine sends it together
    /// with the next one. When it fails, the whole write fails, at this call or at a later one.
    func enqueue(_ sql: SQL) throws

    /// Inserts rows in the same way. Those that several writes insert into one table may be sent together.
    ///
    /// - parameter values: the values of the rows, one row after the other.
    func insert(_ insertion: Insertion, _ values: [SQLValue]) throws

    /// Inserts rows into a table whose key the engine assigns in ascending order (`{position}`).
    ///
    /// - parameters:
    ///   - values: the values of 1 to ``Insertion/rowLimit`` rows, one row after the other.
    ///   - key: the name of the column that the engine assigns.
    ///   - assigned: is called with the key of the last row as soon as it is known, at the latest before the commit.
    func append(
        _ insertion: Insertion, _ values: [SQLValue], key: StaticString, _ assigned: @escaping (Int64) -> Void
    ) throws

    /// Waits for the answers to all that was sent, so that what ``append(_:_:key:_:)`` tells later is known.
    func settle() throws

    /// Runs statements that may fail: what they did is undone then, and the write may go on.
    func attempt<T>(_ body: () throws -> T) throws -> T

    /// Runs statements that may fail, like ``attempt(_:)``, each of which has so much time and hardly any to wait for
    /// locks of others: they fail with ``Failure`` `statement_timeout` and `storage_busy`. An embedded engine has no
    /// locks to wait for, and undoes the whole write when the time is up.
    func attempt<T>(within time: Duration, _ body: () throws -> T) throws -> T

    /// Whether each answer takes a round trip, so that few statements with much work are better than many with little.
    var isRemote: Bool { get }

    /// What follows a `SELECT` of rows that the closure will change depending on what it reads: it keeps others from
    /// changing them until the commit.
    ///
    /// - parameter table: whose rows, by the name that the query gives it.
    func rowLock(of table: StaticString) -> SQL

    /// What follows a `SELECT` of rows that must stay as they are until the commit, though others may rely on them too.
    var sharedRowLock: SQL { get }

    /// What follows a `SELECT` of rows that others may change until the commit, but not take by ``freeRowLock(of:)``.
    var claimedRowLock: SQL { get }

    /// What follows a `SELECT` of rows that the closure will take: those that others have locked, in whatever way, are
    /// left out instead of waited for.
    ///
    /// - parameter table: whose rows, by the name that the query gives it.
    func freeRowLock(of table: StaticString) -> SQL

    /// Calls a closure after the transaction is durable and before its writer is told so.
    ///
    /// The closure must be quick; it runs on the thread that commits.
    func afterCommit(_ body: @escaping @Sendable () -> Void)
}

extension WriteTransaction {
    public func enqueue(_ sql: SQL) throws { try execute(sql) }

    public func insert(_ insertion: Insertion, _ values: [SQLValue]) throws {
        for statement in insertion.statements(values) { try execute(statement) }
    }

    public func settle() throws {}

    public func attempt<T>(_ body: () throws -> T) throws -> T { try body() }

    public var isRemote: Bool { false }

    public func rowLock(of _: StaticString) -> SQL { "" }

    public var sharedRowLock: SQL { "" }

    public var claimedRowLock: SQL { "" }

    public func freeRowLock(of _: StaticString) -> SQL { "" }
}

extension ReadTransaction {
    public func announce(_: @autoclosure () -> [SQL]) throws {}

    /// Every row of a query, each read by the closure.
    public func rows<T>(_ sql: SQL, _ read: (Row) throws -> T) throws -> [T] {
        var results: [T] = []
        try forEachRow(sql) { row in
            results.append(try read(row))
            return true
        }
        return results
    }

    /// The first row of a query, read by the closure, or nil when there is none.
    public func first<T>(_ sql: SQL, _ read: (Row) throws -> T) throws -> T? {
        var result: T?
        try forEachRow(sql) { row in
            result = try read(row)
            return false
        }
        return result
    }

    /// Whether a query has any row.
    public func exists(_ sql: SQL) throws -> Bool {
        try first(sql) { _ in true } ?? false
    }
}
