import ChangeLog
import Core
import Search
import Storage

/// Makes a collection what a snapshot says that it was.
///
/// The points are written under a number of their own, some at a time, and nobody sees them. When all of them are
/// there, the collection gets that number in one unit of work: so it is as before, or as in the snapshot. What a
/// restore leaves behind that did not come to its end is deleted by ``PointSweeper``.
struct CollectionRestore: Sendable {
    /// After how many seconds without a point a restore is given up, since whoever did it is gone.
    static let patience: Int64 = 600
    /// How many bytes of points are written in one transaction, and how many points.
    private static let (bytesAtOnce, pointsAtOnce) = (4 << 20, 500)

    let log: ChangeLog
    let collections: Collections
    let points: Points

    /// Restores a collection, which need not be there.
    ///
    /// - returns: the position of the log at which it is restored, and what the snapshot says of itself.
    /// - throws: ``Failure`` `snapshot_unusable`; nothing has changed then.
    func run(_ path: String, into name: String, for context: ChangeContext) async throws -> (LogPosition, SnapshotHead)
    {
        let reader = try SnapshotReader(path)
        let number = try await begin(context.tenant)
        do {
            var batch: [Point] = []
            var bytes = 0
            while let point = try reader.next() {
                guard point.isThere(at: log.time.now()) else { continue }
                batch.append(point)
                bytes += point.payload.count + (point.vectors?.byteCount ?? 0)
                guard bytes >= Self.bytesAtOnce || batch.count == Self.pointsAtOnce else { continue }
                try await add(batch, number, context.tenant)
                (batch, bytes) = ([], 0)
            }
            if !batch.isEmpty { try await add(batch, number, context.tenant) }
            return (try await end(name, reader.head.definition, number, context), reader.head)
        } catch {
            // Where this fails too, the sweeper does it later.
            try? await abandon(number, context.tenant)
            throw error
        }
    }

    private func begin(_ tenant: Tenant) async throws -> Int64 {
        let now = log.time.now()
        return try await log.database.write(.readCommitted) { transaction in
            let number = try collections.takeNumber(in: transaction)
            try transaction.execute(
                """
                INSERT INTO restoring_collections (tenant, number, touched_at) VALUES (\(tenant), \(number), \(now))
                """)
            return number
        }
    }

    private func add(_ batch: [Point], _ number: Int64, _ tenant: Tenant) async throws {
        let now = log.time.now()
        try await log.database.write(.readCommitted) { transaction in
            let touched = try transaction.execute(
                """
                UPDATE restoring_collections SET touched_at = \(now)
                WHERE tenant = \(tenant) AND number = \(number)
                """)
            guard touched == 1 else { throw Self.givenUp }
            try points.restore(batch, to: number, of: tenant, in: transaction)
        }
    }

    private func end(
        _ name: String, _ definition: CollectionDefinition, _ number: Int64, _ context: ChangeContext
    ) async throws -> LogPosition {
        try await log.write(context) { unit in
            let ended = try unit.transaction.execute(
                "DELETE FROM restoring_collections WHERE tenant = \(unit.tenant) AND number = \(number)")
            guard ended == 1 else { throw Self.givenUp }
            _ = try collections.delete(name, in: unit)
            _ = try collections.insert(name, definition, number: number, in: unit)
            // The points were written a while ago, and what they were before is not known.
            try CollectionPasts().begin(name, in: unit)
        }.position
    }

    private func abandon(_ number: Int64, _ tenant: Tenant) async throws {
        try await log.database.write(.readCommitted) { transaction in
            try Self.abandon([(tenant, number)], in: transaction)
        }
    }

    /// Gives up restores that nobody goes on with.
    static func abandonStale(at now: Timestamp, in transaction: any WriteTransaction) throws {
        let stale = try transaction.rows(
            """
            SELECT tenant, number FROM restoring_collections
            WHERE touched_at < \(now.advanced(bySeconds: -patience))
            """
        ) { (Tenant($0.integer(0)), $0.integer(1)) }
        try abandon(stale, in: transaction)
    }

    private static func abandon(_ restores: [(Tenant, Int64)], in transaction: any WriteTransaction) throws {
        for (tenant, number) in restores {
            let count = try transaction.execute(
                "DELETE FROM restoring_collections WHERE tenant = \(tenant) AND number = \(number)")
            guard count == 1 else { continue }
            try transaction.execute(
                "INSERT INTO deleted_collections (tenant, number) VALUES (\(tenant), \(number))")
        }
    }

    private static var givenUp: Failure {
        Failure(
            .conflict, code: "restore_given_up",
            "The restore stood still for too long and was given up. Nothing was restored. Try again.")
    }
}

extension PointVectors {
    /// How many bytes of memory the components take up.
    fileprivate var byteCount: Int { elements.reduce(0) { $0 + 4 * $1.components.count } }
}
