public import Core

/// A column by which a list is sorted, by what it holds.
public enum SortColumn: Sendable {
    case integer(StaticString)
    case text(StaticString)
    case identifier(StaticString)

    fileprivate var name: String {
        switch self {
        case .integer(let name), .text(let name), .identifier(let name): name.description
        }
    }

    /// The value of a cursor for this column; nil when it is of another kind.
    fileprivate func parameter(_ value: CursorValue) -> SQL? {
        switch (self, value) {
        case (.integer, .integer(let number)): "\(number)"
        case (.text, .text(let text)): "\(text)"
        case (.identifier, .identifier(let identifier)): "\(identifier)"
        default: nil
        }
    }
}

extension SQL {
    /// The end of a list's query: after a cursor, in the order of some columns, one entry more than the page holds.
    ///
    /// The text begins with `AND` when there is a cursor, so it follows a `WHERE` clause. Every column ascends, or
    /// every one descends, and the last must be unique, so that no entry is passed over or shown twice (keyset
    /// pagination).
    ///
    /// - throws: ``Failure`` `invalid_cursor` when the cursor is of another list.
    public static func page(_ columns: [SortColumn], descending: Bool, _ request: PageRequest) throws -> SQL {
        var sql: SQL = ""
        let names = columns.map(\.name)
        if let after = request.after {
            let parameters = zip(columns, after).compactMap { $0.parameter($1) }
            guard parameters.count == columns.count, after.count == columns.count else {
                throw Failure(.malformed, code: "invalid_cursor", "The cursor is of another list. Begin without one.")
            }
            sql += SQL(trusted: " AND (\(names.joined(separator: ", "))) \(descending ? "<" : ">") (")
            for (index, parameter) in parameters.enumerated() { sql += index > 0 ? ", " + parameter : parameter }
            sql += ")"
        }
        let direction = descending ? " DESC" : ""
        sql += SQL(trusted: " ORDER BY \(names.map { $0 + direction }.joined(separator: ", "))")
        sql += " LIMIT \(request.limit + 1) OFFSET \(request.offset)"
        return sql
    }

    /// Text that our own code is made of, never a value.
    init(trusted text: String) {
        self.init(text: text, values: [])
    }
}
