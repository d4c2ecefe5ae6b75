import Core
import Storage

/// A table as the catalogue of its database knows it, with how it is to be captured or is captured.
struct CaptureTarget: Sendable {
    /// Its number in the catalogue (`pg_class.oid`).
    let number: Int64
    let table: CapturedTable

    /// Finds the table of a request, and the columns that tell its rows apart.
    ///
    /// - parameter schema: where the log is.
    /// - throws: ``Failure`` `table_not_found`, `table_not_capturable`, `capture_without_key`, `invalid_entity_type`.
    static func find(
        _ request: CaptureRequest, logIn schema: SchemaName, in transaction: any ReadTransaction
    ) throws -> CaptureTarget {
        let found = try entry(of: request.table, in: transaction)
        guard found.kind == "r" || found.kind == "p" else { throw Failure.notCapturable(found.title, "is no table") }
        if let parent = found.parent {
            throw Failure.notCapturable(found.title, "is a partition of \(parent): capture that one")
        }
        guard found.schema != schema.text else {
            throw Failure.notCapturable(
                found.title, "is in the schema of the log itself: give the log one of its own by --schema")
        }
        if let other = try schemaOfOtherCapture(found.number, logIn: schema, in: transaction) {
            throw Failure.notCapturable(
                found.title, "is captured by the log in the schema \(other): remove it there first")
        }
        let type = request.entityType ?? CapturedTable.entityType(of: found.name)
        guard CapturedTable.isEntityType(type) else { throw Failure.invalidEntityType(type) }
        let table = CapturedTable(
            schema: found.schema, name: found.name, entityType: type, tenant: request.tenant,
            key: try key(request.key, of: found, in: transaction), notifies: request.notifies, isEnabled: true)
        return CaptureTarget(number: found.number, table: table)
    }

    /// The number of a table.
    ///
    /// - throws: ``Failure`` `table_not_found`.
    static func number(of reference: TableReference, in transaction: any ReadTransaction) throws -> Int64 {
        try entry(of: reference, in: transaction).number
    }

    /// The tables that are captured into the log of a schema, by schema and name.
    static func captured(logIn schema: SchemaName, in transaction: any ReadTransaction) throws -> [CaptureTarget] {
        let (trigger, function) = (CaptureFunctions.trigger, CaptureFunctions.function)
        return try transaction.rows(
            """
            SELECT c.oid::bigint, n.nspname::text, c.relname::text, t.tgargs, (t.tgenabled <> 'D')::int::bigint
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace s ON s.oid = p.pronamespace
            WHERE t.tgname = \(trigger) AND t.tgparentid = 0 AND p.proname = \(function) AND s.nspname = \(schema.text)
            ORDER BY n.nspname, c.relname
            """
        ) { row in
            let table = CapturedTable(
                schema: row.text(1), name: row.text(2), arguments: row.bytes(3), isEnabled: row.bool(4))
            return table.map { CaptureTarget(number: row.integer(0), table: $0) }
        }.compactMap { $0 }
    }

    // MARK: The catalogue

    private struct Entry {
        let number: Int64
        let schema: String
        let name: String
        let kind: String
        let parent: String?

        var title: String { "\(schema).\(name)" }
    }

    /// A name as it is written goes before the same in lower case.
    private static func entry(of reference: TableReference, in transaction: any ReadTransaction) throws -> Entry {
        let name = reference.name
        var query: SQL = """
            SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text,
                (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relname IN (\(name), \(name.lowercased())) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            """
        if let schema = reference.schema {
            query += " AND n.nspname IN (\(schema), \(schema.lowercased())) ORDER BY n.nspname <> \(schema), "
        } else {
            query += " AND pg_table_is_visible(c.oid) ORDER BY "
        }
        query += "c.relname <> \(name) LIMIT 1"
        let found = try transaction.first(query) { row in
            Entry(
                number: row.integer(0), schema: row.text(1), name: row.text(2), kind: row.text(3),
                parent: row.optionalText(4))
        }
        guard let found else { throw Failure.tableNotFound(reference) }
        return found
    }

    /// The schema of another log that captures a table already.
    private static func schemaOfOtherCapture(
        _ number: Int64, logIn schema: SchemaName, in transaction: any ReadTransaction
    ) throws -> String? {
        try transaction.first(
            """
            SELECT s.nspname::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                JOIN pg_namespace s ON s.oid = p.pronamespace
            WHERE t.tgrelid = CAST(\(number) AS oid) AND t.tgname = \(CaptureFunctions.trigger)
                AND s.nspname <> \(schema.text)
            """
        ) { $0.text(0) }
    }

    /// The columns that tell the rows of a table apart: those that were named, else those of its primary key.
    private static func key(
        _ wanted: [String], of entry: Entry, in transaction: any ReadTransaction
    ) throws -> [String] {
        if wanted.isEmpty {
            let key = try transaction.rows(
                """
                SELECT a.attname::text FROM pg_index i
                    CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
                WHERE i.indrelid = CAST(\(entry.number) AS oid) AND i.indisprimary AND k.place <= i.indnkeyatts
                ORDER BY k.place
                """
            ) { $0.text(0) }
            guard !key.isEmpty else { throw Failure.captureWithoutKey(entry.title, missing: nil) }
            return key
        }
        let columns = try transaction.rows(
            """
            SELECT attname::text FROM pg_attribute
            WHERE attrelid = CAST(\(entry.number) AS oid) AND attnum > 0 AND NOT attisdropped
            """
        ) { $0.text(0) }
        return try wanted.map { name in
            if columns.contains(name) { return name }
            guard columns.contains(name.lowercased()) else {
                throw Failure.captureWithoutKey(entry.title, missing: name)
            }
            return name.lowercased()
        }
    }
}
