import ChangeLog
import Core
import Storage

/// The table of replays.
enum ReplayTable {
    static func open(in transaction: any ReadTransaction) throws -> [Replay] {
        try transaction.rows(
            "SELECT number, observer, position, last_position FROM observer_replays WHERE done = 0 ORDER BY number",
            Replay.init)
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
            INSERT INTO observer_replays (number, tenant, observer, position, first_position, last_position, actor,
                created_at, done)
            VALUES (\(number), \(unit.tenant), \(observer.number), \(start), \(start.value + 1), \(last),
                \(unit.context.actor), \(unit.now), 0)
            """)
        return Replay(number: number, observer: observer.number, position: start, last: last)
    }

    /// The replays that an event is in, the latest last, as far as they have come.
    static func covering(
        _ position: LogPosition, of tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> [Replay] {
        try transaction.rows(
            """
            SELECT number, observer, position, last_position FROM observer_replays
            WHERE tenant = \(tenant) AND first_position <= \(position) AND last_position >= \(position)
            ORDER BY number
            """, Replay.init)
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
}

extension Replay {
    fileprivate init(_ row: Row) {
        self.init(
            number: row.integer(0), observer: row.integer(1), position: row.position(2), last: row.position(3))
    }
}
