import Caching
public import Core
public import Logging
public import ServiceLifecycle
import Storage
public import Telemetry

/// Finds out how far a log is settled to which several processes write, and tells the caches of this one what changed.
///
/// A position is taken within a transaction and seen by others at its commit, so a later position may be seen before an
/// earlier one. The end of the log as of some moment is settled once all transactions that had begun by then have
/// ended: then no change can appear before it any more. So the tail reads the end of the log, takes a transaction
/// number, and waits until the oldest transaction that still runs is not older than that number. Each position is taken
/// after the locks on the rows that it tells of, so the order of positions is the order in which the changes of an
/// entity took effect.
public final class LogTail: Service {
    /// How many changes are read at once.
    static let batchLimit = 5_000
    /// How many of the latest changes it looks at when it begins: so an instance that was started again knows which
    /// entries of a shared cache are still good.
    static let remembered: Int64 = 20_000
    /// How long it waits at most before it looks at the log again: what it relies on when no notification comes.
    static let pollInterval = Duration.milliseconds(250)
    /// How long a transaction may hold the log back before it is named.
    static let patience = Duration.seconds(1)
    /// The channel of `NOTIFY` by which instances wake each other.
    static let channel = "millrace_changes"

    private let log: ChangeLog
    private let period: Duration
    private let lag: Histogram
    private let holdups: Gauge
    private let logger: Logger

    /// A tail of a log. It does nothing until it runs.
    public init(_ log: ChangeLog, settings: SettingsValues = .defaults, metrics: MetricsRegistry, logger: Logger) {
        self.log = log
        self.logger = logger
        period = .milliseconds(settings[ChangeLogSettings.tailInterval])
        lag = metrics.histogram(
            "change_log_settle_seconds", "How long it took until the end of the log was settled."
        ).with()
        holdups = metrics.gauge(
            "change_log_held_back_by_pid", "The server process whose transaction holds the log back; 0 when none does."
        ).with()
    }

