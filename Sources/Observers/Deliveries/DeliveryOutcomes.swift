import ChangeLog
import Core
import Storage

/// The statements that store what became of deliveries.
enum DeliveryOutcomes {
    /// Stores the state of a delivery after an attempt, and lets its lane go on where it may.
    static func store(
        _ decision: DeliveryDecision, of result: OutcomeRecorder.Result, in transaction: any WriteTransaction
    ) throws {
        let key = result.delivery.key
        // What was among the dead letters is known by that only where it is to be tried again, and is due at once.
        let isHeld = decision.state == .waiting && result.delivery.isRevived
        let state = isHeld ? Delivery.State.retrying : decision.state
        try transaction.enqueue(
            """
            UPDATE deliveries SET state = \(state.rawValue), attempts = \(decision.attempts),
                due_at = \(decision.dueAt), updated_at = \(result.at), failure = \(decision.failure?.json)
            WHERE \(key.condition)
            """)
        if decision.isDone, result.delivery.attempts > 0 || result.delivery.isRevived {
            try unblock(result.delivery, in: transaction)
        }
        if result.delivery.isRevived, decision.state != .dead, decision.isDone {
            try transaction.enqueue("DELETE FROM dead_letters WHERE \(key.condition)")
        }
        guard decision.state == .dead, let failure = decision.failure else { return }
        let event = result.delivery.change.map { JSONWriter.bytes(of: $0) } ?? Array("null".utf8)
        try transaction.enqueue(
            """
            INSERT INTO dead_letters (observer, action, position, replay, tenant, event, reason, message, attempts,
                created_at, retried)
            VALUES (\(key.channel.observer), \(key.channel.action), \(key.position), \(key.replay),
                \(result.delivery.tenant), \(SQLValue.utf8(event)), \(failure.reason), \(failure.message),
                \(decision.attempts), \(result.at), 0)
            ON CONFLICT (observer, action, position, replay) DO UPDATE SET reason = excluded.reason,
                message = excluded.message, attempts = excluded.attempts, created_at = excluded.created_at,
                retried = 0
            """)
    }

    /// Lets those wait that are behind a delivery which is retrying. Both states are named, so that the engines use the
    /// index of just those rows.
    static func block(_ deliveries: [Delivery], in transaction: any WriteTransaction) throws {
        for delivery in deliveries {
            let key = delivery.key
            // The one before it may be done by now; then nobody would let this one go on.
            try transaction.enqueue(
                """
                UPDATE deliveries SET state = 2 WHERE \(key.condition) AND state = 0 AND EXISTS (
                    SELECT 1 FROM deliveries e WHERE e.observer = \(key.channel.observer)
                        AND e.action = \(key.channel.action) AND e.lane = \(delivery.lane)
                        AND e.state IN (1, 2) AND e.state = 1
                        AND (e.position < \(key.position)
                            OR (e.position = \(key.position) AND e.replay < \(key.replay))))
                """)
        }
    }

    /// Lets those of a lane go on that waited behind a delivery.
    static func unblock(_ delivery: Delivery, in transaction: any WriteTransaction) throws {
        let channel = delivery.key.channel
        try transaction.enqueue(
            """
            UPDATE deliveries SET state = 0 WHERE observer = \(channel.observer) AND action = \(channel.action)
                AND lane = \(delivery.lane) AND state IN (1, 2) AND state = 2
            """)
    }
}

extension DeliveryFailure {
    /// The failure as the table keeps it.
    var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("reason", reason)
            json.member("message", message)
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
