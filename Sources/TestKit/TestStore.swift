public import ChangeLog
public import Core
import Foundation
import Logging
public import Storage
public import Telemetry

/// A real database of its own, with its change log, for one test.
///
/// Suites that must hold on every engine take an ``Engine`` as their argument and open their store with it.
public final class TestStore: Sendable {
    /// The engines that behavioural suites run on.
    public enum Engine: String, CaseIterable, Sendable {
        case sqlite
        case postgres
    }

    /// Where its files are.
    public let directory: TemporaryDirectory
    /// The database, its schemas in place.
    public let database: any Database
    /// The change log.
    public let log: ChangeLog
    /// What it counts.
    public let metrics: MetricsRegistry
    /// The clock of its changes.
    public let time: ManualTime
    /// Where the server is, on PostgreSQL.
    public let url: String?
    private let tail: Task<Void, any Error>

    /// How many stores are open at once. All tests begin at the same time: without a bound they would have thousands of
    /// files and connections open, each with threads and memory of its own.
    private static let permits: [Engine: Permits] = [.sqlite: Permits(16), .postgres: Permits(12)]
    private let engine: Engine

    /// Opens an empty store with the schema of the change log and those given.
    ///
    /// - parameters:
    ///   - clock: what the log dates changes by, where the test does not move the time itself.
    ///   - backup: the file of an embedded database that it begins as a copy of.
    public init(
        _ engine: Engine = .sqlite, schemas: [Schema] = [], settings: SettingsValues = .defaults,
        time: ManualTime = ManualTime(), clock: (any TimeSource)? = nil, from backup: String? = nil
    ) async throws {
        await Self.permits[engine]?.take(atMost: .seconds(4))
        self.engine = engine
        do {
            directory = try TemporaryDirectory()
            self.time = time
            let metrics = MetricsRegistry()
            self.metrics = metrics
            switch engine {
            case .sqlite:
                url = nil
                if let backup { try Self.copy(backup, to: directory.file("test.sqlite")) }
                database = try SQLiteDatabase(path: directory.file("test.sqlite"), settings: settings, metrics: metrics)
            case .postgres:
                let url = try await PostgresTemplates.shared.makeDatabase([ChangeLogSchema.schema] + schemas)
                self.url = url
                database = try await PostgresDatabase(
                    PostgresOptions(url: url, settings: settings), settings: settings, metrics: metrics)
            }
            try await database.migrate([ChangeLogSchema.schema] + schemas)
            log = try await ChangeLog(
                database: database, time: clock ?? time, settings: settings, metrics: metrics)
            tail = Task { [log] in
                try await LogTail(log, settings: settings, metrics: metrics, logger: Logger(label: "test")).run()
            }
        } catch {
            Self.permits[engine]?.giveBack()
            throw error
        }
    }

    deinit {
        tail.cancel()
        guard let url else {
            Self.permits[engine]?.giveBack()
            return
        }
        // A server that is gone has no databases.
        Task.detached { [database] in
            await database.close()
            Self.permits[.postgres]?.giveBack()
            try? await PostgresServer.shared().dropDatabase(url)
        }
    }

    /// Where the log ends once it is settled up to what was written here: on PostgreSQL that is a little later than the
    /// answer, and followers that take whole units of work may be there before.
    public func settledHead() async throws -> LogPosition {
        try await log.waitUntilSettled(log.seen, atMost: .seconds(60))
        return log.head
    }

    /// Copies the file of an embedded database that nobody writes now.
    public func copy(to path: String) throws { try Self.copy(directory.file("test.sqlite"), to: path) }

    private static func copy(_ source: String, to path: String) throws {
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: source + suffix) {
            try FileManager.default.copyItem(atPath: source + suffix, toPath: path + suffix)
        }
    }

    /// A context of the first tenant.
    public static let context = ChangeContext(tenant: .first, actor: "test")
}
