import ChangeLog
import Core
import Search
import Storage

/// Copies all points of a collection of one moment into a file.
///
/// It is one read transaction from its first point to its last, and holds some of the points in memory at a time.
struct SnapshotExport: Sendable {
    let log: ChangeLog
    let collections: Collections
    let points: Points

    /// How many bytes of vectors are read at once at most.
    private static let bytesAtOnce = 8 << 20

    /// - throws: ``Failure`` `collection_not_found`, `snapshot_not_written`.
    func write(_ name: String, of tenant: Tenant, to path: String) async throws -> SnapshotHead {
        try await log.database.read { transaction in
            let collection = try collections.require(name, of: tenant, in: transaction)
            let now = log.time.now()
            let head = SnapshotHead(
                collection: name, definition: collection.definition, position: try ChangeLog.last(in: transaction),
                createdAt: now, pointCount: try points.count(of: collection, at: now, in: transaction))
            // The closure may run more than once: each time the file is begun anew.
            let writer = try SnapshotWriter(path, head)
            try points.forEach(
                of: collection, atOnce: Self.pageSize(collection.definition), in: transaction
            ) { point in
                if point.isThere(at: now) { try writer.add(point) }
            }
            try writer.finish()
            return head
        }
    }

    private static func pageSize(_ definition: CollectionDefinition) -> Int {
        let bytes = definition.vectors.reduce(64) { $0 + 4 * $1.size }
        return min(Points.chunk, max(1, bytesAtOnce / bytes))
    }
}

extension Points {
    /// How many points of a collection have not ended.
    func count(of collection: PointCollection, at now: Timestamp, in transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(
            "SELECT COUNT(*) FROM points p WHERE (expires_at IS NULL OR expires_at > \(now)) AND "
                + PointPlace.isIn(collection.number)
        ) { $0.integer(0) } ?? 0
    }

    /// Reads all points of a collection with their vectors, by ascending id.
    ///
    /// - parameter count: how many are in memory at a time.
    func forEach(
        of collection: PointCollection, atOnce count: Int, in transaction: any ReadTransaction,
        _ body: (Point) throws -> Void
    ) throws {
        var last: PointKey?
        while true {
            // The first of a page is the last of the one before.
            let page = try page(
                from: last, limit: count + 1, of: collection, withVectors: true, in: transaction)
            for point in page where point.key != last { try body(point) }
            guard page.count > count, let end = page.last else { return }
            last = end.key
        }
    }
}
