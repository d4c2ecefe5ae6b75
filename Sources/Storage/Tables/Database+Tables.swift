/// What the catalogue of a database says.
extension Database {
    /// Every table of the database by ascending name, without those of the engine itself.
    ///
    /// Partitions count as the table that they are part of.
    public func tables() async throws -> [TableDescription] {
        let dialect = dialect
        return try await read { transaction in
            var columns: [String: [(column: TableDescription.Column, place: Int)]] = [:]
            try transaction.forEachRow(dialect.columnsOfTables) { row in
                let column = TableDescription.Column(row.text(1), dialect.columnType(row.text(2)))
                columns[row.text(0), default: []].append((column, row.int(3)))
                return true
            }
            var parents: [String: Set<String>] = [:]
            try transaction.forEachRow(dialect.parentsOfTables) { row in
                parents[row.text(0), default: []].insert(row.text(1))
                return true
            }
            return columns.keys.sorted().map { name in
                let entries = columns[name] ?? []
                let key = entries.filter { $0.place > 0 }.sorted { $0.place < $1.place }.map(\.column.name)
                return TableDescription(
                    name, columns: entries.map(\.column), key: key, parents: parents[name] ?? [])
            }
        }
    }
}

extension ReadTransaction {
    /// How many rows a table has.
    public func count(_ table: TableDescription) throws -> Int {
        try first(SQL(trusted: "SELECT COUNT(*) FROM \(TableDescription.quoted(table.name))")) { $0.int(0) } ?? 0
    }

    /// What the last row of a table is sorted by; nil when the table is empty.
    public func lastKey(of table: TableDescription) throws -> [SQLValue]? {
        let name = TableDescription.quoted(table.name)
        let types = table.orderPlaces.map { table.columns[$0].type }
        let query = "SELECT \(table.orderList()) FROM \(name) ORDER BY \(table.orderList(" DESC")) LIMIT 1"
        return try first(SQL(trusted: query)) { row in
            try types.enumerated().map { try row.value($0, $1) }
        }
    }
}

extension WriteTransaction {
    /// Deletes every row of a table.
    public func clear(_ table: TableDescription) throws {
        try execute(SQL(trusted: "DELETE FROM \(TableDescription.quoted(table.name))"))
    }
}

extension Row {
    /// The value of a column of a type.
    func value(_ column: Int, _ type: TableDescription.ColumnType) throws -> SQLValue {
        if isNull(column) { return .null }
        return switch type {
        case .integer: .integer(integer(column))
        case .text: .text(text(column))
        case .identifier: .identifier(try identifier(column))
        case .bytes, .other: .bytes(bytes(column))
        }
    }
}

extension Dialect {
    /// For each column of each table: table, column, type, and its place in the primary key from 1, else 0.
    fileprivate var columnsOfTables: SQL {
        switch self {
        case .sqlite:
            """
            SELECT m.name, c.name, c.type, c.pk FROM sqlite_master m JOIN pragma_table_info(m.name) c
            WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_' ORDER BY m.name, c.cid
            """
        case .postgres:
            """
            SELECT c.relname::text, a.attname::text, t.typname::text,
                COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0)::bigint
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
                LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
                AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            ORDER BY c.relname, a.attnum
            """
        }
    }

    /// For each foreign key: its table, and the table that it refers to.
    fileprivate var parentsOfTables: SQL {
        switch self {
        case .sqlite:
            """
            SELECT m.name, f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
            WHERE m.type = 'table'
            """
        case .postgres:
            """
            SELECT c.relname::text, p.relname::text FROM pg_constraint f
                JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
            WHERE f.contype = 'f' AND c.relnamespace = current_schema()::regnamespace
            """
        }
    }

    fileprivate func columnType(_ name: String) -> TableDescription.ColumnType {
        switch name {
        case "BIGINT", "INTEGER", "int8": .integer
        case "TEXT", "text": .text
        case "BLOB", "bytea": .bytes
        case "uuid": .identifier
        default: .other(name)
        }
    }
}
