public import Core
public import Telemetry

/// The embedded engine: one file, one writer that groups commits, and a pool of readers.
public final class SQLiteDatabase: Database {
    private let writer: SQLiteWriter
    private let readers: SQLiteReaders
    private let connection: SQLiteConnection
    private let checkpointer: SQLiteCheckpointer
    private let commits = CommitCount()
    private let timeout: Duration

    public let dialect = Dialect.sqlite

    /// Opens a file, creating it when there is none.
    ///
    /// - throws: ``Failure`` `storage_failed` when the file cannot be opened or commits would not be durable.
    public init(
        path: String, settings: SettingsValues = .defaults, options: SQLiteOptions = .primary,
        metrics registry: MetricsRegistry
    ) throws {
        let metrics = StorageMetrics(registry)
        let pageCacheKiB = (options.pageCache ?? settings[StorageSettings.pageCache]) * 1024
        timeout = .milliseconds(settings[StorageSettings.statementTimeout])
        connection = try SQLiteConnection(
            path: path, mode: .readWrite, pageCacheKiB: pageCacheKiB, options: options,
            durations: metrics.statements)
        let readers = SQLiteReaders(
            limit: settings[StorageSettings.readers], waiterLimit: settings[StorageSettings.readQueueLimit],
            acquireTimeout: .milliseconds(settings[StorageSettings.acquireTimeout]), metrics: metrics
        ) {
            try SQLiteConnection(
                path: path, mode: .readOnly, pageCacheKiB: pageCacheKiB / 8, options: options,
                durations: metrics.statements)
        }
        self.readers = readers
        checkpointer = SQLiteCheckpointer(
            connection: try SQLiteConnection(
                path: path, mode: .readWrite, pageCacheKiB: 1_024, durations: metrics.statements),
            readers: readers)
        writer = SQLiteWriter(
            connection: connection, checkpointer: checkpointer, commits: commits,
            queueLimit: settings[StorageSettings.writeQueueLimit],
            batchLimit: settings[StorageSettings.commitBatchLimit], timeout: timeout, metrics: metrics)
        registry.onCollect { [weak readers] in readers?.measure() }
    }

    deinit {
        // The threads hold the writer and the checkpointer, and end by themselves when told.
        writer.stop()
        checkpointer.stop()
    }

    public func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
        let connection = try await readers.acquire()
        defer { readers.release(connection) }
        return try read(on: connection, within: timeout, body)
    }

    public func readAtOnce<T: Sendable>(
        within time: Duration, _ body: (any ReadTransaction) throws -> T
    ) throws -> T? {
        guard let connection = try readers.acquireAtOnce() else { return nil }
        defer { readers.release(connection) }
        do {
            return try read(on: connection, within: min(time, timeout), body)
        } catch let failure as Failure where failure.code == Failure.statementTimeout.code {
            return nil
        }
    }

    /// Runs queries on a snapshot that has every commit until now. The connection keeps it for the next read, which
    /// uses it too when nothing was committed in between.
    private func read<T>(
        on connection: SQLiteConnection, within time: Duration, _ body: (any ReadTransaction) throws -> T
    ) throws -> T {
        connection.allow(time)
        try connection.beginSnapshot(at: commits.value)
        do {
            return try body(SQLiteReadTransaction(connection))
        } catch {
            connection.allow(.seconds(60))
            // A connection that cannot end its snapshot is not used again.
            try? connection.endSnapshot()
            throw error
        }
    }

    public func write<T: Sendable>(
        _: Isolation, _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        try await writer.write(body)
    }

    public func close() async {
        await writer.close()
        readers.close()
        await checkpointer.close()
        // A checkpoint that cannot be made now is made at the next start: the write-ahead log is durable by itself.
        try? connection.checkpoint()
    }
}

/// Queries on the snapshot of one reader.
private final class SQLiteReadTransaction: ReadTransaction {
    private let connection: SQLiteConnection

    init(_ connection: SQLiteConnection) {
        self.connection = connection
    }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Bool) throws {
        try connection.run(sql, body)
    }
}
