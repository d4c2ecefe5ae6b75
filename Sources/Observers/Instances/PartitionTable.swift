import Core
import Storage

/// The rows that say which instance has which partition. The database alone decides, by its own clock.
struct PartitionTable: Sendable {
    /// Who asks: another text for each instance.
    let instance: String

    /// What an instance has after it said that it is there.
    struct Answer: Sendable {
        /// The token of each partition that it has.
        let tokens: [Int64: Int64]
        /// How many partitions it should have at most.
        let share: Int
    }

    /// Says that this instance is there, gives back partitions, keeps the others, and takes what is free up to its
    /// share.
    ///
    /// - parameters:
    ///   - returned: partitions in which nothing is under way any more and that others should have.
    ///   - now: the clock of the database.
    func heartbeat(returning returned: Set<Int64>, now: SQL, in transaction: any WriteTransaction) throws -> Answer {
        let lasts = Int64(PartitionHolding.duration / .microseconds(1))
        try transaction.execute(
            """
            INSERT INTO observer_instances (instance, seen_at) VALUES (\(instance), \(now))
            ON CONFLICT (instance) DO UPDATE SET seen_at = excluded.seen_at
            """)
        try transaction.execute("DELETE FROM observer_instances WHERE seen_at < \(now) - \(20 * lasts)")
        let instances = try transaction.first(
            "SELECT COUNT(*) FROM observer_instances WHERE seen_at > \(now) - \(lasts)"
        ) { $0.int(0) }
        let share = PartitionHolding.share(of: instances ?? 1)
        if !returned.isEmpty {
            try transaction.execute(
                """
                UPDATE observer_partitions SET expires_at = 0
                WHERE holder = \(instance) AND number IN (\(list: returned.sorted()))
                """)
        }
        let kept = try transaction.execute(
            """
            UPDATE observer_partitions SET expires_at = \(now) + \(lasts)
            WHERE holder = \(instance) AND expires_at > 0
            """
        )
        if kept < share {
            let free: SQL = """
                SELECT number FROM observer_partitions p WHERE expires_at <= \(now) ORDER BY number
                LIMIT \(share - kept)
                """
            // One whose last holder is in the middle of a transaction, and may stand still there, is left to a later
            // heartbeat: whoever waited for it would lose its own meanwhile.
            for number in try transaction.rows(free + transaction.freeRowLock(of: "p"), { $0.integer(0) }) {
                try transaction.execute(
                    """
                    UPDATE observer_partitions
                    SET holder = \(instance), token = token + 1, expires_at = \(now) + \(lasts)
                    WHERE number = \(number) AND expires_at <= \(now)
                    """)
            }
        }
        let rows = try transaction.rows(
            "SELECT number, token FROM observer_partitions WHERE holder = \(instance) AND expires_at > 0"
        ) { ($0.integer(0), $0.integer(1)) }
        return Answer(tokens: Dictionary(uniqueKeysWithValues: rows), share: share)
    }

    /// Gives everything back.
    func leave(in transaction: any WriteTransaction) throws {
        try transaction.execute("UPDATE observer_partitions SET expires_at = 0 WHERE holder = \(instance)")
        try transaction.execute("DELETE FROM observer_instances WHERE instance = \(instance)")
    }

    /// The tokens of those partitions that are with this instance: no other one takes them until the transaction ends,
    /// but heartbeats do not wait for it.
    func held(_ numbers: [Int64], in transaction: any WriteTransaction) throws -> [Int64: Int64] {
        let rows = try transaction.rows(
            """
            SELECT number, token FROM observer_partitions
            WHERE holder = \(instance) AND expires_at > 0 AND number IN (\(list: numbers.sorted()))
            ORDER BY number \(transaction.claimedRowLock)
            """
        ) { ($0.integer(0), $0.integer(1)) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// Refuses a transaction of an instance that has lost a partition and does not know it yet.
    ///
    /// - throws: ``Failure`` `partition_lost`.
    func check(_ tokens: [Int64: Int64], in transaction: any WriteTransaction) throws {
        guard try held(Array(tokens.keys), in: transaction) == tokens else { throw Failure.partitionLost }
    }
}

extension Failure {
    /// The code of ``partitionLost``.
    static let partitionLostCode = "partition_lost"

    /// A part of the work went to another instance.
    static var partitionLost: Failure {
        .conflict(
            partitionLostCode,
            "Another instance has taken over this part of the observers' work, so this one stops it. Nothing is to be "
                + "done.")
    }
}