    /// Follows the end of the log until the service stops.
    public func run() async throws {
        guard log.isShared else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown { [self] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [self] in await listen() }
                group.addTask { [self] in await follow() }
            }
        }
    }

    /// Wakes whoever waits when another instance has written.
    private func listen() async {
        for await _ in log.database.notifications(on: Self.channel) { log.wake() }
    }

    private func follow() async {
        var state = State()
        while !Task.isCancelled {
            do {
                // Read before the log is, so that no call is missed.
                let calls = log.callCount
                if try await step(&state) {
                    // Many writes are settled together; looking for each would cost the server more than the writes.
                    // The first one after a rest waits for nobody.
                    try await Task.sleep(for: period)
                } else {
                    try await log.waitForWork(since: calls, atMost: Self.pollInterval)
                }
            } catch is CancellationError {
                return
            } catch {
                logger.warning(
                    "the end of the log could not be read; it is tried again", metadata: ["error": "\(error)"])
                // A cancellation ends the loop at its head.
                try? await Task.sleep(for: Self.pollInterval)
            }
        }
    }

    /// How far the tail has come.
    struct State {
        /// The end of the log when it was last found settled, whether or not there is a change right there.
        var end: Int64 = 0
        /// Whether it has found the log settled before. What lies before the first time concerns no cache.
        var hasBegun = false
        /// The latest position of this instance that others were told of.
        var announced = LogPosition.start
    }

    /// Settles what has been written until now. Returns whether the log has moved.
    func step(_ state: inout State) async throws -> Bool {
        let end = try await number("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM change_positions")
        guard end > state.end || !state.hasBegun else { return false }
        let start = ContinuousClock.now
        // A number of our own: whoever took a position up to the end has a smaller one.
        let barrier = try await number("SELECT pg_current_xact_id()")
        let location = try await waitForTransactions(before: barrier, since: start)
        lag.observe(ContinuousClock.now - start)
        if state.hasBegun {
            try await tell(after: log.head, upTo: end)
        } else {
            let last = try await number("SELECT COALESCE(MAX(position), 0) FROM changes WHERE position <= \(end)")
            let start = LogPosition(max(0, last - Self.remembered))
            try await tell(after: start, upTo: last)
            log.cache.changes.begin(at: start)
            log.mark(LogPosition(last), changing: nil)
            log.settle(LogPosition(last))
        }
        state.hasBegun = true
        state.end = end
        log.database.settle(log.head, at: location)
        try await announce(&state)
        return true
    }

    /// Waits until every transaction with a smaller number has ended.
    ///
    /// - returns: where the write-ahead log was then: what they have committed stands before.
    private func waitForTransactions(
        before barrier: Int64, since start: ContinuousClock.Instant
    ) async throws -> WriteAheadLocation {
        var isNamed = false
        var (oldest, location) = try await oldestTransaction()
        while oldest < barrier {
            let waited = ContinuousClock.now - start
            if waited > Self.patience, !isNamed {
                isNamed = true
                try await nameHoldup()
            }
            // There is no signal for the end of a foreign transaction: it is asked for, ever less often.
            try await Task.sleep(for: min(max(waited / 4, .microseconds(500)), .milliseconds(100)))
            (oldest, location) = try await oldestTransaction()
        }
        if isNamed { holdups.set(0) }
        return location
    }

    /// The number of the oldest transaction that runs, and where the write-ahead log is after that was looked at.
    private func oldestTransaction() async throws -> (number: Int64, location: WriteAheadLocation) {
        let query: SQL = """
            SELECT pg_snapshot_xmin(pg_current_snapshot()), (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint
            """
        let found = try await log.database.read { try $0.first(query) { ($0.integer(0), $0.integer(1)) } }
        return found.map { ($0, WriteAheadLocation($1)) } ?? (0, .start)
    }

    private func nameHoldup() async throws {
        let oldest = try await log.database.read { transaction in
            try transaction.first(
                """
                SELECT pid, COALESCE(application_name, ''), COALESCE(EXTRACT(EPOCH FROM now() - xact_start), 0)::bigint
                FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start LIMIT 1
                """
            ) { (pid: $0.integer(0), name: $0.text(1), seconds: $0.integer(2)) }
        }
        guard let oldest else { return }
        holdups.set(Double(oldest.pid))
        logger.warning(
            "a transaction holds the change log back; followers and caches of other instances wait for its end",
            metadata: ["pid": "\(oldest.pid)", "application": "\(oldest.name)", "seconds": "\(oldest.seconds)"])
    }

    /// Tells the caches which entities have changed, and then everybody how far the log is settled.
    private func tell(after position: LogPosition, upTo end: Int64) async throws {
        var position = position
        while true {
            let after = position
            let changes = try await log.database.read { transaction in
                try transaction.rows(
                    """
                    SELECT position, tenant, entity_type, entity_id FROM changes
                    WHERE position > \(after) AND position <= \(end) ORDER BY position LIMIT \(Self.batchLimit)
                    """
                ) { row in
                    let tenant = Tenant(row.integer(1))
                    let key = EntityCache.Key(tenant, row.text(2), try row.identifier(3))
                    return (position: row.position(0), tenant: tenant, key: key, type: row.text(2))
                }
            }
            for change in changes {
                log.cache.remove([change.key], changedAt: change.position)
                log.cache.changed([change.type], of: change.tenant, at: change.position)
            }
            guard let last = changes.last else { return }
            log.mark(last.position, changing: Array(Set(changes.map(\.type))))
            log.settle(last.position)
            position = last.position
            if changes.count < Self.batchLimit { return }
        }
    }

    /// Wakes the other instances when this one has written.
    private func announce(_ state: inout State) async throws {
        guard log.seen > state.announced else { return }
        state.announced = log.seen
        _ = try await log.database.read { try $0.exists("SELECT pg_notify(\(Self.channel), '')") }
    }

    private func number(_ query: SQL) async throws -> Int64 {
        try await log.database.read { try $0.first(query) { $0.integer(0) } } ?? 0
    }
}
