public import Core
public import Search
public import Storage

extension Points {
    /// The points of some ids that are there, in no order.
    ///
    /// - parameters:
    ///   - keys: at most some hundreds.
    ///   - lock: what follows the query, to keep others from changing them.
    ///   - budget: what they may take, where they are for an answer.
    public func find(
        _ keys: [PointKey], of collection: PointCollection, withVectors: Bool = false, lock: SQL = "",
        in transaction: any ReadTransaction, budget: SearchBudget? = nil
    ) throws -> [Point] {
        guard !keys.isEmpty else { return [] }
        let condition = PointPlace.isEach(of: keys, in: collection.number)
        return try rows(of: collection, condition + lock, withVectors: withVectors, in: transaction, budget)
    }

    /// A point by its id, or nil when there is none or it has ended.
    public func find(
        _ key: PointKey, of collection: PointCollection, withVectors: Bool = false, at now: Timestamp,
        in transaction: any ReadTransaction
    ) throws -> Point? {
        let found = try find([key], of: collection, withVectors: withVectors, in: transaction)
        return found.first { $0.isThere(at: now) }
    }

    /// The points of any number of ids that are there and have not ended, by their ids.
    public func find(
        all keys: [PointKey], of collection: PointCollection, withVectors: Bool = false, at now: Timestamp,
        in transaction: any ReadTransaction, budget: SearchBudget? = nil
    ) throws -> [PointKey: Point] {
        try StoredPointRows(points: self, collection: collection, transaction: transaction)
            .find(all: keys, withVectors: withVectors, at: now, budget: budget)
    }

    /// Points by ascending id.
    ///
    /// - parameters:
    ///   - start: the first id that may be among them; nil is the very first.
    ///   - limit: how many there are at most.
    public func page(
        from start: PointKey?, limit: Int, of collection: PointCollection, withVectors: Bool = false,
        in transaction: any ReadTransaction, budget: SearchBudget? = nil
    ) throws -> [Point] {
        let condition = PointPlace.isIn(collection.number, from: start) + " ORDER BY p.place LIMIT \(limit)"
        return try rows(of: collection, condition, withVectors: withVectors, in: transaction, budget)
    }

    /// There is no such point.
    public static func notFound(_ key: PointKey) -> Failure {
        Failure(.notFound, code: "point_not_found", "There is no point \(key) in the collection.")
    }

    private func rows(
        of collection: PointCollection, _ condition: SQL, withVectors: Bool, in transaction: any ReadTransaction,
        _ budget: SearchBudget?
    ) throws -> [Point] {
        let place: SQL = "WHERE p.tenant = \(collection.tenant) AND "
        let columns: SQL = withVectors ? "\(Self.columns), p.vectors" : Self.columns
        return try transaction.rows("SELECT " + columns + " FROM points p " + place + condition) { row in
            var point = try Point(row)
            try budget?.take(point.payload.count)
            guard withVectors else { return point }
            point.vectors = try PointVectors(row, Self.columnCount, of: collection.definition.vectors)
            try budget?.take(row.withBytes(Self.columnCount) { $0.count })
            return point
        }
    }

    /// What ``Point/init(_:)`` reads, of a table that is called `p`.
    static let columns: SQL = "p.place, p.version, p.payload, p.created_at, p.updated_at, p.expires_at, p.position"
    /// How many columns those are.
    static let columnCount = 7
}

extension PointVectors {
    /// Reads a column.
    init(_ row: Row, _ column: Int, of definitions: [VectorDefinition]) throws {
        self = try row.withBytes(column) { bytes in Result { try PointVectors(bytes, of: definitions) } }.get()
    }
}

extension Point {
    /// Reads a row of ``Points/columns``.
    init(_ row: Row) throws {
        guard let key = PointPlace.key(row, 0) else {
            throw Failure(.internal, code: "corrupt_row", "A point has an id that is none.")
        }
        self.init(
            key: key, version: row.integer(1), payload: row.bytes(2), createdAt: row.timestamp(3),
            updatedAt: row.timestamp(4), expiresAt: row.optionalTimestamp(5), position: LogPosition(row.integer(6)))
    }

    /// Whether it has not ended yet.
    public func isThere(at now: Timestamp) -> Bool { expiresAt.map { $0 > now } ?? true }
}
