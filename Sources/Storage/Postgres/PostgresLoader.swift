import CPostgres
import Core
import Dispatch
import Glibc

/// A connection that moves whole tables by `COPY`: rows go in without a statement for each, and come out as a stream.
///
/// It waits on a thread of its own. Each call is a transaction: its rows are there durably, or none of them is.
public final class PostgresLoader: @unchecked Sendable {
    // Touched on the queue only.
    private let handle: OpaquePointer
    private let schema: SchemaName
    private let queue = DispatchQueue(label: "millrace-loader")

    /// Opens a connection, once no other loader has the database.
    ///
    /// - throws: ``Failure`` `storage_unreachable`, `storage_busy`.
    public init(_ options: PostgresOptions) throws {
        let patience = ("connect_timeout", "\(Int(options.connectTimeout / .seconds(1)) + 1)")
        guard let opened = options.connect([patience], open: { PQconnectdbParams($0, $1, 1) }) else {
            throw Failure.storageUnreachable("out of memory")
        }
        handle = opened
        schema = options.schema
        guard PQstatus(opened) == CONNECTION_OK else { throw Failure.storageUnreachable(Self.message(opened)) }
        // Notices would go to standard error.
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
        if options.isSession { try lock() }
    }

    deinit {
        PQfinish(handle)
    }

    /// Appends rows to a table, with the values that they have for columns whose values the server would assign.
    ///
    /// - throws: a ``ConstraintViolation``, or a ``Failure`` of the storage.
    public func append(_ page: TablePage, to table: TableDescription) async throws {
        let name = qualified(table)
        let text = "COPY \(name) (\(table.columnList)) FROM STDIN (FORMAT binary)"
        let count = try await onQueue { [self] in
            try begin(text, PGRES_COPY_IN)
            try put(TablePage.header)
            try put(page.bytes)
            try put(TablePage.trailer)
            guard PQputCopyEnd(handle, nil) == 1 else { throw Failure.storageUnreachable(Self.message(handle)) }
            return try finish(text)
        }
        guard count == page.rowCount else {
            throw Failure.internal("\(table.name) took \(count) of \(page.rowCount) rows.")
        }
    }

    /// Reads all rows of a table on one snapshot, in the order of its key and in bounded memory.
    ///
    /// - parameter show: is told once in a while how many rows were read.
    /// - returns: how many rows there are, and their ``TableDigest``.
    public func digest(
        of table: TableDescription, _ show: @escaping @Sendable (Int) -> Void
    ) async throws -> (rowCount: Int, checksum: String) {
        let name = qualified(table)
        let rows = "SELECT \(table.columnList) FROM \(name) ORDER BY \(table.orderList())"
        let text = "COPY (\(rows)) TO STDOUT (FORMAT binary)"
        return try await onQueue { [self] in
            try begin(text, PGRES_COPY_OUT)
            var digest = TableDigest(ofStream: ())
            var parts = 0
            while let part = try nextPart(text) {
                digest.add(part)
                PQfreemem(UnsafeMutableRawPointer(mutating: part.baseAddress))
                parts += 1
                if parts % Self.rowsBetweenReports == 0 { show(parts) }
            }
            return (try finish(text), digest.finishStream())
        }
    }

    /// After how many rows it tells how far it is.
    private static let rowsBetweenReports = 10_000

    /// The name of a table with its schema: behind PgBouncer in transaction mode nothing says where to look for it.
    private func qualified(_ table: TableDescription) -> String {
        let name = TableDescription.quoted(table.name)
        return schema == .ofServer ? name : "\(TableDescription.quoted(schema.text)).\(name)"
    }

    /// Waits until no other loader is at work on the tables: one whose process was killed may still commit.
    private func lock() throws {
        let lock = "SELECT pg_advisory_lock(7813579312 + COALESCE(hashtext(current_schema()), 0))"
        for text in ["SET lock_timeout = '60s'", lock, "SET lock_timeout = 0"] {
            guard let pointer = PQexec(handle, text) else { throw Failure.storageUnreachable(Self.message(handle)) }
            let result = PostgresResult(pointer)
            guard result.status == PGRES_TUPLES_OK || result.status == PGRES_COMMAND_OK else {
                throw result.error(text: text)
            }
        }
    }

    private func onQueue<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }

    // MARK: COPY

    private func begin(_ text: String, _ wanted: ExecStatusType) throws {
        guard let pointer = PQexec(handle, text) else { throw Failure.storageUnreachable(Self.message(handle)) }
        let result = PostgresResult(pointer)
        guard result.status == wanted else { throw result.error(text: text) }
    }

    private func put(_ bytes: [UInt8]) throws {
        let code = bytes.withUnsafeBytes { content in
            content.isEmpty
                ? 1 : PQputCopyData(handle, content.bindMemory(to: CChar.self).baseAddress, Int32(content.count))
        }
        guard code == 1 else { throw Failure.storageUnreachable(Self.message(handle)) }
    }

    /// The next part of what comes out, whose memory the caller frees; nil at the end.
    private func nextPart(_ text: String) throws -> UnsafeRawBufferPointer? {
        var start: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(handle, &start, 0)
        guard count != -1 else { return nil }
        guard count >= 0, let start else {
            _ = try finish(text)
            throw Failure.storageUnreachable(Self.message(handle))
        }
        return UnsafeRawBufferPointer(start: start, count: Int(count))
    }

    /// Waits for the end of the statement and returns how many rows it moved.
    private func finish(_ text: String) throws -> Int {
        var outcome: PostgresResult?
        while let pointer = PQgetResult(handle) { outcome = PostgresResult(pointer) }
        guard let outcome else { throw Failure.storageUnreachable(Self.message(handle)) }
        guard outcome.status == PGRES_COMMAND_OK else { throw outcome.error(text: text) }
        return outcome.changedCount
    }

    private static func message(_ handle: OpaquePointer) -> String {
        String(cString: PQerrorMessage(handle)).split(separator: "\n").joined(separator: "; ")
    }
}
