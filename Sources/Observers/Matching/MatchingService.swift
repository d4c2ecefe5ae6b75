import ChangeLog
import Core
import Expressions
import Logging
import ServiceLifecycle
import Storage
import Synchronization
import Telemetry

/// Leads the changes of the log to the observers: matches them, and stores what is to be done together with how far it
/// came. While a batch is stored, the next one is read and matched.
final class MatchingService: Service {
    /// How far an idle observer's stored position may stay behind: storing that there was nothing costs a durable
    /// write.
    static let storeDistance: Int64 = 10_000
    /// How long it may stay behind, so that a server that stops at once asks nobody again about what was turned down
    /// long ago.
    private static let storeInterval = Duration.seconds(2)
    /// How long it waits at most before it looks at the log again.
    static let pollInterval = Duration.milliseconds(500)
    private static let shortestPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(10)

    /// A batch that was matched and is to be stored.
    private struct Prepared: Sendable {
        let batch: MatchedBatch
        let expected: MatchStore.Expectation
        let end: LogPosition
        /// The time of its first change.
        let first: Timestamp?
        /// When the first change was read of those that are not stored.
        let since: ContinuousClock.Instant

        /// How much of the log it is about.
        var distance: Int64 { end.value - expected.position.value }

        /// Whether storing it may wait for a later one.
        var isIdle: Bool {
            guard batch.isEmpty, distance > 0 else { return batch.isEmpty }
            return distance < MatchingService.storeDistance && .now - since < MatchingService.storeInterval
        }
    }

    /// How far matching is, for who asks meanwhile.
    private struct Place {
        let position: LogPosition
        /// The time of the first change after it, if that has been read.
        var waitsSince: Timestamp?
    }

    private let log: ChangeLog
    private let catalog: ObserverCatalog
    private let partitions: Partitions
    private let lookups: LookupReader
    private let store: MatchStore
    private let metrics: ObserverMetrics
    private let alerts: FailureAlerts
    private let batchLimit: Int
    private let wake: @Sendable (Set<DeliveryChannelKey>) -> Void
    private let logger: Logger
    /// Nil while there is nothing to match, or another instance does it.
    private let place = Mutex<Place?>(nil)
    /// What was matched for nobody and is not stored yet.
    private let idle = Mutex<IdleRange?>(nil)

    /// - parameter wake: is told which actions have something to deliver.
    init(
        _ log: ChangeLog, _ catalog: ObserverCatalog, _ partitions: Partitions, _ lookups: LookupReader,
        _ statements: NamedStatements, settings: SettingsValues, registry: MetricsRegistry, metrics: ObserverMetrics,
        alerts: FailureAlerts, logger: Logger, wake: @escaping @Sendable (Set<DeliveryChannelKey>) -> Void
    ) {
        self.log = log
        self.catalog = catalog
        self.partitions = partitions
        self.lookups = lookups
        self.metrics = metrics
        self.alerts = alerts
        self.wake = wake
        self.logger = logger
        store = MatchStore(partitions: partitions, statements: statements)
        batchLimit = settings[ObserversSettings.batch]
        // Asked when somebody looks, so it grows while nothing can be stored.
        registry.onCollect { [weak self] in self?.report() }
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
        await storeIdle()
    }

    /// Stores at the end how far it came, so that the tables of a server that does not run say what is left to do. On a
    /// shared database another instance goes on.
    private func storeIdle() async {
        guard !log.isShared, !Task.isCancelled else { return }
        do {
            try await settle()
        } catch {
            logger.info("how far matching came was not stored", metadata: ["error": "\(error)"])
        }
    }

    /// Stores what was matched for nobody, before anybody is asked who may be another one by now.
    private func settle() async throws {
        guard let range = idle.withLock({ $0 }) else { return }
        do {
            try await log.database.write(.readCommitted) { [partitions] in try range.store(partitions, in: $0) }
        } catch let failure as Failure where failure.code == Failure.partitionLostCode {
            // Whoever has taken over has said by now, or says soon, how far it came.
            logger.info("how far matching came is left to another instance")
        }
        idle.withLock { $0 = nil }
    }

