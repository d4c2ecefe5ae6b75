import Core
import Search
import Storage

/// The order in which points lie in their table.
struct StorageOrder {
    /// The column of a table `p` that they are ascending by.
    var column: SQL { isNumbered ? "p.rowid" : "p.place" }
    /// SQLite numbers rows as they are inserted, and they lie by those numbers. PostgreSQL has no such number that
    /// stays.
    private let isNumbered: Bool

    init(_ dialect: Dialect) { isNumbered = dialect == .sqlite }

    /// The value of that column in a row.
    func value(_ row: Row, _ column: Int) -> SQLValue {
        isNumbered ? .integer(row.integer(column)) : .bytes(row.bytes(column))
    }
}

/// A point as it is read on the way through the whole table.
struct StoredPoint: Sendable {
    /// The number of its collection.
    let collection: Int64
    let point: Point
    /// The payload of the point, parsed.
    let payload: JSONObject
    /// Where it lies.
    let order: SQLValue
}

extension Points {
    /// Some points of some collections in the order in which they lie in the table.
    ///
    /// - parameters:
    ///   - last: where the last one lies that was read before; nil begins.
    ///   - limit: how many there are at most.
    func page(
        of collections: [PointCollection], in order: StorageOrder, after last: SQLValue?, limit: Int, withVectors: Bool,
        _ transaction: any ReadTransaction
    ) throws -> [StoredPoint] {
        let definitions = Dictionary(uniqueKeysWithValues: collections.map { ($0.number, $0.definition) })
        var query: SQL = "SELECT \(Self.columns), p.collection, " + order.column
        if withVectors { query += ", p.vectors" }
        query += " FROM points p WHERE p.collection IN (\(list: definitions.keys.sorted()))"
        if let last { query += " AND " + order.column + " > \(last)" }
        query += " ORDER BY " + order.column + " LIMIT \(limit)"
        return try transaction.rows(query) { row in
            var point = try Point(row)
            let number = row.integer(Self.columnCount)
            if withVectors {
                point.vectors = try PointVectors(row, Self.columnCount + 2, of: definitions[number]?.vectors ?? [])
            }
            return StoredPoint(
                collection: number, point: point, payload: withVectors ? JSONObject([]) : try point.payloadObject(),
                order: order.value(row, Self.columnCount + 1))
        }
    }
}
