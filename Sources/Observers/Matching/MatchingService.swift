import ChangeLog
import Core
import Expressions
import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Leads the changes of the log to the observers: matches them, and stores what is to be done together with how far it
/// came. While a batch is stored, the next one is read and matched.
final class MatchingService: Service {
    /// How far an idle observer's stored position may stay behind: storing that there was nothing costs a durable
    /// write.
    static let storeDistance: Int64 = 10_000
    /// How long it waits at most before it looks at the log again.
    static let pollInterval = Duration.milliseconds(500)
    private static let shortestPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(10)

    /// A batch that was matched and is to be stored.
    private struct Prepared: Sendable {
        let batch: MatchedBatch
        let expected: MatchStore.Expectation
        let end: LogPosition
        /// The time of its latest change.
        let latest: Timestamp?

        /// Whether storing it may wait for a later one.
        var isIdle: Bool {
            batch.isEmpty && end.value - expected.position.value < MatchingService.storeDistance
        }
    }

    private let log: ChangeLog
    private let catalog: ObserverCatalog
    private let partitions: Partitions
    private let lookups: LookupReader
    private let store: MatchStore
    private let metrics: ObserverMetrics
    private let batchLimit: Int
    private let wake: @Sendable (Set<DeliveryChannelKey>) -> Void
    private let logger: Logger