    /// Goes on from what is stored until the observers or their places change.
    private func follow() async throws {
        try await settle()
        guard partitions.matches else {
            place.withLock { $0 = nil }
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
        guard let prepared = try await prepare(expected, &matcher, upTo: end) else { return }
        _ = try await store(prepared)
    }

    /// Follows the end of the log for those that stand together, until something changes.
    private func together(
        _ observers: [CompiledObserver], _ state: ObserverProgress.State, isAlone: Bool
    ) async throws {
        guard !observers.isEmpty else {
            place.withLock { $0 = nil }
            return try await log.waitForChange(after: log.head, atMost: isAlone ? Self.pollInterval : .milliseconds(1))
        }
        let first = MatchStore.Expectation(generation: state.generation, position: state.position)
        var matcher = Matcher(observers)
        place.withLock { $0 = Place(position: state.position) }
        guard var prepared = try await prepare(first, &matcher, upTo: log.head) else { return }
        while partitions.matches {
            try Task.checkCancellation()
            let next = MatchStore.Expectation(generation: state.generation, position: prepared.end)
            let held = prepared
            noteIdle(held, of: observers)
            if prepared.isIdle {
                place.withLock { $0 = Place(position: held.end) }
                guard isAlone, try await isCurrent(state.generation) else { return }
                try await log.waitForChange(after: prepared.end, atMost: Self.pollInterval)
                guard log.head > prepared.end else { continue }
                // What was not stored is part of the distance to what will be.
                guard let further = try await prepare(held.expected, &matcher, after: held, upTo: log.head) else {
                    return
                }
                prepared = further
                continue
            }
            place.withLock { $0?.waitsSince = held.first }
            async let isStored = store(held)
            let following = try await prepare(next, &matcher, upTo: log.head)
            guard try await isStored else { return }
            idle.withLock { $0 = nil }
            guard isAlone, let following else { return }
            place.withLock { $0 = Place(position: held.end, waitsSince: following.first) }
            prepared = following
        }
    }

    /// Notes how far the log is matched for nobody. What comes then is stored together with that.
    private func noteIdle(_ prepared: Prepared, of observers: [CompiledObserver]) {
        guard prepared.batch.isEmpty, prepared.distance > 0 else { return }
        let range = IdleRange(
            start: prepared.expected.position, end: prepared.end, observers: Set(observers.map(\.number)))
        idle.withLock { $0 = range }
    }

    private func isCurrent(_ generation: Int64) async throws -> Bool {
        try await log.database.read { try ObserverProgress.state(in: $0).generation } == generation
    }

    /// Reads and matches the changes that come next.
    ///
    /// - parameter former: a batch for nobody that comes before them and is not stored.
    /// - returns: nil when observers have changed by the time at which the changes were read, so that others may be
    ///   meant by them.
    private func prepare(
        _ expected: MatchStore.Expectation, _ matcher: inout Matcher, after former: Prepared? = nil,
        upTo head: LogPosition
    ) async throws -> Prepared? {
        let start = former?.end ?? expected.position
        let types = matcher.entityTypes.flatMap { $0.count > ChangeLog.typeLimit ? nil : $0 }
        let limit = batchLimit
        let read = try await log.database.read { transaction in
            let oldest = try ChangeLog.start(in: transaction)
            let read = try ChangeLog.batch(
                after: max(start, oldest), upTo: head, limit: limit, types: types, in: transaction)
            // Asked last: what was there before the observers changed is there for those who were before.
            return try ObserverProgress.state(in: transaction).generation == expected.generation ? read : nil
        }
        guard let read else { return nil }
        let now = log.time.now()
        var batch = MatchedBatch()
        var end = max(read.upTo, start)
        for change in read.changes {
            try await match(change, &matcher, &batch, replay: expected.reader.replayNumber, at: now)
            batch.changes += 1
            // What is stored at once keeps others from writing for as long.
            if batch.isFull {
                end = change.position
                break
            }
        }
        if case .together = expected.reader, batch.isEmpty { metrics.processed.increment(by: batch.changes) }
        let since = former.flatMap { $0.distance > 0 ? $0.since : nil } ?? .now
        return Prepared(batch: batch, expected: expected, end: end, first: read.changes.first?.time, since: since)
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
                batch.refuse(observer, change, .lookup(failure), replay: replay)
            }
        }
    }

    private func store(
        _ prepared: Prepared, defersStatements: Bool, at now: Timestamp
    ) async throws -> MatchStore.Stored? {
        try await log.database.write(.readCommitted) { [store] transaction in
            try store.store(
                prepared.batch, prepared.expected, upTo: prepared.end, defersStatements: defersStatements, at: now,
                in: transaction)
        }
    }

    /// Stores a batch. Returns false when observers have changed meanwhile, so that it must be made again.
    private func store(_ prepared: Prepared) async throws -> Bool {
        let now = log.time.now()
        let start = ContinuousClock.now
        let result: MatchStore.Stored?
        do {
            result = try await store(prepared, defersStatements: false, at: now)
        } catch let failure as Failure where failure.code != Failure.partitionLostCode && prepared.batch.hasStatements {
            // One of the statements may have ended the transaction for all. As deliveries they fail by themselves; when
            // it was not for them, this fails too.
            logger.info("statements are run one by one", metadata: ["error": "\(failure)"])
            result = try await store(prepared, defersStatements: true, at: now)
        }
        guard let stored = result else { return false }
        metrics.batchDuration.observe(ContinuousClock.now - start)
        metrics.batchSize.observe(Double(prepared.batch.changes))
        if !prepared.batch.isEmpty { metrics.processed.increment(by: prepared.batch.changes) }
        note(stored)
        if !stored.channels.isEmpty { wake(stored.channels) }
        return true
    }

    /// Counts the attempts that were made as a batch was stored, and tells of those that are given up.
    private func note(_ stored: MatchStore.Stored) {
        metrics.noteDone(.database, took: stored.statementTimes)
        metrics.noteDone(.search, took: stored.indexTimes)
        for failure in stored.failures {
            metrics.note(
                failure.action.type, attempt: failure.decision.attempts, failure: failure.decision.failure,
                took: failure.duration)
            alerts.note(failure.decision, of: failure.delivery, failure.observer, failure.action)
        }
    }

    /// Says how far behind it is.
    private func report() {
        let place = place.withLock { $0 }
        let backlog = place.map { max(0, log.head.value - $0.position.value) } ?? 0
        let waited = place?.waitsSince.map { log.time.now().microseconds - $0.microseconds } ?? 0
        metrics.backlog.set(Double(backlog))
        metrics.lag.set(backlog == 0 ? 0 : Double(max(0, waited)) / 1_000_000)
    }
}
