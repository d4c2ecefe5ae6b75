import Core
import Glibc

/// Some rows of a table in the order of its key, in PostgreSQL's binary form (its documentation of `COPY`, "Binary
/// Format"): for each row the number of columns, and for each column its length and its bytes, all numbers with the
/// most significant byte first, and -1 as the length of NULL.
public struct TablePage: Sendable {
    /// The rows, one after the other.
    public fileprivate(set) var bytes: [UInt8] = []
    /// How many rows there are.
    public fileprivate(set) var rowCount = 0
    /// The key after which the next page begins; nil when no row follows.
    public fileprivate(set) var end: [SQLValue]?

    /// What stands before the first row of a table: a signature, no flags, no extension.
    static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0] + [UInt8](repeating: 0, count: 8)
    /// What stands after the last row.
    static let trailer: [UInt8] = [0xFF, 0xFF]
}

extension ReadTransaction {
    /// The rows of a table of an embedded database that follow a key.
    ///
    /// SQLite would read any value as a number, so it is asked whether those in columns of numbers are.
    ///
    /// - parameters:
    ///   - rowLimit: how many rows it has at most.
    ///   - byteLimit: after how many bytes no further row is taken.
    /// - throws: ``Failure`` `value_not_storable` for a value that PostgreSQL cannot hold in a column of that type.
    public func page(
        of table: TableDescription, after key: [SQLValue]?, rowLimit: Int, byteLimit: Int
    ) throws -> TablePage {
        let name = TableDescription.quoted(table.name)
        var sql = SQL(trusted: "SELECT \(table.columnList), \(table.columnWithoutNumber) FROM \(name)")
        if let key { sql += SQL(trusted: " WHERE (\(table.orderList())) > (") + "\(list: key)" + ")" }
        sql += SQL(trusted: " ORDER BY \(table.orderList())") + " LIMIT \(rowLimit)"
        var page = TablePage()
        page.bytes.reserveCapacity(min(byteLimit + byteLimit / 8, rowLimit * 256))
        let places = table.orderPlaces
        try forEachRow(sql) { row in
            try page.append(row, of: table)
            let isLast = page.bytes.count >= byteLimit || page.rowCount == rowLimit
            if isLast { page.end = try row.key(of: table, places) }
            return !isLast
        }
        return page
    }
}

extension TablePage {
    fileprivate mutating func append(_ row: Row, of table: TableDescription) throws {
        if let column = row.optionalText(table.columns.count) {
            throw Failure.notStorable(try row.keyText(of: table), column, table.name, "is no whole number")
        }
        append(UInt16(table.columns.count))
        for (place, column) in table.columns.enumerated() {
            if row.isNull(place) {
                append(UInt32.max)
                continue
            }
            if column.type == .integer {
                append(UInt32(8))
                append(UInt64(bitPattern: row.integer(place)))
                continue
            }
            let problem = row.withBytes(place) { content -> String? in
                append(UInt32(content.count))
                bytes.append(contentsOf: content)
                return Self.problem(content, column.type)
            }
            if let problem {
                throw Failure.notStorable(try row.keyText(of: table), column.name, table.name, problem)
            }
        }
        rowCount += 1
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Why PostgreSQL cannot hold a value in a column, or nil when it can.
    private static func problem(_ content: UnsafeRawBufferPointer, _ type: TableDescription.ColumnType) -> String? {
        switch type {
        case .identifier: return content.count == 16 ? nil : "is no identifier"
        case .text:
            guard let start = content.baseAddress else { return nil }
            if memchr(start, 0, content.count) != nil { return "has the character NUL" }
            return String(validating: content, as: UTF8.self) == nil ? "is no UTF-8" : nil
        default: return nil
        }
    }
}

extension TableDescription {
    /// The name of the first column of numbers that has something else in a row, as SQLite finds it out; else NULL.
    fileprivate var columnWithoutNumber: String {
        let cases = columns.filter { $0.type == .integer }.map { column in
            let literal = column.name.replacing("'", with: "''")
            return "WHEN typeof(\(Self.quoted(column.name))) NOT IN ('integer', 'null') THEN '\(literal)'"
        }
        return cases.isEmpty ? "NULL" : "CASE \(cases.joined(separator: " ")) END"
    }
}

extension Row {
    fileprivate func key(of table: TableDescription, _ places: [Int]) throws -> [SQLValue] {
        try places.map { try value($0, table.columns[$0].type) }
    }

    /// The key of the row for people.
    fileprivate func keyText(of table: TableDescription) throws -> String {
        try table.orderPlaces.map { place in
            // What is no identifier is shown as the bytes that it is.
            let type = table.columns[place].type
            let isWhole = type != .identifier || withBytes(place, \.count) == 16
            return "\(table.columns[place].name) \(try value(place, isWhole ? type : .bytes).text)"
        }.joined(separator: ", ")
    }
}

extension SQLValue {
    /// The value for people.
    fileprivate var text: String {
        switch self {
        case .null: "NULL"
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text), .inferred(let text): text.debugDescription
        case .utf8(let bytes): String(decoding: bytes, as: UTF8.self).debugDescription
        case .bytes(let bytes): "\(bytes)"
        case .identifier(let identifier): identifier.description
        }
    }
}

extension Failure {
    fileprivate static func notStorable(
        _ key: String, _ column: String, _ table: String, _ problem: String
    ) -> Failure {
        Failure(
            .invalid, code: "value_not_storable",
            "PostgreSQL cannot store \(column) of the row of \(table) with \(key): it \(problem). Change that value, "
                + "and begin again.",
            details: [.init("table", .string(table)), .init("key", .string(key)), .init("column", .string(column))])
    }
}
