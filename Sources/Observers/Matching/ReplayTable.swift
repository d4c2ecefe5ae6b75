import ChangeLog
import Core
import Storage

/// The table of replays.
enum ReplayTable {
    static func open(in transaction: any ReadTransaction) throws -> [Replay] {
        try transaction.rows(
            "SELECT number, observer, position, last_position FROM observer_replays WHERE done = 0 ORDER BY number"
        ) { Replay(number: $0.integer(0), observer: $0.integer(1), position: $0.position(2), last: $0.position(3)) }
    }

    static func insert(
        _ observer: Observer, after start: LogPosition, upTo last: LogPosition, in unit: UnitOfWork
    ) throws -> Replay {
        let transaction = unit.transaction
        // Changing an observer's row of progress keeps two from taking one number.
        try ObserverProgress.noteChange(in: transaction)
        let number =
            1
            + (try transaction.first("SELECT MAX(number) FROM observer_replays") {
                $0.isNull(0) ? 0 : $0.integer(0)
            } ?? 0)
        try transaction.execute(
            """
            INSERT INTO observer_replays (number, tenant, observer, position, last_position, actor, created_at, done)
            VALUES (\(number), \(unit.tenant), \(observer.number), \(start), \(last), \(unit.context.actor),
                \(unit.now), 0)
            """)
        return Replay(number: number, observer: observer.number, position: start, last: last)
    }

    /// Moves a replay on. Returns false when it does not stand where it is thought to.
    static func advance(
        _ replay: Replay, to position: LogPosition, in transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE observer_replays SET position = \(position), done = \(position >= replay.last)
            WHERE number = \(replay.number) AND position = \(replay.position) AND done = 0
            """) == 1
    }

    /// Ends the replays of an observer that there is no more.
    static func end(_ replay: Replay, in transaction: any WriteTransaction) throws {
        try transaction.execute("UPDATE observer_replays SET done = 1 WHERE number = \(replay.number)")
    }
}
