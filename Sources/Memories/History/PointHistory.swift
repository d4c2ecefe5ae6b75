public import ChangeLog
public import Core
public import Search
public import Storage

/// What points were before: kept when they are written over or deleted, for as long as the settings say
/// (`memories.history_age`), in collections whose definition says so.
///
/// A version is in force from its position, which it has of the change that made it, up to the position of the change
/// that ended it. So what was there at a position is what stands in `points` with a position up to it, and the
/// versions that began up to it and ended after it.
public struct PointHistory: Sendable {
    /// How many memories of one user can be searched as of a position.
    public static let searchLimit = 10_000

    private let pasts = CollectionPasts()

    // MARK: Keeping

    /// Keeps points as they stand in their tables, which a change with this position is about to write over or delete.
    func keep(
        _ points: some Sequence<Point>, of collection: PointCollection, until position: LogPosition,
        in unit: UnitOfWork
    ) throws {
        for point in points {
            let user = try point.payloadObject().userID
            try unit.transaction.enqueue(
                """
                INSERT INTO point_versions (place, tenant, collection, position, until_position, version, payload,
                    created_at, updated_at, expires_at, ended_at, user_id, vectors)
                SELECT p.place, p.tenant, p.collection, p.position, CAST(\(position.value) AS BIGINT), p.version,
                    p.payload, p.created_at, p.updated_at, p.expires_at, CAST(\(unit.now) AS BIGINT),
                    CAST(\(user) AS BIGINT), p.vectors
                FROM points p
                WHERE p.place = \(PointPlace(point.key, in: collection.number).sqlValue)
                    AND p.position < \(position.value)
                """)
        }
    }

    /// Deletes what was kept of a user in a collection, some at a time. What one change has ended goes together.
    ///
    /// - returns: how many versions there were; fewer than the limit when none is left.
    @discardableResult
    public func forget(user: Int64, of collection: PointCollection, limit: Int, in unit: UnitOfWork) throws -> Int {
        let ofUser: SQL = """
            FROM point_versions
            WHERE tenant = \(collection.tenant) AND collection = \(collection.number) AND user_id = \(user)\u{20}
            """
        let ends = try unit.transaction.rows(
            "SELECT until_position " + ofUser + "ORDER BY until_position LIMIT \(limit)"
        ) { $0.integer(0) }
        guard let end = ends.last else { return 0 }
        return try unit.transaction.execute("DELETE " + ofUser + "AND until_position <= \(end)")
    }

    /// Deletes all that was kept of some points.
    func forget(_ keys: [PointKey], of collection: PointCollection, in unit: UnitOfWork) throws {
        guard !keys.isEmpty else { return }
        try unit.transaction.execute(
            "DELETE FROM point_versions AS p WHERE " + PointPlace.isAny(of: keys, in: collection.number))
    }

    /// Deletes some of the versions under a number that no collection has any more.
    ///
    /// - returns: how many there were.
    func deleteLeftovers(of number: Int64, limit: Int, in transaction: any WriteTransaction) throws -> Int {
        let versions: SQL = "FROM point_versions AS p WHERE " + PointPlace.isIn(number)
        let last = try transaction.rows(
            "SELECT p.place, p.position " + versions + " ORDER BY p.place, p.position LIMIT \(limit)"
        ) { (place: SQLValue.bytes($0.bytes(0)), position: $0.integer(1)) }.last
        guard let last else { return 0 }
        return try transaction.execute(
            "DELETE " + versions + " AND (p.place, p.position) <= (\(last.place), \(last.position))")
    }

    /// Deletes versions that ended before a moment, some at a time.
    ///
    /// - returns: how many there were.
    func deleteOld(before moment: Timestamp, limit: Int, in transaction: any WriteTransaction) throws -> Int {
        let last = try transaction.rows(
            """
            SELECT ended_at, until_position FROM point_versions WHERE ended_at < \(moment)
            ORDER BY ended_at LIMIT \(limit)
            """
        ) { (ended: $0.timestamp(0), position: $0.integer(1)) }
        guard let ended = last.last?.ended else { return 0 }
        // Those of one moment go together, so that what is there as of a position is all there or refused.
        let position =
            try transaction.first(
                "SELECT MAX(until_position) FROM point_versions WHERE ended_at <= \(ended)"
            ) { $0.integer(0) } ?? 0
        try transaction.execute(
            "UPDATE point_history_start SET position = \(position) WHERE position < \(position)")
        return try transaction.execute("DELETE FROM point_versions WHERE ended_at <= \(ended)")
    }

    // MARK: Reading

    /// The versions of a point, the latest first, with the one that is in force.
    ///
    /// - parameters:
    ///   - position: only those that began before it; nil are all.
    ///   - limit: how many there are at most.
    public func versions(
        of key: PointKey, before position: LogPosition?, limit: Int, of collection: PointCollection,
        in transaction: any ReadTransaction
    ) throws -> [PointVersion] {
        let place: SQL = """
            WHERE p.place = \(PointPlace(key, in: collection.number).sqlValue)
                AND p.position < \(position?.value ?? Int64.max)\u{20}
            """
        let current = try transaction.rows("SELECT \(Points.columns) FROM points p " + place) {
            PointVersion(point: try Point($0), until: nil, endedAt: nil)
        }
        let past = try transaction.rows(
            "SELECT \(Points.columns), p.until_position, p.ended_at FROM point_versions p " + place
                + "ORDER BY p.position DESC LIMIT \(limit)"
        ) {
            PointVersion(
                point: try Point($0), until: LogPosition($0.integer(Points.columnCount)),
                endedAt: $0.timestamp(Points.columnCount + 1))
        }
        // What a snapshot brought back stood in the tables before it was in the collection.
        let beginning = try pasts.beginning(of: collection.name, collection.tenant, in: transaction)
        return (current + past).prefix(limit).map { $0.notBefore(beginning) }
    }

