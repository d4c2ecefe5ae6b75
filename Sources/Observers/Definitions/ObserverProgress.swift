import ChangeLog
import Core
import Storage

/// The row that says how far the log is matched, and that whoever changes an observer changes too: so a batch of events
/// is matched by the observers as they are at its commit, or not at all.
enum ObserverProgress {
    /// How far the observers stand that have no position of their own, and which changes of observers are done.
    struct State: Equatable, Sendable {
        var position: LogPosition
        var generation: Int64
    }

    static func state(in transaction: any ReadTransaction) throws -> State {
        try transaction.first("SELECT position, generation FROM observer_progress WHERE name = 'log'") {
            State(position: $0.position(0), generation: $0.integer(1))
        } ?? State(position: .start, generation: 0)
    }

    /// The same, and nobody changes it until the transaction ends.
    static func locked(in transaction: any WriteTransaction) throws -> State {
        let query: SQL = "SELECT position, generation FROM observer_progress p WHERE name = 'log'"
        return try transaction.first(query + transaction.rowLock(of: "p")) {
            State(position: $0.position(0), generation: $0.integer(1))
        } ?? State(position: .start, generation: 0)
    }

    static func position(in transaction: any ReadTransaction) throws -> LogPosition {
        try state(in: transaction).position
    }

    /// Says that an observer changes in this transaction.
    static func noteChange(in transaction: any WriteTransaction) throws {
        try transaction.execute("UPDATE observer_progress SET generation = generation + 1 WHERE name = 'log'")
    }

    /// The number of a new observer. Where it is the only one, what happened before is nobody's business any more.
    static func takeNumber(startingAt end: LogPosition, in transaction: any WriteTransaction) throws -> Int64 {
        try transaction.execute(
            """
            UPDATE observer_progress SET generation = generation + 1, last_number = last_number + 1,
                position = CASE WHEN EXISTS (SELECT 1 FROM observers) THEN position ELSE \(end) END
            WHERE name = 'log'
            """)
        return try transaction.first("SELECT last_number FROM observer_progress WHERE name = 'log'") { $0.integer(0) }
            ?? 0
    }

    /// Stores how far the log is matched.
    static func advance(to position: LogPosition, in transaction: any WriteTransaction) throws {
        try transaction.execute("UPDATE observer_progress SET position = \(position) WHERE name = 'log'")
    }
}
