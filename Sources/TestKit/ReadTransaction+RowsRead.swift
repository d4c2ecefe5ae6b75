public import Storage

extension ReadTransaction {
    /// How many rows of a table a closure reads on PostgreSQL, whether or not it finds them fit.
    public func rowsRead(of table: String, by body: () throws -> Void) throws -> Int {
        let before = try rowsRead(of: table)
        try body()
        return try rowsRead(of: table) - before
    }

    private func rowsRead(of table: String) throws -> Int {
        let query: SQL = """
            SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
            WHERE relid = to_regclass(\(table))
            """
        return try first(query) { $0.int(0) } ?? 0
    }
}
