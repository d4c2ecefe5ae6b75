public import Core
public import Storage

extension ChangeLog {
    /// Makes the partitions of today and of the days to come. It comes before the first change is written: a change
    /// that goes to the common partition costs the server several times as much, and keeps its whole day there.
    public static func preparePartitions(of database: any Database, at now: Timestamp) async throws {
        guard database.dialect == .postgres else { return }
        _ = try await database.write(.readCommitted) { [dialect = database.dialect] transaction in
            for sql in dialect.beforeMigration { _ = try transaction.exists(sql) }
            try LogPartitions.prepare(at: now, in: transaction)
        }
    }
}

/// The partitions of the log on PostgreSQL, one for each day: old changes go with their whole day, which costs nothing
/// like the deletion of their rows.
struct LogPartitions {
    /// How many days have their partition ahead of time.
    static let daysAhead: Int64 = 7
    /// How long a change of partitions may wait for its lock: others wait behind it.
    private static let patience = "1000"
    private static let secondsOfDay: Int64 = 86_400
    private static let prefix = "changes_"

    /// One day of the log.
    struct Day: Equatable {
        /// Days since the epoch.
        let number: Int64

        init(_ number: Int64) { self.number = number }

        init(of time: Timestamp) { number = time.microseconds / (1_000_000 * LogPartitions.secondsOfDay) }

        /// The partition that a name stands for; nil for another table.
        init?(table: String) {
            guard table.hasPrefix(prefix), let number = Int64(table.dropFirst(prefix.count)) else { return nil }
            self.number = number
        }

        /// Its name, which ends with the number of the day.
        var table: String { "\(prefix)\(number)" }
        var start: Timestamp { Timestamp(microseconds: number * 1_000_000 * LogPartitions.secondsOfDay) }
        var end: Timestamp { Day(number + 1).start }
    }

    /// The days that have a partition.
    static func days(in transaction: any ReadTransaction) throws -> [Day] {
        try transaction.rows(
            """
            SELECT CAST(c.relname AS TEXT) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'changes'::regclass
            """
        ) { $0.text(0) }.compactMap(Day.init(table:)).sorted { $0.number < $1.number }
    }

    /// Makes the partitions of today and of the days that come, as far as they are missing.
    ///
    /// A day whose changes have begun to gather in the common partition stays there. A table that is made first and
    /// attached then needs no lock that those who write to the log have to let go, however long their transactions are.
    static func prepare(at now: Timestamp, in transaction: any WriteTransaction) throws {
        let known = try days(in: transaction)
        let today = Day(of: now)
        for day in (0...daysAhead).map({ Day(today.number + $0) }) where !known.contains(day) {
            _ = try transaction.exists("SELECT set_config('lock_timeout', \(patience), true)")
            do {
                try transaction.attempt {
                    let table = SQL.name(day.table)
                    try transaction.execute(
                        "CREATE TABLE \(table) (LIKE changes INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
                    try transaction.execute(
                        """
                        ALTER TABLE changes ATTACH PARTITION \(table)
                        FOR VALUES FROM (\(SQL.number(day.start.microseconds))) TO (\(SQL.number(day.end.microseconds)))
                        """)
                }
            } catch let violation as ConstraintViolation where violation.kind == .check {
                continue
            }
        }
    }

    /// Drops the days that lie before a moment and that no follower needs. Returns how many changes went.
    ///
    /// - parameters:
    ///   - cutoff: what happened before is too old.
    ///   - limit: the last position that may go.
    static func drop(before cutoff: Timestamp, upTo limit: LogPosition, in transaction: any WriteTransaction) throws
        -> Int
    {
        var dropped = 0
        for day in try days(in: transaction) where day.end <= cutoff {
            let (last, count) =
                try transaction.first("SELECT COALESCE(MAX(position), 0), COUNT(*) FROM \(SQL.name(day.table))") {
                    ($0.position(0), $0.int(1))
                } ?? (.start, 0)
            guard last <= limit else { break }
            _ = try transaction.exists("SELECT set_config('lock_timeout', \(patience), true)")
            try transaction.execute("UPDATE change_log_start SET position = \(last) WHERE position < \(last)")
            try transaction.execute("DROP TABLE \(SQL.name(day.table))")
            dropped += count
        }
        return dropped
    }
}
