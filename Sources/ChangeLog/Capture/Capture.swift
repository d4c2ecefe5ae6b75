public import Core
public import Storage
import Telemetry

/// Lets a PostgreSQL database that belongs to others write its changes into a log: triggers on their tables append to
/// it in the transaction of whoever writes, so a change and its entry are committed together or not at all.
///
/// The log has a schema of its own in that database; a server reads it with `storage.url` and `storage.schema`.
public struct Capture: Sendable {
    private let options: PostgresOptions
    private let settings: SettingsValues
    /// The schema of the log.
    private let schema: SchemaName

    /// How long a lock of a table is waited for, in milliseconds: who wants to write to it waits behind us.
    private static let patience = "3000"

    /// Captures tables of a database.
    ///
    /// - parameters:
    ///   - url: the database, as `storage.url` has it.
    ///   - schema: where the log is, or will be.
    /// - throws: ``Failure`` `capture_without_schema` when the log would have no schema of its own.
    public init(url: String, schema: SchemaName = .millrace, settings: SettingsValues = .defaults) throws {
        guard schema != .ofServer else { throw Failure.captureWithoutSchema }
        options = PostgresOptions(url: url, settings: settings)
        self.settings = settings
        self.schema = schema
    }

    /// Gives tables their triggers, all of them or none, and the database its log where it has none. Tables that are
    /// captured already are captured as is said now, by the functions of this version.
    ///
    /// - returns: the tables as they are captured now.
    /// - throws: ``Failure`` `table_not_found`, `table_not_capturable`, `capture_without_key`, `invalid_entity_type`,
    ///   `storage_busy` when a table is locked for long, `storage_forbidden`, or another of the storage.
    public func install(_ requests: [CaptureRequest]) async throws -> [CapturedTable] {
        // What cannot be captured is told before anything is made.
        let tables = try await withDatabase { database in
            try await database.read { [schema] transaction in
                try requests.map { try CaptureTarget.find($0, logIn: schema, in: transaction) }
            }
        }
        try await withDatabase(schema) { database in
            try await database.migrate([ChangeLogSchema.schema])
            let time = try await DatabaseTime(database, metrics: MetricsRegistry())
            try await ChangeLog.preparePartitions(of: database, at: time.now())
        }
        try await change { [schema] transaction in
            for target in tables {
                let arguments = JSONWriter.bytes(
                    of: JSONValue.array(target.table.triggerArguments.map(JSONValue.string)))
                let install: SQL = "SELECT \(SQL.name(schema.text)).capture_install"
                _ = try transaction.exists(
                    install + "(CAST(\(target.number) AS oid), \(String(decoding: arguments, as: UTF8.self)))")
            }
        }
        return tables.map(\.table)
    }

    /// Takes the triggers of tables away, and the functions with the last of them. The log stays as it is.
    ///
    /// - parameter references: which tables; empty means all. One that is not captured may be among them.
    /// - returns: the tables that were captured.
    /// - throws: ``Failure`` `table_not_found`, `storage_busy`, `storage_forbidden`, or another of the storage.
    public func remove(_ references: [TableReference] = []) async throws -> [CapturedTable] {
        let (captured, unwanted) = try await withDatabase { database in
            try await database.read { [schema] transaction in
                let captured = try CaptureTarget.captured(logIn: schema, in: transaction)
                let wanted = try references.map { try CaptureTarget.number(of: $0, in: transaction) }
                return (captured, captured.filter { wanted.isEmpty || wanted.contains($0.number) })
            }
        }
        guard !unwanted.isEmpty else { return [] }
        try await change { [schema] transaction in
            for target in unwanted {
                let release: SQL = "SELECT \(SQL.name(schema.text)).capture_release"
                _ = try transaction.exists(release + "(CAST(\(target.number) AS oid))")
            }
            guard unwanted.count == captured.count else { return }
            for sql in CaptureFunctions.removal(in: SQL.name(schema.text)) { try transaction.execute(sql) }
        }
        return unwanted.map(\.table)
    }

    /// The tables that are captured, by schema and name.
    public func tables() async throws -> [CapturedTable] {
        try await withDatabase { database in
            try await database.read { [schema] in
                try CaptureTarget.captured(logIn: schema, in: $0).map(\.table)
            }
        }
    }

    /// Runs statements with the functions of this version in place.
    private func change(_ body: @escaping @Sendable (any WriteTransaction) throws -> Void) async throws {
        try await withDatabase { database in
            try await database.write(.readCommitted) { [schema, dialect = database.dialect] transaction in
                for sql in dialect.beforeMigration { _ = try transaction.exists(sql) }
                _ = try transaction.exists("SELECT set_config('lock_timeout', \(Self.patience), true)")
                for sql in CaptureFunctions.statements(in: SQL.name(schema.text)) { try transaction.execute(sql) }
                try body(transaction)
            }
        }
    }

    /// Opens the database for as long as a closure runs.
    ///
    /// - parameter schema: where names without a schema are looked for; by default where the server looks.
    private func withDatabase<T: Sendable>(
        _ schema: SchemaName = .ofServer, _ body: (PostgresDatabase) async throws -> T
    ) async throws -> T {
        var options = options
        options.schema = schema
        return try await PostgresDatabase(options, settings: settings, metrics: MetricsRegistry()).use(body)
    }
}