    /// A point as it was at a position, with its vectors, or nil when there was none.
    ///
    /// - throws: ``Failure`` `history_gone`, `history_not_kept`.
    public func find(
        _ key: PointKey, of collection: PointCollection, asOf position: LogPosition, in transaction: any ReadTransaction
    ) throws -> Point? {
        try collection.requireHistory()
        let moment = try moment(of: position, in: collection.name, collection.tenant, transaction)
        let place: SQL = "AND " + PointPlace.isAny(of: [key], in: collection.number)
        return try past(place, of: collection, asOf: position, in: transaction)
            .first { $0.isThere(at: moment) }
    }

    /// What there was of a user at a position, with vectors.
    ///
    /// - parameter keys: those of all points of the user that there are now. They must have been found before the
    ///   transaction began to read, so that what was deleted since is in it.
    func points(
        ofUser user: Int64, _ keys: [PointKey], of collection: PointCollection, asOf position: LogPosition,
        in transaction: any ReadTransaction
    ) throws -> [Point] {
        var found: [PointKey: Point] = [:]
        let ofUser: SQL = """
            p.tenant = \(collection.tenant) AND p.collection = \(collection.number) AND p.user_id = \(user) AND\u{20}
            """
        let versions = try rows(
            ofUser + Self.inForce(at: position) + "LIMIT \(Self.searchLimit + 1)", of: collection, from: Self.ended,
            in: transaction)
        guard versions.count <= Self.searchLimit else { throw Self.tooMany }
        for point in versions { found[point.key] = point }
        for start in stride(from: 0, to: keys.count, by: Points.chunk) {
            let chunk = keys[start..<min(start + Points.chunk, keys.count)]
            let condition: SQL = "p.position <= \(position.value) AND "
            for point in try rows(
                condition + PointPlace.isEach(of: chunk, in: collection.number), of: collection, from: Self.current,
                in: transaction)
            { found[point.key] = point }
            guard found.count <= Self.searchLimit else { throw Self.tooMany }
        }
        return found.values.sorted { $0.key < $1.key }
    }

    /// When the change at a position was made.
    ///
    /// - parameter name: the collection that is asked about, which need not be there.
    /// - throws: ``Failure`` `history_gone` when not all is kept any more that was there then.
    @discardableResult
    public func moment(
        of position: LogPosition, in name: String, _ tenant: Tenant, _ transaction: any ReadTransaction
    ) throws -> Timestamp {
        let start = try transaction.first("SELECT position FROM point_history_start") { $0.position(0) } ?? .start
        let moment = try transaction.first(
            "SELECT changed_at FROM changes WHERE position <= \(position.value) ORDER BY position DESC LIMIT 1"
        ) { $0.timestamp(0) }
        let beginning = try pasts.beginning(of: name, tenant, in: transaction)
        guard position >= start, let moment else {
            throw Self.gone(
                max(start, beginning),
                """
                What was there at position \(position) is not kept any more: \
                memories.history_age and change_log.retention_age say for how long it is.
                """)
        }
        guard position >= beginning else {
            throw Self.gone(
                beginning,
                """
                What was in \(name) at position \(position) is not known: at \(beginning) a snapshot took its place, \
                or it was deleted. Ask about \(beginning) or later.
                """)
        }
        return moment
    }

    private static func gone(_ oldest: LogPosition, _ message: String) -> Failure {
        Failure(
            .notFound, code: "history_gone", message, details: [.init("oldest_position", .integer(oldest.value))])
    }

    private static let current: SQL = "points p"
    private static let ended: SQL = "point_versions p"

    private static func inForce(at position: LogPosition) -> SQL {
        "p.position <= \(position.value) AND p.until_position > \(position.value) "
    }

    private static var tooMany: Failure {
        Failure.invalid(
            at: "/as_of", "The past is searched where a user has up to \(searchLimit) memories; this one has more.")
    }

    private func past(
        _ place: SQL, of collection: PointCollection, asOf position: LogPosition, in transaction: any ReadTransaction
    ) throws -> [Point] {
        let now = try rows(
            "p.position <= \(position.value) " + place, of: collection, from: Self.current, in: transaction)
        guard now.isEmpty else { return now }
        return try rows(
            Self.inForce(at: position) + place, of: collection, from: Self.ended, in: transaction)
    }

    private func rows(
        _ condition: SQL, of collection: PointCollection, from table: SQL,
        in transaction: any ReadTransaction
    ) throws -> [Point] {
        let select: SQL = "SELECT \(Points.columns), p.vectors FROM " + table
        return try transaction.rows(select + " WHERE " + condition) { row in
            var point = try Point(row)
            point.vectors = try PointVectors(row, Points.columnCount, of: collection.definition.vectors)
            return point
        }
    }
}
