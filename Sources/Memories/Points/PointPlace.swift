import Search
import Storage

/// Where a point stands in the tables: the number of its collection, the most significant byte first, then the bytes of
/// its key. So the points of a collection stand together, in the order of their keys.
///
/// It is one column, since a database that has no statistics of a table yet does not look for each of a list of keys
/// when other columns come before them: it reads the whole collection.
struct PointPlace {
    /// Beyond every tag with which the bytes of a key begin.
    private static let beyondKeys: UInt8 = 0xff
    private static let numberSize = 8

    let bytes: [UInt8]

    init(_ key: PointKey, in collection: Int64) { bytes = Self.start(of: collection) + key.bytes }

    var sqlValue: SQLValue { .bytes(bytes) }

    /// The key in a row, or nil when there is none.
    static func key(_ row: Row, _ column: Int) -> PointKey? {
        row.withBytes(column) { bytes in
            guard bytes.count > numberSize else { return nil }
            return PointKey(bytes: bytes.dropFirst(numberSize))
        }
    }

    /// That a point of a table `p` is one of some.
    static func isAny(of keys: some Collection<PointKey>, in collection: Int64) -> SQL {
        "p.place IN (\(list: keys.map { PointPlace($0, in: collection).sqlValue }))"
    }

    /// The same for a query, which looks them up one by one.
    static func isEach(of keys: some Collection<PointKey>, in collection: Int64) -> SQL {
        "p.place = \(each: keys.map { PointPlace($0, in: collection).sqlValue })"
    }

    /// That a point of a table `p` is in a collection.
    ///
    /// - parameter start: the first key that it may have; nil is the very first.
    static func isIn(_ collection: Int64, from start: PointKey? = nil) -> SQL {
        let first = start.map { PointPlace($0, in: collection).bytes } ?? Self.start(of: collection)
        let end = Self.start(of: collection) + [beyondKeys]
        return "p.place >= \(SQLValue.bytes(first)) AND p.place < \(SQLValue.bytes(end))"
    }

    private static func start(of collection: Int64) -> [UInt8] {
        withUnsafeBytes(of: collection.bigEndian, Array.init)
    }
}