    /// - parameter wake: is told which actions have something to deliver.
    init(
        _ log: ChangeLog, _ catalog: ObserverCatalog, _ partitions: Partitions, _ lookups: LookupReader,
        _ statements: NamedStatements, settings: SettingsValues, metrics: ObserverMetrics, logger: Logger,
        wake: @escaping @Sendable (Set<DeliveryChannelKey>) -> Void
    ) {
        self.log = log
        self.catalog = catalog
        self.partitions = partitions
        self.lookups = lookups
        self.metrics = metrics
        self.wake = wake
        self.logger = logger
        store = MatchStore(partitions: partitions, statements: statements)
        batchLimit = settings[ObserversSettings.batch]
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var pause = Self.shortestPause
            while !Task.isCancelled {
                do {
                    try await follow()
                    pause = Self.shortestPause
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("matching failed and is tried again", metadata: ["error": "\(error)"])
                    // A cancellation ends the loop at its head.
                    try? await Task.sleep(for: pause)
                    pause = min(pause * 2, Self.longestPause)
                }
            }
        }
    }

    /// Goes on from what is stored until the observers or their places change.
    private func follow() async throws {
        guard partitions.matches else {
            return try await log.waitForChange(after: LogPosition(.max), atMost: Self.pollInterval)
        }
        let snapshot = try await catalog.refresh()
        let (state, replays) = try await log.database.read { transaction in
            (try ObserverProgress.state(in: transaction), try ReplayTable.open(in: transaction))
        }
        guard state.generation == snapshot.generation else { return }
        let running = snapshot.observers.filter(\.observer.isRunning)
        for reader in readers(running, replays) { try await advance(reader, state) }
        try await together(
            running.filter { $0.observer.ownPosition == nil }, state, isAlone: readers(running, replays).isEmpty)
    }

    private func readers(_ running: [CompiledObserver], _ replays: [Replay]) -> [MatchReader] {
        running.filter { $0.observer.ownPosition != nil }.map(MatchReader.observer)
            + replays.compactMap { replay in
                running.first { $0.number == replay.observer }.map { .replay(replay, $0) }
            }
    }

    /// Takes one batch for a reader that stands alone.
    private func advance(_ reader: MatchReader, _ state: ObserverProgress.State) async throws {
        var (position, end) = (state.position, state.position)
        var observers: [CompiledObserver] = []
        switch reader {
        case .together: return
        case .observer(let observer):
            position = observer.observer.ownPosition ?? state.position
            observers = [observer]
        case .replay(let replay, let observer):
            (position, end) = (replay.position, min(replay.last, log.head))
            observers = [CompiledObserver(replaying: observer)]
        }
        var matcher = Matcher(observers)
        let expected = MatchStore.Expectation(generation: state.generation, position: position, reader: reader)
        let prepared = try await prepare(expected, &matcher, upTo: end)
        _ = try await store(prepared)
    }

    /// Follows the end of the log for those that stand together, until something changes.
    private func together(
        _ observers: [CompiledObserver], _ state: ObserverProgress.State, isAlone: Bool
    ) async throws {
        guard !observers.isEmpty else {
            metrics.backlog.set(0)
            metrics.lag.set(0)
            return try await log.waitForChange(after: log.head, atMost: isAlone ? Self.pollInterval : .milliseconds(1))
        }
        let first = MatchStore.Expectation(generation: state.generation, position: state.position)
        var matcher = Matcher(observers)
        var prepared = try await prepare(first, &matcher, upTo: log.head)
        while partitions.matches {
            try Task.checkCancellation()
            let next = MatchStore.Expectation(generation: state.generation, position: prepared.end)
            if prepared.isIdle {
                report(prepared.end, prepared.latest)
                guard isAlone, try await isCurrent(state.generation) else { return }
                try await log.waitForChange(after: prepared.end, atMost: Self.pollInterval)
                guard log.head > prepared.end else { continue }
                // What was not stored is part of the distance to what will be.
                let further = MatchStore.Expectation(generation: state.generation, position: prepared.expected.position)
                prepared = try await prepare(further, &matcher, after: prepared.end, upTo: log.head)
                continue
            }
            let current = prepared
            async let isStored = store(current)
            let following = try await prepare(next, &matcher, upTo: log.head)
            guard try await isStored, isAlone else { return }
            report(current.end, current.latest)
            prepared = following
        }
    }

    private func isCurrent(_ generation: Int64) async throws -> Bool {
        try await log.database.read { try ObserverProgress.state(in: $0).generation } == generation
    }

    /// Reads and matches the changes that come next.
    private func prepare(
        _ expected: MatchStore.Expectation, _ matcher: inout Matcher, after: LogPosition? = nil, upTo head: LogPosition
    ) async throws -> Prepared {
        let start = after ?? expected.position
        let types = matcher.entityTypes.flatMap { $0.count > ChangeLog.typeLimit ? nil : $0 }
        let limit = batchLimit
        let read = try await log.database.read { transaction in
            let oldest = try ChangeLog.start(in: transaction)
            return try ChangeLog.batch(
                after: max(start, oldest), upTo: head, limit: limit, types: types, in: transaction)
        }
        let now = log.time.now()
        var batch = MatchedBatch()
        batch.changes = read.changes.count
        for change in read.changes {
            try await match(change, &matcher, &batch, replay: expected.reader.replayNumber, at: now)
        }
        if case .together = expected.reader, batch.isEmpty { metrics.processed.increment(by: batch.changes) }
        return Prepared(batch: batch, expected: expected, end: max(read.upTo, start), latest: read.changes.last?.time)
    }

    private func match(
        _ change: Change, _ matcher: inout Matcher, _ batch: inout MatchedBatch, replay: Int64, at now: Timestamp
    ) async throws {
        let document = EventDocument(change)
        var enriched: [CompiledObserver] = []
        matcher.match(change, document, now: now) { observer, verdict in
            guard observer.definition.lookups.isEmpty else { return enriched.append(observer) }
            switch verdict {
            case .matches: batch.add(observer, change, document, replay: replay, at: now)
            case .failed(let failure): batch.refuse(observer, change, DeliveryFailure(failure), replay: replay)
            }
        }
        for observer in enriched {
            do {
                let document = try await lookups.enrich(document, of: change.tenant, with: observer.definition.lookups)
                switch observer.outcome(document, now: now) {
                case .matches: batch.add(observer, change, document, replay: replay, at: now)
                case .failed(let failure): batch.refuse(observer, change, DeliveryFailure(failure), replay: replay)
                case .differs: break
                }
            } catch let failure as Failure where failure.kind == .invalid {
                // The event does not allow this lookup, which is no reason to stop the others.
                batch.refuse(observer, change, DeliveryFailure(failure), replay: replay)
            }
        }
    }

    /// Stores a batch. Returns false when observers have changed meanwhile, so that it must be made again.
    private func store(_ prepared: Prepared) async throws -> Bool {
        let now = log.time.now()
        let start = ContinuousClock.now
        let stored = try await log.database.write(.readCommitted) { [store] transaction in
            try store.store(prepared.batch, prepared.expected, upTo: prepared.end, at: now, in: transaction)
        }
        guard let stored else { return false }
        metrics.batchDuration.observe(ContinuousClock.now - start)
        metrics.batchSize.observe(Double(prepared.batch.changes))
        if !prepared.batch.isEmpty { metrics.processed.increment(by: prepared.batch.changes) }
        let ran = prepared.batch.statements.count { !stored.channels.contains($0.delivery.key.channel) }
        metrics.executed.with(ActionType.database.rawValue).increment(by: max(0, ran - stored.failures.count))
        for failure in stored.failures {
            metrics.failed.with(ActionType.database.rawValue, failure.decision.failure?.reason ?? "failed").increment()
        }
        if !stored.channels.isEmpty { wake(stored.channels) }
        return true
    }

    private func report(_ position: LogPosition, _ latest: Timestamp?) {
        let backlog = max(0, log.head.value - position.value)
        metrics.backlog.set(Double(backlog))
        let waited = latest.map { log.time.now().microseconds - $0.microseconds } ?? 0
        metrics.lag.set(backlog == 0 ? 0 : Double(max(0, waited)) / 1_000_000)
    }
}
