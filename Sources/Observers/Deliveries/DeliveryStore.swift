import ChangeLog
import Core
import Storage

/// The table of deliveries, as those ask and change it who deliver.
struct DeliveryStore: Sendable {
    static let insertion = Insertion(
        into: "deliveries",
        """
        observer, action, position, replay, tenant, lane, partition, state, attempts, due_at, event_at, updated_at, \
        failure
        """,
        // The ledger: what stands there already is not done again.
        ending: "ON CONFLICT (observer, action, position, replay) DO NOTHING")

    /// The values of a new row.
    static func values(of delivery: Delivery, at now: Timestamp) -> [SQLValue] {
        let key = delivery.key
        return [
            .integer(key.channel.observer), .integer(Int64(key.channel.action)), key.position.sqlValue,
            .integer(key.replay), delivery.tenant.sqlValue, .integer(delivery.lane), .integer(delivery.partition),
            .integer(Delivery.State.waiting.rawValue), .integer(0), .integer(0), delivery.eventAt.sqlValue,
            now.sqlValue, .null,
        ]
    }

    /// What of an action may begin, as far as it was read.
    struct Due: Sendable {
        /// The deliveries; those of a lane by ascending position.
        var deliveries: [Delivery] = []
        /// From where reading may go on.
        var mark = DeliveryMark()
    }

    /// Which deliveries of an action may begin, the first of the log first, and those whose time to be tried again has
    /// come.
    ///
    /// - parameters:
    ///   - partitions: nil is all.
    ///   - limit: how many of each at most.
    ///   - laneLimit: how many of a lane at most, so that one which has many leaves room for others.
    ///   - mark: from where reading goes on. What was read before is not read again.
    ///   - refilled: lanes of which more are wanted, of those that the mark has cut.
    static func due(
        _ channel: DeliveryChannelKey, at now: Timestamp, partitions: [Int64]?, limit: Int, laneLimit: Int,
        from mark: DeliveryMark = DeliveryMark(), refilling refilled: Set<Int64> = [],
        in transaction: any ReadTransaction
    ) throws -> Due {
        var whose: SQL = "d.observer = \(channel.observer) AND d.action = \(channel.action)"
        if let partitions { whose += " AND d.partition IN (\(list: partitions))" }
        // The states stand in the text, not in parameters, so that the engines use the indexes of just these rows.
        let retrying: SQL = """
            SELECT \(columns), 0, (
                SELECT l.reason FROM dead_letters l WHERE l.observer = d.observer AND l.action = d.action
                    AND l.position = d.position AND l.replay = d.replay)
            FROM deliveries d WHERE \(whose) AND d.state = 1 AND d.due_at <= \(now)
            ORDER BY d.due_at LIMIT \(limit)
            """
        let retried = try transaction.rows(retrying) { row in
            var delivery = try Delivery(row, channel)
            // It goes before what came after it, as any that is tried again.
            let reason = row.optionalText(8)
            delivery.isRevived = reason != nil
            // An attempt may have failed before the condition was asked, and asking it twice does no harm.
            delivery.isUndecided = DeliveryFailure.isUndecided(reason ?? "")
            return delivery
        }
        var reading = WaitingReading(
            channel: channel, whose: whose, limit: limit, laneLimit: min(laneLimit, limit), due: Due(mark: mark))
        try reading.read(refilling: refilled, in: transaction)
        reading.due.deliveries = retried + reading.due.deliveries
        return reading.due
    }

    static let columns: SQL = "d.position, d.replay, d.tenant, d.lane, d.partition, d.attempts, d.event_at"

    /// When the next of an action is to be tried again, of those whose time has not come; nil when there is none.
    ///
    /// - parameter partitions: nil is all.
    static func nextRetry(
        _ channel: DeliveryChannelKey, after now: Timestamp, partitions: [Int64]?, in transaction: any ReadTransaction
    ) throws -> Timestamp? {
        var whose: SQL = "observer = \(channel.observer) AND action = \(channel.action)"
        if let partitions { whose += " AND partition IN (\(list: partitions))" }
        return try transaction.first(
            "SELECT due_at FROM deliveries WHERE \(whose) AND state = 1 AND due_at > \(now) ORDER BY due_at LIMIT 1"
        ) { $0.timestamp(0) }
    }

