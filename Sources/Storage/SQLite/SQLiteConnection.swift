import CSQLite
import Core
import Foundation
import Telemetry

/// One connection to a SQLite file, with its prepared statements.
///
/// It is used by one thread at a time: the writer's own, or whoever has it from the pool.
final class SQLiteConnection: @unchecked Sendable {
    /// What a connection may do.
    enum Mode {
        case readWrite
        case readOnly
    }

    /// How many prepared statements a connection keeps.
    static let statementLimit = 512
    /// How long a statement waits for another process, in milliseconds.
    private static let busyTimeout: Int32 = 10_000
    /// How many virtual machine steps pass between two looks at the clock.
    private static let stepsBetweenDeadlineChecks: Int32 = 2_000

    /// Configures the library once, before its first connection. When a program that embeds us has used SQLite already,
    /// its configuration stands, which is slower and nothing else.
    private static let isConfigured = sqlite_disable_memory_statistics() == SQLITE_OK

    private let handle: OpaquePointer
    private let durations: MetricsFamily<Histogram>
    private var statements: [StatementText: SQLiteStatement] = [:]
    /// When statements that still run are stopped.
    var deadline = ContinuousClock.Instant.now
    /// The commit of this process whose data the open snapshot has at least, while a snapshot is kept open.
    private(set) var snapshot: Int?
    /// How many pages the write-ahead log had after the latest commit of this connection.
    private(set) var logPages = 0

