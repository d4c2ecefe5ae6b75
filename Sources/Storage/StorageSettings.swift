public import Core

/// The settings of the storage engines.
public enum StorageSettings {
    /// How many reads run at once.
    public static let readers = Setting(
        "storage.readers", default: 8, unit: "connections", bounds: 1...256, moves: "database_pool_wait_seconds",
        "How many connections serve reads at the same time.")
    /// How many reads may wait for a connection.
    public static let readQueueLimit = Setting(
        "storage.read_queue_limit", default: 10_000, unit: "reads", bounds: 1...1_000_000,
        moves: "http_requests_total{status=\"503\"}",
        "How many reads may wait for a connection before more are refused.")
    /// How long a read waits for a connection.
    public static let acquireTimeout = Setting(
        "storage.acquire_timeout", default: 5_000, unit: "ms", bounds: 1...600_000,
        moves: "database_pool_wait_seconds", "How long a read waits for a free connection before it is refused.")
    /// How long one statement may run.
    public static let statementTimeout = Setting(
        "storage.statement_timeout", default: 10_000, unit: "ms", bounds: 10...3_600_000,
        moves: "database_query_duration_seconds", "How long one transaction may run before it is stopped.")
    /// How many writes may wait.
    public static let writeQueueLimit = Setting(
        "storage.write_queue_limit", default: 10_000, unit: "writes", bounds: 1...1_000_000,
        moves: "http_requests_total{status=\"503\"}", "How many writes may wait for a commit before more are refused.")
    /// How many writes share one commit at most.
    public static let commitBatchLimit = Setting(
        "storage.commit_batch_limit", default: 512, unit: "writes", bounds: 1...65_536, moves: "commit_batch_size",
        "How many waiting writes share one commit at most.")
    /// How much memory the writer keeps for pages.
    public static let pageCache = Setting(
        "storage.page_cache", default: 64, unit: "MiB", bounds: 1...65_536,
        moves: "process_resident_memory_bytes",
        "How much memory the writer's page cache may take; readers take an eighth each.")

    /// All of them.
    public static let all: [AnySetting] = [
        readers.erased, readQueueLimit.erased, acquireTimeout.erased, statementTimeout.erased,
        writeQueueLimit.erased, commitBatchLimit.erased, pageCache.erased,
    ]
}
