import Core
import Storage

/// The extension `vector` of a PostgreSQL database.
enum PgvectorExtension {
    /// The first version whose index goes on until enough rows fit (`hnsw.iterative_scan`).
    static let required = (major: 0, minor: 8)

    /// The version that the database has, or nil when it does not have the extension.
    static func version(in transaction: any ReadTransaction) throws -> String? {
        try transaction.first("SELECT extversion FROM pg_extension WHERE extname = 'vector'") { $0.text(0) }
    }

    /// Makes the extension, which the owner of the database may do.
    static func install(in transaction: any WriteTransaction) throws {
        do {
            try transaction.execute("CREATE EXTENSION IF NOT EXISTS vector")
        } catch let failure as Failure where failure.code == "storage_failed" || failure.code == "storage_forbidden" {
            throw Failure(
                .invalid, code: "pgvector_missing",
                "memories.engine is pgvector, and the database has no extension vector and this role cannot make it. "
                    + "Install pgvector 0.8 or later on the server and run CREATE EXTENSION vector in the database, "
                    + "name another one in memories.pgvector_url, or set memories.engine to embedded.", cause: failure)
        }
    }

    /// Refuses a version that is too old for what we use.
    static func check(_ version: String?) throws {
        let numbers = (version ?? "").split(separator: ".").map { Int($0) ?? 0 }
        let (major, minor) = (numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0)
        guard (major, minor) >= (required.major, required.minor) else {
            throw Failure(
                .invalid, code: "pgvector_too_old",
                "The database has pgvector \(version ?? "of no version"), and 0.8 or later is needed: install it on "
                    + "the server and run ALTER EXTENSION vector UPDATE.")
        }
    }

    /// Has the statements of a transaction know the types of the extension, wherever they are.
    ///
    /// - parameter query: by what the index is searched.
    static func use(in transaction: any WriteTransaction, _ query: NearestQuery? = nil) throws {
        // A name without a schema means a table of ours first, as everywhere.
        try transaction.enqueue(
            """
            SELECT set_config(
                'search_path', concat_ws(', ', quote_ident(current_schema()), quote_ident(n.nspname)), true)
            FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'
            """)
        guard let query, !query.isExact else { return }
        let breadth = min(max(query.breadth ?? 0, query.limit, breadths.lowerBound), breadths.upperBound)
        try transaction.enqueue(
            """
            SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),
                set_config('hnsw.max_scan_tuples', '2147483647', true),
                set_config('plan_cache_mode', 'force_custom_plan', true),
                set_config('hnsw.ef_search', \(SQLValue.text("\(breadth)")), true)
            """)
    }

    /// How many candidates a search keeps: as many as the index of this server takes, and as many as pgvector allows.
    private static let breadths = 64...1_000
}
