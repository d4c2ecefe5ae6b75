public import API
public import ChangeLog
public import Commerce
public import Core
public import Storage
public import Telemetry

/// The files of one server, open: the data of all roles with their log, without anything that listens or works by
/// itself.
public final class Store: Sendable {
    /// Where the files are, held by this process.
    public let directory: DataDirectory
    /// The data.
    public let database: any Database
    /// The log of their changes.
    public let log: ChangeLog
    /// Who may use the server.
    public let credentials: Credentials
    /// Orders and stock.
    public let commerce: Commerce
    /// What is counted.
    public let metrics: MetricsRegistry

    /// The file with the data of all roles.
    static let fileName = "millrace.sqlite"

    /// The tables of all rooms.
    static let schemas: [Schema] = [ChangeLogSchema.schema, APISchema.schema] + Commerce.schemas

    private init(
        _ directory: DataDirectory, _ database: any Database, _ log: ChangeLog, _ commerce: Commerce,
        _ metrics: MetricsRegistry
    ) {
        self.directory = directory
        self.database = database
        self.log = log
        self.metrics = metrics
        credentials = Credentials(log: log, metrics: metrics)
        self.commerce = commerce
    }

    /// Opens a data directory, which is made when there is none, and brings its tables up to date.
    ///
    /// - throws: ``Failure`` `data_directory_in_use`, `data_directory_unusable`, `migration_unknown`, `storage_failed`.
    public static func open(
        _ path: String, settings: SettingsValues = .defaults, metrics: MetricsRegistry = MetricsRegistry(),
        time: any TimeSource = SystemTime()
    ) async throws -> Store {
        let directory = try DataDirectory(path)
        do {
            let database = try SQLiteDatabase(
                path: directory.file(fileName), settings: settings, metrics: metrics)
            do {
                try await database.migrate(schemas, at: time)
                let log = try await ChangeLog(
                    database: database, time: time, settings: settings, metrics: metrics)
                // This process has locked the directory, so whoever held a lease is gone.
                try await log.endLeases()
                let store = Store(directory, database, log, Commerce(settings: settings), metrics)
                _ = try await log.write(ChangeContext(tenant: .first, actor: "system")) {
                    [credentials = store.credentials] in
                    try credentials.ensureFirstTenant(in: $0)
                }
                return store
            } catch {
                await database.close()
                throw error
            }
        } catch {
            directory.release()
            throw error
        }
    }

    /// Writes what is in the write-ahead log into the main file, and lets another process have the directory.
    public func close() async {
        await database.close()
        directory.release()
    }
}
