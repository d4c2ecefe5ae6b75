public import Core

/// The settings of the storage engines.
public enum StorageSettings {
    /// How many reads run at once.
    public static let readers = Setting(
        "storage.readers", default: 8, unit: "connections", bounds: 1...256, moves: "database_pool_wait_seconds",
        "How many connections of the embedded engine serve reads at the same time.")
    /// How many reads may wait for a connection.
    public static let readQueueLimit = Setting(
        "storage.read_queue_limit", default: 10_000, unit: "reads", bounds: 1...1_000_000,
        moves: "http_requests_total{status=\"503\"}",
        "How many reads may wait for a connection before more are refused; on PostgreSQL writes wait in the same queue."
    )
    /// How long a read waits for a connection.
    public static let acquireTimeout = Setting(
        "storage.acquire_timeout", default: 5_000, unit: "ms", bounds: 1...600_000,
        moves: "database_pool_wait_seconds",
        "How long a read, or on PostgreSQL a write, waits for a free connection before it is refused.")
    /// How long one statement may run.
    public static let statementTimeout = Setting(
        "storage.statement_timeout", default: 10_000, unit: "ms", bounds: 10...3_600_000,
        moves: "database_query_duration_seconds", "How long one transaction may run before it is stopped.")
    /// How many writes may wait.
    public static let writeQueueLimit = Setting(
        "storage.write_queue_limit", default: 10_000, unit: "writes", bounds: 1...1_000_000,
        moves: "http_requests_total{status=\"503\"}",
        "How many writes may wait for a commit that they share before more are refused.")
    /// How many writes share one commit at most.
    public static let commitBatchLimit = Setting(
        "storage.commit_batch_limit", default: 512, unit: "writes", bounds: 1...65_536, moves: "commit_batch_size",
        "How many waiting writes of the embedded engine share one commit at most.")
    /// How much memory the writer keeps for pages.
    public static let pageCache = Setting(
        "storage.page_cache", default: 64, unit: "MiB", bounds: 1...65_536,
        moves: "process_resident_memory_bytes",
        "How much memory the page cache of the embedded engine's writer may take; readers take an eighth each.")

    /// Where the data is.
    public static let url = Setting(
        "storage.url", default: "", moves: "database_connections",
        "The PostgreSQL server, as postgres://user:password@host:port/database; empty keeps the data in the data "
            + "directory.")
    /// Where the tables are within the database.
    public static let schema = Setting(
        "storage.schema", default: SchemaName.ofServer, moves: "database_connections",
        "The schema of the PostgreSQL database that the tables are in, made when it is missing: so Millrace and others "
            + "share a database. Empty takes the one that the server uses by itself, mostly public.")
    /// What stands between us and the server.
    public static let poolMode = Setting(
        "storage.pool_mode", default: PoolMode.session, moves: "database_query_duration_seconds",
        "session, or transaction when PgBouncer in transaction mode stands before the server: then nothing is prepared."
    )
    /// How many connections are kept.
    public static let poolMinimum = Setting(
        "storage.pool_min", default: 2, unit: "connections", bounds: 0...1_000, moves: "database_connections",
        "How many connections to PostgreSQL are kept open for transactions.")
    /// How many connections there are at most.
    public static let poolMaximum = Setting(
        "storage.pool_max", default: 16, unit: "connections", bounds: 1...1_000, moves: "database_pool_wait_seconds",
        "How many connections to PostgreSQL run transactions at the same time.")
    /// How many connections commit the writes of many.
    public static let groupCommits = Setting(
        "storage.group_commits", default: 2, unit: "connections", bounds: 1...64, moves: "commit_batch_size",
        "How many of the connections to PostgreSQL commit orders and reservations that wait together.")
    /// How many connections answer single questions.
    public static let pipelines = Setting(
        "storage.pipelines", default: 2, unit: "connections", bounds: 0...64, moves: "database_query_duration_seconds",
        "How many connections to PostgreSQL answer the reads of many together; 0 gives each read a connection.")
    /// How long a connection may be idle.
    public static let idleTimeout = Setting(
        "storage.idle_timeout", default: 300, unit: "s", bounds: 1...86_400, moves: "database_connections",
        "How long a connection beyond storage.pool_min is kept while nobody needs it.")
    /// How long a connection is used.
    public static let connectionLifetime = Setting(
        "storage.max_lifetime", default: 1_800, unit: "s", bounds: 1...604_800,
        moves: "database_connections_opened_total",
        "How long a connection is used before a new one takes its place.")
    /// How long a connection may take to be made.
    public static let connectTimeout = Setting(
        "storage.connect_timeout", default: 3_000, unit: "ms", bounds: 10...600_000,
        moves: "database_connections_opened_total",
        "How long connecting to PostgreSQL may take.")
    /// How much memory a sort may take.
    public static let workMemory = Setting(
        "storage.work_mem", default: 16, unit: "MiB", bounds: 1...16_384, moves: "database_query_duration_seconds",
        "How much memory PostgreSQL may take for each sort or hash before it goes to the disk.")
    /// How we are called.
    public static let applicationName = Setting(
        "storage.application_name", default: "millrace", moves: "database_connections",
        "How this server is called in pg_stat_activity.")

    /// The servers that follow the one of ``url``.
    public static let replicas = Setting(
        "storage.replicas", default: "", moves: "database_reads_total",
        "The read replicas of storage.url: a list of addresses of the same form, or one text with commas between.")
    /// Where reads go.
    public static let readPreference = Setting(
        "storage.read_preference", default: ReadPreference.primary, moves: "database_reads_total",
        "Where reads go: primary (replicas stand in while it is away), nearest (the server that answers fastest), or "
            + "round_robin (the replicas in turn).")
    /// How far a replica may be behind.
    public static let replicaLagLimit = Setting(
        "storage.replica_lag_limit", default: 1_000, unit: "ms", bounds: 10...3_600_000, moves: "replica_state",
        "For how long a change may be settled that a replica lacks before reads without a position pass it over.")

    /// The addresses in a text of ``replicas``.
    public static func addresses(in text: String) -> [String] {
        text.split { $0.isWhitespace || $0 == "," }.map(String.init)
    }

    /// All of them.
    public static let all: [AnySetting] = [
        readers.erased, readQueueLimit.erased, acquireTimeout.erased, statementTimeout.erased,
        writeQueueLimit.erased, commitBatchLimit.erased, pageCache.erased, url.erased, schema.erased, poolMode.erased,
        poolMinimum.erased, poolMaximum.erased, groupCommits.erased, pipelines.erased, idleTimeout.erased,
        connectionLifetime.erased,
        connectTimeout.erased, workMemory.erased, applicationName.erased, replicas.erased,
        readPreference.erased, replicaLagLimit.erased,
    ]
}
