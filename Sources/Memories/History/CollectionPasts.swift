import ChangeLog
import Core
import Storage

/// From which position on it is known what stood under the name of a collection.
///
/// What a collection was goes with it when it is deleted, and when a snapshot takes its place. So before that position
/// it cannot be said what there was; where no position is noted, there was no other collection before.
struct CollectionPasts: Sendable {
    /// Notes that what was called so is known from the latest change of a unit of work on.
    func begin(_ name: String, in unit: UnitOfWork) throws {
        let position = try unit.latestPosition()
        try unit.transaction.execute(
            """
            INSERT INTO collection_pasts (tenant, name, position) VALUES (\(unit.tenant), \(name), \(position))
            ON CONFLICT (tenant, name) DO UPDATE SET position = excluded.position
            """)
    }

    /// The position before which nothing is known of what was called so.
    func beginning(of name: String, _ tenant: Tenant, in transaction: any ReadTransaction) throws -> LogPosition {
        try transaction.first("SELECT position FROM collection_pasts WHERE tenant = \(tenant) AND name = \(name)") {
            $0.position(0)
        } ?? .start
    }

    /// Whether something is noted that ``forgetOld(limit:in:)`` would forget.
    func hasOld(in transaction: any ReadTransaction) throws -> Bool {
        try transaction.exists("SELECT 1 FROM collection_pasts WHERE position <= \(oldest(in: transaction)) LIMIT 1")
    }

    /// Forgets some positions before which nothing is kept of any collection.
    ///
    /// - returns: how many there were.
    func forgetOld(limit: Int, in transaction: any WriteTransaction) throws -> Int {
        let last = try transaction.rows(
            """
            SELECT position FROM collection_pasts WHERE position <= \(oldest(in: transaction))
            ORDER BY position LIMIT \(limit)
            """
        ) { $0.position(0) }.last
        guard let last else { return 0 }
        return try transaction.execute("DELETE FROM collection_pasts WHERE position <= \(last)")
    }

    /// No position before this one is answered for.
    private func oldest(in transaction: any ReadTransaction) throws -> LogPosition {
        let kept = try transaction.first("SELECT position FROM point_history_start") { $0.position(0) } ?? .start
        return max(kept, try ChangeLog.start(in: transaction))
    }
}
