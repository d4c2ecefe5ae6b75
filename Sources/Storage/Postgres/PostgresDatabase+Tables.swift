/// What follows when tables were filled at once.
extension PostgresDatabase {
    /// Sets the sequences that give columns of these tables their values, so that the next value is above all of them.
    public func setSequences(of tables: [TableDescription]) async throws {
        let names = tables.map(\.name)
        // A sequence is settled by rows that nobody else changes meanwhile; it has no transaction of its own.
        try await write(.readCommitted) { transaction in
            let found = try transaction.rows(Self.sequences) { row in
                (table: row.text(0), column: row.text(1), name: row.text(2))
            }
            for sequence in found where names.contains(sequence.table) {
                let column = TableDescription.quoted(sequence.column)
                let source = SQL(trusted: " FROM \(TableDescription.quoted(sequence.table))")
                let highest = SQL(trusted: "MAX(\(column))")
                _ = try transaction.exists(
                    "SELECT setval(\(sequence.name)::regclass, \(highest))\(source) HAVING \(highest) IS NOT NULL")
            }
        }
    }

    /// Lets the planner know what is in these tables.
    public func analyze(_ tables: [TableDescription]) async throws {
        try await write(.readCommitted) { transaction in
            for table in tables {
                try transaction.execute(SQL(trusted: "ANALYZE \(TableDescription.quoted(table.name))"))
            }
        }
    }

    /// Table, column and sequence: of identities and owned sequences, and of defaults that take from a sequence.
    private static let sequences: SQL = """
        SELECT c.relname::text, a.attname::text, s.oid::regclass::text
        FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
            JOIN pg_class c ON c.oid = d.refobjid
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND NOT c.relispartition
            AND c.relnamespace = current_schema()::regnamespace
        UNION
        SELECT c.relname::text, a.attname::text, s.oid::regclass::text
        FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
            JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
            JOIN pg_class c ON c.oid = f.adrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.adnum
        WHERE NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
        """
}
