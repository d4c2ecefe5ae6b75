import ChangeLog
import Core
import Logging
import ServiceLifecycle
import Storage
import Synchronization

/// This instance's part of the work: on a shared database it says that it is there, again and again, and learns which
/// partitions it has.
final class Partitions: Service {
    private let log: ChangeLog
    private let table: PartitionTable
    private let holding: Mutex<PartitionHolding>
    private let signal: Signal
    private let inFlight = Mutex<@Sendable (Int64) -> Bool>({ _ in false })
    private let logger: Logger
    private let start = ContinuousClock.now

    /// - parameter signal: fired when the partitions have changed.
    init(of log: ChangeLog, signal: Signal, logger: Logger) {
        self.log = log
        self.signal = signal
        self.logger = logger
        table = PartitionTable(
            instance: log.instance.isEmpty ? "\(IdentifierGenerator().next(at: log.time.now()))" : log.instance)
        holding = Mutex(PartitionHolding(isAlone: !log.isShared))
    }

    /// Asks a closure whether anything is under way in a partition, before that is given back.
    func watch(_ inFlight: @escaping @Sendable (Int64) -> Bool) {
        self.inFlight.withLock { $0 = inFlight }
    }

    private var now: Duration { ContinuousClock.now - start }

    /// The partitions in which deliveries may begin, with their tokens; nil is all.
    var working: [Int64: Int64]? { holding.withLock { $0.working(at: now) } }

    /// Whether this instance matches events.
    var matches: Bool { holding.withLock { $0.matches(at: now) } }

    /// Refuses a transaction if a partition that it is about is with another instance.
    func check(_ numbers: Set<Int64>, in transaction: any WriteTransaction) throws {
        guard log.isShared else { return }
        let tokens = holding.withLock { holding in
            // A token that is not there is one that no row has.
            Dictionary(uniqueKeysWithValues: numbers.map { ($0, holding.tokens[$0] ?? -1) })
        }
        try table.check(tokens, in: transaction)
    }

    /// Which of some deliveries are still with this instance: since they were read, their partitions have gone to no
    /// other one, nor does that happen until the transaction ends.
    func held(_ deliveries: [Delivery], in transaction: any WriteTransaction) throws -> Set<Delivery.Key> {
        guard log.isShared, !deliveries.isEmpty else { return Set(deliveries.map(\.key)) }
        let tokens = try table.held(Array(Set(deliveries.map(\.partition))), in: transaction)
        return Set(deliveries.filter { tokens[$0.partition] == $0.token }.map(\.key))
    }

    /// A delivery is not with this instance any more, which the next heartbeat would tell.
    func lose(_ delivery: Delivery) {
        holding.withLock { $0.lose(delivery.partition, token: delivery.token) }
    }

    func run() async throws {
        guard log.isShared else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await beat()
                // A cancellation ends the loop at its head.
                try? await Task.sleep(for: PartitionHolding.interval)
            }
        }
        await leave()
    }

    private func beat() async {
        let asked = now
        let returned = holding.withLock { $0.surrendering }.filter { [isBusy = inFlight.withLock { $0 }] in
            !isBusy($0)
        }
        let clock = log.database.dialect.now(log.time.now())
        do {
            let answer = try await log.database.write(.readCommitted) { [table] in
                try table.heartbeat(returning: returned, now: clock, in: $0)
            }
            let hasChanged = holding.withLock { holding in
                let before = holding.tokens
                holding.update(answer.tokens, share: answer.share, asked: asked)
                return before != holding.tokens
            }
            if hasChanged {
                logger.info(
                    "this instance has other partitions of the observers' work",
                    metadata: ["partitions": "\(answer.tokens.keys.sorted())"])
                signal.fire()
            }
        } catch {
            logger.warning("an instance could not say that it is there", metadata: ["error": "\(error)"])
        }
    }

    private func leave() async {
        do {
            try await log.database.write(.readCommitted) { [table] in try table.leave(in: $0) }
        } catch {
            logger.warning("partitions were not given back; they go over in a while", metadata: ["error": "\(error)"])
        }
    }
}
