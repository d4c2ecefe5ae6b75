public import ChangeLog
import Core
import Foundation
import Logging
public import Storage
public import Telemetry

/// A real PostgreSQL server with replicas, and a database on it with its change log, for one test.
///
/// Their files are on the disk, because a server that is killed must find there what it has committed.
public final class ReplicatedStore: Sendable {
    /// The server that takes writes.
    public let primary: PostgresServer
    /// Those that follow it.
    public let replicas: [PostgresServer]
    /// The database on all of them.
    public let database: any Database
    /// Its change log.
    public let log: ChangeLog
    /// What it counts.
    public let metrics: MetricsRegistry
    private let tail: Task<Void, any Error>

    /// Makes the servers and the database.
    ///
    /// - parameter settings: texts by the names of settings of the storage.
    public init(replicas count: Int, settings texts: [String: String]) async throws {
        let primary = try PostgresServer()
        self.primary = primary
        let url = try primary.makeDatabase()
        let name = url.split(separator: "/").last.map(String.init) ?? ""
        replicas = try (0..<count).map { try primary.makeReplica(name: "replica\($0)") }
        let settings = try SettingsRegistry(StorageSettings.all + ChangeLogSettings.all).values(
            from: [SettingsSource(name: "test", texts: texts)])
        let metrics = MetricsRegistry()
        self.metrics = metrics
        database = try await ReplicatedPostgres(
            PostgresOptions(url: url, settings: settings), replicas: replicas.map { $0.url(name) }, settings: settings,
            metrics: metrics)
        try await database.migrate([ChangeLogSchema.schema])
        log = try await ChangeLog(database: database, settings: settings, metrics: metrics)
        tail = Task { [log] in
            try await LogTail(log, settings: settings, metrics: metrics, logger: Logger(label: "test")).run()
        }
    }

    /// Ends what works on the database. The servers end with the tests.
    public func close() async throws {
        tail.cancel()
        await database.close()
        for server in replicas + [primary] { try server.stop() }
    }

    /// How many reads a replica has answered, or the primary for nil.
    public func reads(_ replica: Int?) -> Int {
        let name = replica.map { "127.0.0.1:\(replicas[$0].port)" } ?? "primary"
        return Int(metrics.counter("database_reads_total", "", labels: ["server"]).with(name).value)
    }

    /// What `replica_state` and `replica_lag_seconds` say of a replica.
    public func measure(_ replica: Int) -> (isHealthy: Bool, lag: Double) {
        // The gauges are set when somebody looks at them.
        _ = PrometheusExposition.text(of: metrics)
        let name = "127.0.0.1:\(replicas[replica].port)"
        let state = metrics.gauge("replica_state", "", labels: ["replica"]).with(name).value
        return (state == 1, metrics.gauge("replica_lag_seconds", "", labels: ["replica"]).with(name).value)
    }
}