    /// Whether any delivery of an action has not been attempted, and need not wait for another one.
    static func hasWaiting(_ channel: DeliveryChannelKey, in transaction: any ReadTransaction) throws -> Bool {
        try transaction.exists(
            """
            SELECT 1 FROM deliveries WHERE observer = \(channel.observer) AND action = \(channel.action)
                AND state = 0 LIMIT 1
            """)
    }

    /// Whether any delivery of an action may begin: one that was not attempted, or whose time to be tried again has
    /// come, as that of a dead letter has that somebody retries.
    static func hasDue(
        _ channel: DeliveryChannelKey, at now: Timestamp, in transaction: any ReadTransaction
    ) throws -> Bool {
        try hasWaiting(channel, in: transaction)
            || transaction.exists(
                """
                SELECT 1 FROM deliveries WHERE observer = \(channel.observer) AND action = \(channel.action)
                    AND state = 1 AND due_at <= \(now) LIMIT 1
                """)
    }

    /// Whether any delivery of an action is neither done nor given up.
    static func hasBacklog(_ channel: DeliveryChannelKey, in transaction: any ReadTransaction) throws -> Bool {
        try hasWaiting(channel, in: transaction)
            || transaction.exists(
                """
                SELECT 1 FROM deliveries WHERE observer = \(channel.observer) AND action = \(channel.action)
                    AND state IN (1, 2) LIMIT 1
                """)
    }

    /// Deliveries of an action that are neither done nor given up.
    static func open(
        _ channel: DeliveryChannelKey, limit: Int, in transaction: any ReadTransaction
    ) throws -> [Delivery.Key] {
        try ["state = 0", "state IN (1, 2)"].flatMap { (states: SQL) in
            try transaction.rows(
                """
                SELECT observer, action, position, replay FROM deliveries WHERE observer = \(channel.observer)
                    AND action = \(channel.action) AND \(states) LIMIT \(limit)
                """, Delivery.Key.init)
        }
    }

    /// The position of the first event that some delivery still needs, of those actions.
    static func firstNeeded(
        by channels: [DeliveryChannelKey], in transaction: any ReadTransaction
    ) throws -> LogPosition? {
        try channels.compactMap { channel in
            let waiting = try transaction.first(
                """
                SELECT position FROM deliveries WHERE observer = \(channel.observer) AND action = \(channel.action)
                    AND state = 0 ORDER BY position LIMIT 1
                """
            ) { $0.position(0) }
            let others =
                try transaction.first(
                    """
                    SELECT MIN(position) FROM deliveries WHERE observer = \(channel.observer)
                        AND action = \(channel.action) AND state IN (1, 2)
                    """
                ) { $0.isNull(0) ? nil : $0.position(0) } ?? nil
            return [waiting, others].compactMap { $0 }.min()
        }.min()
    }
}

extension Delivery {
    init(_ row: Row, _ channel: DeliveryChannelKey) throws {
        key = Key(channel: channel, position: row.position(0), replay: row.integer(1))
        tenant = Tenant(row.integer(2))
        lane = row.integer(3)
        partition = row.integer(4)
        attempts = row.int(5)
        eventAt = row.timestamp(6)
        isBehindRetry = row.bool(7)
    }
}

extension Delivery.Key {
    /// The key in a row of observer, action, position and replay.
    init(_ row: Row) {
        self.init(
            channel: DeliveryChannelKey(observer: row.integer(0), action: row.int(1)), position: row.position(2),
            replay: row.integer(3))
    }

    /// The condition that finds its row.
    var condition: SQL {
        """
        observer = \(channel.observer) AND action = \(channel.action) AND position = \(position) AND replay = \(replay)
        """
    }
}
