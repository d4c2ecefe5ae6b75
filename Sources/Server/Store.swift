public import API
public import Caching
public import ChangeLog
public import Commerce
public import Core
import Knowledge
import Memories
import Observers
import Recommendations
public import Storage
public import Telemetry

/// What one server works on, open: the data of all roles with their log, without anything that listens or works by
/// itself. The data is in the data directory or on PostgreSQL; what is derived from it is in the directory.
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
    /// What was answered before.
    public let cache: Cache
    /// What is counted.
    public let metrics: MetricsRegistry
    /// The clock that all instances share; nil where changes are dated by another.
    let sharedTime: DatabaseTime?

    /// The file with the data of all roles.
    static let fileName = "millrace.sqlite"

    /// The tables of all rooms.
    static let schemas: [Schema] =
        [ChangeLogSchema.schema, APISchema.schema] + Commerce.schemas + [
            ObserversSchema.schema, MemoriesSchema.schema, KnowledgeSchema.schema,
            RecommendationsSchema.schema,
        ]

    let redis: RedisClient?

    private init(
        _ directory: DataDirectory, _ database: any Database, _ log: ChangeLog, _ credentials: Credentials,
        _ commerce: Commerce, _ redis: RedisClient?, _ cache: Cache, _ metrics: MetricsRegistry,
        _ sharedTime: DatabaseTime?
    ) {
        self.sharedTime = sharedTime
        self.redis = redis
        self.cache = cache
        self.directory = directory
        self.database = database
        self.log = log
        self.metrics = metrics
        self.credentials = credentials
        self.commerce = commerce
    }

    /// Opens a data directory, which is made when there is none, and brings its tables up to date.
    ///
    /// - parameter time: by what changes are dated; nil is the clock of this machine, or on PostgreSQL the shared one.
    /// - throws: ``Failure`` `data_directory_in_use`, `data_directory_unusable`, `relocation_unfinished`,
    ///   `migration_unknown`, `storage_failed`.
    public static func open(
        _ path: String, settings: SettingsValues = .defaults, metrics: MetricsRegistry = MetricsRegistry(),
        time: (any TimeSource)? = nil
    ) async throws -> Store {
        let directory = try DataDirectory(path)
        do {
            let database = try await openDatabase(in: directory, settings, metrics)
            do {
                try await Relocation.checkFinished(database)
                try await database.migrate(schemas, at: time ?? SystemTime())
                let isShared = time == nil && database.dialect == .postgres
                let sharedTime = isShared ? try await DatabaseTime(database, metrics: metrics) : nil
                let time = time ?? sharedTime ?? SystemTime()
                try await ChangeLog.preparePartitions(of: database, at: time.now())
                let log = try await ChangeLog(
                    database: database, time: time, instance: try directory.instance(), settings: settings,
                    metrics: metrics)
                // This process has locked the file of the data, so whoever held a lease is gone.
                if !log.isShared { try await log.endLeases() }
                let credentials = Credentials(log: log, metrics: metrics)
                let origin = try await log.write(ChangeContext(tenant: .first, actor: "system")) {
                    try credentials.ensureFirstTenant(in: $0)
                    return try credentials.origin(in: $0.transaction)
                }.value
                let redis = RedisClient(settings: settings, metrics: metrics)
                let cache = Cache(
                    log.cache, redis: redis, namespace: String(origin.microseconds, radix: 36), settings: settings,
                    metrics: metrics)
                return Store(
                    directory, database, log, credentials, Commerce(settings: settings), redis, cache, metrics,
                    sharedTime)
            } catch {
                await database.close()
                throw error
            }
        } catch {
            directory.release()
            throw error
        }
    }

    /// The file in the data directory, or the server that `storage.url` names.
    private static func openDatabase(
        in directory: DataDirectory, _ settings: SettingsValues, _ metrics: MetricsRegistry
    ) async throws -> any Database {
        let url = settings[StorageSettings.url]
        let replicas = StorageSettings.addresses(in: settings[StorageSettings.replicas])
        guard !url.isEmpty else {
            guard replicas.isEmpty else {
                throw Failure(
                    .invalid, code: "invalid_settings",
                    "storage.replicas follow a PostgreSQL server: name it in storage.url, or take them out.")
            }
            return try SQLiteDatabase(path: directory.file(fileName), settings: settings, metrics: metrics)
        }
        let options = PostgresOptions(url: url, settings: settings)
        guard !replicas.isEmpty else {
            return try await PostgresDatabase(options, settings: settings, metrics: metrics)
        }
        return try await ReplicatedPostgres(options, replicas: replicas, settings: settings, metrics: metrics)
    }

    /// Writes what is in the write-ahead log into the main file, and lets another process have the directory.
    public func close() async {
        await redis?.close()
        await database.close()
        directory.release()
    }
}
