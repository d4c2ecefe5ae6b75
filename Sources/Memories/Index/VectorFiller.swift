import ChangeLog
import Core
import Logging
import ServiceLifecycle

/// Brings the vectors into memory that a start has left in the tables, once it is over: searches read those that they
/// need until then.
struct VectorFiller: Service {
    /// How long it waits at most before it looks again.
    private static let pause = Duration.milliseconds(200)

    private let log: ChangeLog
    private let indexes: CollectionIndexes
    private let logger: Logger

    init(_ log: ChangeLog, _ indexes: CollectionIndexes, logger: Logger) {
        self.log = log
        self.indexes = indexes
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.fill() }
        try await gracefulShutdown()
    }

    private func fill() async {
        do {
            while true {
                let head = log.head
                if indexes.isReady {
                    do { return try await indexes.fillVectors() } catch let failure as Failure {
                        logger.warning(
                            "vectors are not in memory yet; it is tried again", metadata: ["error": "\(failure)"])
                    }
                }
                try await log.waitForChange(after: head, atMost: Self.pause)
            }
        } catch is CancellationError {
            return
        } catch {
            logger.warning("vectors stay in the tables", metadata: ["error": "\(error)"])
        }
    }
}
