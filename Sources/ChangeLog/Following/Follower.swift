public import Core
public import Logging
public import ServiceLifecycle
import Storage
import Synchronization
public import Telemetry

/// Leads the changes of the log to one projection, in their order, each once.
///
/// Each projection has a follower of its own, so one that fails or is slow holds back nobody else. A signal wakes it; a
/// look at the log once in a while is what it relies on.
public final class Follower: Service {
    /// How long it waits at most before it looks at the log again.
    public static let pollInterval = Duration.seconds(1)
    /// How often at most it stores in the table `followers` how far it is, for retention.
    public static let saveInterval = Duration.seconds(5)

    private let log: ChangeLog
    private let projection: any Projection
    private let batchLimit: Int
    private let machine: FollowerStateMachine
    /// Where something of its types changed last, if it does not follow all types.
    private let mark: ChangeMark?
    private let metrics: FollowerMetrics
    private let logger: Logger
    private let applied = Atomic<Int64>(0)
    private let reached = ChangeSignal()

    /// A follower of a log for a projection. It does nothing until it runs.
    public convenience init(
        _ projection: any Projection, of log: ChangeLog, settings: SettingsValues = .defaults,
        metrics: MetricsRegistry, logger: Logger
    ) {
        self.init(
            projection, of: log, settings: settings, metrics: metrics, logger: logger, machine: FollowerStateMachine())
    }

    init(
        _ projection: any Projection, of log: ChangeLog, settings: SettingsValues, metrics registry: MetricsRegistry,
        logger: Logger, machine: FollowerStateMachine
    ) {
        self.log = log
        self.projection = projection
        self.machine = machine
        mark = projection.types.map { log.mark(of: $0) }
        batchLimit = projection.batchLimit ?? settings[ChangeLogSettings.followerBatch]
        var logger = logger
        logger[metadataKey: "follower"] = "\(projection.name)"
        self.logger = logger
        let metrics = FollowerMetrics(registry, follower: projection.name)
        self.metrics = metrics
        registry.onCollect { [weak self] in
            guard let self else { return }
            metrics.lag.set(Double(max(0, lag)))
        }
    }

    /// The name of its projection.
    public var name: String { projection.name }

    /// Everything up to here is applied.
    public var position: LogPosition { LogPosition(applied.load(ordering: .acquiring)) }

    /// How many changes it is behind.
    public var lag: Int64 { log.head.value - position.value }

    /// Returns once everything up to a position is applied, so that a reader sees what it has written.
    ///
    /// - throws: ``Failure`` `position_not_reached` when that takes longer than a while.
    public func waitUntil(position wanted: LogPosition, atMost duration: Duration) async throws {
        try await reached.wait(atMost: duration) { position >= wanted }
        guard position >= wanted else {
            throw Failure(
                .unavailable, code: "position_not_reached",
                "\(name) is at position \(position) and has not reached \(wanted) in time. Try again, or read without "
                    + "a position to take what there is.", retryAfter: 1)
        }
    }

    /// Follows until the service stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.follow() }
    }

    private func follow() async {
        var machine = machine
        var saved = SavedPosition()
        var action = machine.start()
        do {
            while true {
                try Task.checkCancellation()
                let event = try await perform(action)
                action = machine.handle(event)
                publish(machine.position)
                if let due = saved.due(machine.stored, every: Self.saveInterval) { await save(due) }
            }
        } catch {
            // Only a cancellation ends the loop. What is saved last lets retention go on while the server is down.
            if let last = machine.stored { await save(last) }
        }
    }

    /// Does what the state machine says. Every failure but a cancellation becomes an event.
    private func perform(_ action: FollowerStateMachine.Action) async throws -> FollowerStateMachine.Event {
        do {
            switch action {
            case .locate: return try await locate()
            case .rebuild:
                logger.notice("rebuilding")
                let start = ContinuousClock.now
                try await projection.rebuild()
                metrics.rebuilds.increment()
                logger.notice("rebuilt", metadata: ["seconds": "\(ContinuousClock.now - start)"])
                return .rebuilt
            case .read(let position): return .read(try await read(after: position))
            case .apply(let changes, let upTo):
                try await projection.apply(changes, upTo: upTo)
                metrics.batchSize.observe(Double(changes.count))
                return .applied(upTo)
            case .wait(let position):
                try await log.waitForChange(after: position, atMost: Self.pollInterval)
                guard projection.isUsable else {
                    throw Failure.internal("The state of the projection was found damaged.")
                }
                return .waited
            case .pause(let duration):
                try await Task.sleep(for: duration)
                return .paused
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            metrics.failures.increment()
            logger.warning("a follower failed and will try again", metadata: ["error": "\(error)"])
            return .failed
        }
    }

    private func locate() async throws -> FollowerStateMachine.Event {
        let position = try await projection.position()
        let (start, last) = try await log.database.read { transaction in
            (try ChangeLog.start(in: transaction), try ChangeLog.last(in: transaction))
        }
        return .located(position, start: start, last: last)
    }

    private func read(after position: LogPosition) async throws -> ChangeBatch? {
        // In this order: a change up to the head has moved the mark by then.
        let head = log.head
        if let mark, mark.position <= position { return ChangeBatch(changes: [], upTo: max(head, position)) }
        return try await log.database.read { [batchLimit, types = projection.types] transaction in
            if try ChangeLog.start(in: transaction) > position { return nil }
            return try ChangeLog.read(
                after: position, upTo: head, limit: batchLimit, types: types, in: transaction
            ).withWholeUnits(beyond: head, types: types, in: transaction)
        }
    }

    private func publish(_ position: LogPosition) {
        guard applied.exchange(position.value, ordering: .acquiringAndReleasing) != position.value else { return }
        reached.fire()
    }

    private func save(_ position: LogPosition) async {
        do {
            try await log.saveFollower(name, at: position)
        } catch {
            metrics.failures.increment()
            logger.warning("a follower's position was not saved", metadata: ["error": "\(error)"])
        }
    }
}

/// When to save a follower's position: when it has moved, but only once in a while.
private struct SavedPosition {
    /// How often at least it is saved: who is not seen for long is taken for gone.
    private static let sightInterval = Duration.seconds(3_600)

    private var saved: LogPosition?
    private var next = ContinuousClock.now
    private var seen = ContinuousClock.now

    /// The position to save now, or nil when it is not time yet or nothing has changed.
    mutating func due(_ position: LogPosition?, every interval: Duration) -> LogPosition? {
        let now = ContinuousClock.now
        guard let position, now >= (position == saved ? seen : next) else { return nil }
        next = now + interval
        seen = now + Self.sightInterval
        saved = position
        return position
    }
}

/// What a follower counts.
private struct FollowerMetrics {
    let lag: Gauge
    let batchSize: Histogram
    let failures: Counter
    let rebuilds: Counter

    init(_ registry: MetricsRegistry, follower: String) {
        lag = registry.gauge(
            "follower_lag_changes", "How many changes a follower is behind the log.", labels: ["follower"]
        ).with(follower)
        batchSize = registry.histogram(
            "follower_batch_size", "How many changes a follower applied in one transaction.", labels: ["follower"],
            buckets: Histogram.counts
        ).with(follower)
        failures = registry.counter(
            "follower_failures_total", "How often a follower failed and tried again.", labels: ["follower"]
        ).with(follower)
        rebuilds = registry.counter(
            "follower_rebuilds_total", "How often a follower's state was made anew from the tables.",
            labels: ["follower"]
        ).with(follower)
    }
}
