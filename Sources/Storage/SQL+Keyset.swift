public import Core

extension SQL {
    /// The end of a list's query: after a cursor, in the order of some columns, one entry more than the page holds.
    ///
    /// The text begins with `AND` when there is a cursor, so it follows a `WHERE` clause. Every column ascends, or
    /// every one descends, and the last must be unique, so that no entry is passed over or shown twice (keyset
    /// pagination).
    ///
    /// - throws: ``Failure`` `invalid_cursor` when the cursor is of another list.
    public static func page(_ columns: [StaticString], descending: Bool, _ request: PageRequest) throws -> SQL {
        var sql: SQL = ""
        let names = columns.map(\.description)
        if let after = request.after {
            guard after.count == columns.count else {
                throw Failure(.malformed, code: "invalid_cursor", "The cursor is of another list. Begin without one.")
            }
            sql += SQL(trusted: " AND (\(names.joined(separator: ", "))) \(descending ? "<" : ">") (")
            for (index, value) in after.enumerated() {
                if index > 0 { sql += ", " }
                switch value {
                case .integer(let number): sql += "\(number)"
                case .text(let text): sql += "\(text)"
                case .identifier(let identifier): sql += "\(identifier)"
                }
            }
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
