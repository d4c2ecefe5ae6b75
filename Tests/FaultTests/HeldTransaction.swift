import Core
import Foundation
import Storage
import Telemetry
import TestKit

/// A transaction of somebody else, which keeps its locks until it is told to end.
final class HeldTransaction: Sendable {
    private let database: PostgresDatabase
    private let isOver: DispatchSemaphore
    private let work: Task<Void, any Error>

    /// Begins a transaction with a statement, and returns once that is done.
    init(_ url: String, _ statement: SQL) async throws {
        var options = PostgresOptions(url: url)
        // The server would end a transaction that stands still for half of this time.
        options.statementTimeout = .seconds(240)
        let database = try await PostgresDatabase(options, metrics: MetricsRegistry())
        let isOver = DispatchSemaphore(value: 0)
        let (isTaken, taken) = AsyncStream.makeStream(of: Void.self)
        work = Task {
            defer { taken.finish() }
            try await database.write(.readCommitted) { transaction in
                _ = try transaction.exists(statement)
                taken.finish()
                isOver.wait()
            }
        }
        self.database = database
        self.isOver = isOver
        for await _ in isTaken {}
    }

    /// Ends the transaction.
    func end() async throws {
        isOver.signal()
        try await work.value
        await database.close()
    }
}
