public import ChangeLog
public import Core
import Dispatch
import Storage
import Telemetry

/// A unit of work of another server on a PostgreSQL, which has taken its positions in the log and is not committed
/// until it is told to be.
public final class HeldWrite: Sendable {
    private let database: PostgresDatabase
    private let isOver: DispatchSemaphore
    private let work: Task<LogPosition, any Error>

    /// Performs a unit of work, and returns once all is done but the end.
    public init(_ url: String, _ body: @escaping @Sendable (UnitOfWork) throws -> Void) async throws {
        let metrics = MetricsRegistry()
        let database = try await PostgresDatabase(PostgresOptions(url: url), metrics: metrics)
        let log = try await ChangeLog(database: database, metrics: metrics)
        let isOver = DispatchSemaphore(value: 0)
        let (isDone, done) = AsyncStream.makeStream(of: Void.self)
        work = Task {
            defer { done.finish() }
            return try await log.write(TestStore.context, isolation: .readCommitted) { unit in
                try body(unit)
                _ = try unit.latestPosition()
                done.finish()
                isOver.wait()
            }.position
        }
        self.database = database
        self.isOver = isOver
        for await _ in isDone {}
    }

    /// Commits it.
    ///
    /// - returns: the position of its last change.
    public func commit() async throws -> LogPosition {
        isOver.signal()
        let position = try await work.value
        await database.close()
        return position
    }
}
