import ChangeLog
import Core
import Logging
import Storage
import Synchronization

/// The observers of all tenants as they are at the moment, ready for work.
final class ObserverCatalog: Sendable {
    /// The observers as of one moment.
    struct Snapshot: Sendable {
        /// Which changes of observers are in it.
        let generation: Int64
        let observers: [CompiledObserver]
    }

    private let log: ChangeLog
    private let logger: Logger
    private let current = Mutex(Snapshot(generation: -1, observers: []))

    init(_ log: ChangeLog, logger: Logger) {
        self.log = log
        self.logger = logger
    }

    /// What was read last.
    var snapshot: Snapshot { current.withLock { $0 } }

    /// Reads the observers if they have changed, and returns them.
    func refresh() async throws -> Snapshot {
        let known = snapshot.generation
        let read = try await log.database.read { transaction -> (Int64, [Observer])? in
            let generation = try ObserverProgress.state(in: transaction).generation
            guard generation != known else { return nil }
            return (generation, try Observers.all(in: transaction))
        }
        guard let (generation, observers) = read else { return snapshot }
        let compiled = observers.compactMap { observer in
            do {
                return try CompiledObserver(observer)
            } catch {
                // A version that knew more than this one may have stored it.
                logger.error(
                    "an observer cannot be understood and rests",
                    metadata: ["observer": "\(observer.definition.name)", "error": "\(error)"])
                return nil
            }
        }
        let snapshot = Snapshot(generation: generation, observers: compiled)
        current.withLock { if $0.generation < generation { $0 = snapshot } }
        return self.snapshot
    }
}
