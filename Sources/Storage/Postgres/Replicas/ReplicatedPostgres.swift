public import Core
import Foundation
import Synchronization
public import Telemetry

/// A PostgreSQL server with replicas that answer reads.
///
/// Whatever must be current goes to the primary. A read with a ``ReadRequirement`` goes where ``ReplicaRotation`` says,
/// and on to the next server when one does not answer.
public final class ReplicatedPostgres: Database {
    public var dialect: Dialect { primary.dialect }

    private let primary: PostgresDatabase
    private let replicas: [PostgresDatabase]
    private let monitors: [ServerMonitor]
    private let rotation: RotationLock
    private let metrics: ReplicaMetrics

    /// Connects to a primary and asks it whether it is fit. Its replicas need not be there.
    ///
    /// - parameters:
    ///   - options: of the primary.
    ///   - addresses: of the replicas, each for itself and not through PgBouncer in transaction mode: a connection is
    ///     asked once how far its server is.
    /// - throws: ``Failure`` `storage_unreachable`, `storage_too_old`, `storage_not_durable`.
    public init(
        _ options: PostgresOptions, replicas addresses: [String], settings: SettingsValues = .defaults,
        metrics registry: MetricsRegistry
    ) async throws {
        primary = try await PostgresDatabase(options, settings: settings, metrics: registry)
        let storage = StorageMetrics(registry)
        let rotation = RotationLock(
            ReplicaRotation(
                replicas: addresses.count, preference: settings[StorageSettings.readPreference],
                lagLimit: .milliseconds(settings[StorageSettings.replicaLagLimit])))
        self.rotation = rotation
        let names = ReplicaMetrics.names(of: addresses)
        metrics = ReplicaMetrics(names, registry, rotation)
        let all = addresses.map { address in
            var options = options
            options.url = address
            options.isSession = true
            return options
        }
        replicas = all.enumerated().map { index, options in
            let metrics = StorageMetrics(registry, server: names[index])
            return PostgresDatabase(options, settings: settings, metrics: metrics) { connection in
                try Self.check(connection, has: rotation.value.withLock { $0.location(of: index) })
            }
        }
        for replica in replicas { registry.onCollect { [weak replica] in replica?.measureConnections() } }
        let servers = [ReplicaRotation.Server.primary] + all.indices.map { .replica($0) }
        monitors = zip(servers, [options] + all).map { Self.monitor($0, $1, storage, rotation) }
    }

    private static func monitor(
        _ server: ReplicaRotation.Server, _ options: PostgresOptions, _ metrics: StorageMetrics,
        _ rotation: RotationLock
    ) -> ServerMonitor {
        var options = options
        options.statementTimeout = ServerMonitor.patience
        options.connectTimeout = min(options.connectTimeout, ServerMonitor.patience)
        return ServerMonitor({ [options] in
            metrics.opened.increment()
            return try PostgresConnection(options, durations: metrics.statements)
        }) { answer in
            rotation.value.withLock { rotation in
                switch answer {
                case .success(let report): rotation.heard(report, from: server, now: .now)
                // A primary that lets nobody else in still answers those who are.
                case .failure(let error): if server != .primary || error.isUnreachable { rotation.lost(server) }
                }
            }
        }
    }

    /// Refuses a connection to a server that has less than it had before: it was started again after a crash, or is not
    /// the one that it was.
    private static func check(_ connection: PostgresConnection, has location: WriteAheadLocation) throws {
        var replayed = WriteAheadLocation.start
        try connection.run("SELECT COALESCE((pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint, 0)").forEachRow { row in
            replayed = WriteAheadLocation(row.integer(0))
            return false
        }
        guard replayed >= location else { throw Failure.storageUnreachable("the replica has less than it had before") }
    }

    public func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
        let value = try await primary.read(body)
        metrics.reads(.primary).increment()
        return value
    }

    public func read<T: Sendable>(
        _ requirement: ReadRequirement, _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> (value: T, position: LogPosition?) {
        var failure: (any Error)?
        for candidate in rotation.value.withLock({ $0.candidates(for: requirement) }) {
            do {
                let value = try await database(candidate.server).read(body)
                metrics.reads(candidate.server).increment()
                return (value, candidate.position)
            } catch {
                guard Self.isOfServer(error, candidate.server) else { throw error }
                if error.isUnreachable { rotation.value.withLock { $0.lost(candidate.server) } }
                failure = failure ?? error
            }
        }
        throw (failure as? Failure) ?? Failure.storageUnreachable("the primary is away, and no replica has replayed it")
    }

    /// Whether it is the server that failed, and not what was asked of it: then another one may answer. On a replica a
    /// read also loses against changes that are replayed meanwhile.
    private static func isOfServer(_ error: any Error, _ server: ReplicaRotation.Server) -> Bool {
        if error.isUnreachable { return true }
        guard server != .primary else { return false }
        return error is TransactionConflict || (error as? Failure)?.code == "storage_busy"
    }

    private func database(_ server: ReplicaRotation.Server) -> PostgresDatabase {
        switch server {
        case .primary: primary
        case .replica(let index): replicas[index]
        }
    }

    public func readAtOnce<T: Sendable>(
        within _: Duration, _: (any ReadTransaction) throws -> T
    ) throws -> T? { nil }

    public func write<T: Sendable>(
        _ isolation: Isolation, _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        try await primary.write(isolation, body)
    }

    public func settle(_ position: LogPosition, at location: WriteAheadLocation) {
        rotation.value.withLock { $0.settle(position, at: location, now: .now) }
    }

    public func notifications(on channel: String) -> AsyncStream<Void> { primary.notifications(on: channel) }

    public func close() async {
        for monitor in monitors { monitor.stop() }
        for replica in replicas { await replica.close() }
        await primary.close()
    }
}

extension Error {
    /// Whether a server is out of reach.
    fileprivate var isUnreachable: Bool { (self as? Failure)?.isStorageUnreachable ?? false }
}

/// The rotation, for all who read and all who hear from servers.
final class RotationLock: Sendable {
    let value: Mutex<ReplicaRotation>

    init(_ rotation: ReplicaRotation) {
        value = Mutex(rotation)
    }
}