    /// Opens a file, creating it in mode `readWrite`.
    ///
    /// - throws: ``Failure`` `storage_failed` when the file cannot be opened or is not durable.
    init(
        path: String, mode: Mode, pageCacheKiB: Int, options: SQLiteOptions = .primary,
        durations: MetricsFamily<Histogram>
    ) throws {
        let flags =
            mode == .readWrite
            ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
            : SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
        _ = Self.isConfigured
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            sqlite3_close_v2(opened)
            throw Failure(
                .unavailable, code: "storage_failed",
                "\(path) cannot be opened: \(String(cString: sqlite3_errstr(code))). Check that it exists and is ours.")
        }
        handle = opened
        self.durations = durations
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, Self.busyTimeout)
        let address = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(
            handle, Self.stepsBetweenDeadlineChecks,
            { address in
                guard let address else { return 0 }
                let connection = Unmanaged<SQLiteConnection>.fromOpaque(address).takeUnretainedValue()
                return connection.deadline < .now ? 1 : 0
            }, address)
        allow(.seconds(60))
        try command("PRAGMA foreign_keys = ON")
        try command("PRAGMA temp_store = MEMORY")
        try command("PRAGMA cache_size = -\(pageCacheKiB)")
        if mode == .readWrite { try makeDurable(isDerived: options.isDerived) }
        try options.prepare?(handle)
    }

    deinit {
        statements = [:]
        sqlite3_close_v2(handle)
    }

    /// Sets the write-ahead log and a full sync at each commit, and looks whether both took.
    private func makeDurable(isDerived: Bool) throws {
        try command("PRAGMA journal_mode = WAL")
        try command(isDerived ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL")
        try command("PRAGMA wal_autocheckpoint = 0")
        var mode = ""
        try run("PRAGMA journal_mode") {
            mode = $0.text(0); return false
        }
        var synchronous: Int64 = 0
        try run("PRAGMA synchronous") {
            synchronous = $0.integer(0); return false
        }
        guard mode == "wal", synchronous == (isDerived ? 1 : 2) else {
            throw Failure(
                .unavailable, code: "storage_failed",
                "The file system does not allow durable commits (journal_mode \(mode), synchronous \(synchronous)). "
                    + "Move the data directory to a local disk.")
        }
    }

    /// Stops statements that still run after a while from now.
    func allow(_ duration: Duration) {
        deadline = .now + duration
    }

    /// Whether a transaction is open. SQLite closes one by itself after some errors, such as a full disk.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Lets queries see one snapshot of the data: the one that is open, if nothing was committed since it began.
    ///
    /// - parameter commit: the latest commit of this process; the snapshot has it.
    func beginSnapshot(at commit: Int) throws {
        if snapshot == commit { return }
        try endSnapshot()
        _ = try execute("BEGIN")
        snapshot = commit
    }

    /// Ends the snapshot that is open, if one is.
    ///
    /// - throws: when it cannot be ended: the connection must not be used again.
    func endSnapshot() throws {
        snapshot = nil
        if isInTransaction { _ = try execute("COMMIT") }
    }

    /// Runs a statement of our own that has no values and no rows of interest.
    func command(_ text: String) throws {
        let code = sqlite3_exec(handle, text, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, text) }
    }

    /// Runs a statement and calls the closure with each row until it returns false.
    func run(_ sql: SQL, _ body: (Row) throws -> Bool) throws {
        let statement = try prepared(sql.text)
        statement.isBusy = true
        let start = ContinuousClock.now
        defer {
            sqlite3_reset(statement.handle)
            statement.isBusy = false
            statement.duration.observe(ContinuousClock.now - start)
        }
        guard statement.valueCount == sql.values.count else {
            throw Failure.internal(
                "The statement has \(statement.valueCount) places for \(sql.values.count) values: \(sql.text)")
        }
        statement.bind(sql.values)
        while true {
            let code = sqlite3_step(statement.handle)
            switch code {
            case SQLITE_ROW: if try !body(Row(statement)) { return }
            case SQLITE_DONE: return
            default: throw failure(code, sql.text)
            }
        }
    }

    /// Runs a statement and returns how many rows it changed.
    func execute(_ sql: SQL) throws -> Int {
        try run(sql) { _ in true }
        return Int(sqlite3_changes64(handle))
    }

    /// The row number of the latest row that was inserted, which is the key that SQLite assigned to it. `RETURNING` it
    /// would cost a temporary table and a copy of each page that the statement changes.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Notes after each commit how many pages the write-ahead log has, as ``logPages``.
    func watchLog() {
        let address = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_wal_hook(
            handle,
            { address, _, _, pages in
                guard let address else { return SQLITE_OK }
                Unmanaged<SQLiteConnection>.fromOpaque(address).takeUnretainedValue().logPages = Int(pages)
                return SQLITE_OK
            }, address)
    }

    /// Copies as much of the write-ahead log into the main file as readers allow, and brings it to the disk.
    ///
    /// Returns how many pages of the log are copied in all.
    func copyLog() throws -> Int {
        allow(.seconds(3600))
        var copied: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, &copied)
        guard code == SQLITE_OK || code == SQLITE_BUSY else { throw failure(code, "checkpoint") }
        // SQLite itself syncs the file only once all of the log is copied: then all at once, while commits wait.
        let synced = sqlite_sync_main_file(handle)
        guard synced == SQLITE_OK else { throw failure(synced, "checkpoint") }
        return max(0, Int(copied))
    }

    /// Copies the write-ahead log into the main file and empties it. Another process that reads or writes is waited for
    /// a second: meanwhile it cannot commit.
    func checkpoint() throws {
        sqlite3_busy_timeout(handle, 1_000)
        defer { sqlite3_busy_timeout(handle, Self.busyTimeout) }
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        guard code == SQLITE_OK || code == SQLITE_BUSY else { throw failure(code, "checkpoint") }
    }

    private func prepared(_ text: String) throws -> SQLiteStatement {
        let key = StatementText(text: text)
        let known = statements[key]
        if let known, !known.isBusy { return known }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(
            handle, Dialect.sqlite.lookingUpEachKey(text), -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw failure(code, text) }
        let statement = SQLiteStatement(handle: prepared, duration: durations.with(StatementLabel.of(text)))
        if statements.count >= Self.statementLimit { statements = statements.filter { $0.value.isBusy } }
        if known == nil { statements[key] = statement }
        return statement
    }

    private func failure(_ code: Int32, _ text: String) -> any Error {
        let message = String(cString: sqlite3_errmsg(handle))
        switch code {
        case sqlite_constraint_unique, sqlite_constraint_primary_key:
            return ConstraintViolation(kind: .unique, detail: message)
        case sqlite_constraint_check: return ConstraintViolation(kind: .check, detail: message)
        case sqlite_constraint_foreign_key: return ConstraintViolation(kind: .foreignKey, detail: message)
        case sqlite_constraint_not_null: return ConstraintViolation(kind: .notNull, detail: message)
        default: break
        }
        switch code & 0xFF {
        case SQLITE_FULL: return Failure.storageFull
        case SQLITE_IOERR where sqlite3_system_errno(handle) == ENOSPC: return Failure.storageFull
        case SQLITE_INTERRUPT: return Failure.statementTimeout
        case SQLITE_CORRUPT, SQLITE_NOTADB: return Failure.storageCorrupt(message)
        case SQLITE_BUSY, SQLITE_LOCKED: return Failure.storageBusy("Another process holds the database file.")
        default:
            return Failure(.internal, code: "storage_failed", "SQLite says \"\(message)\" (\(code)) to: \(text)")
        }
    }
}
