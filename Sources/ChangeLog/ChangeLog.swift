public import Caching
public import Core
public import Storage
import Synchronization
public import Telemetry

/// The one durable log that every change of every role is appended to, in the transaction that makes it.
public final class ChangeLog: Sendable {
    /// What a unit of work returned, and a position that includes what it did.
    public struct Written<T: Sendable>: Sendable {
        /// What the closure returned.
        public let value: T
        /// A read that has seen this position sees the work.
        public let position: LogPosition
    }

    /// The store that the log and the data of the roles live in.
    public let database: any Database
    /// Where the time of changes comes from.
    public let time: any TimeSource
    /// The images of entities that were read lately. Each change that is written here takes its own out.
    public let cache: EntityCache
    private let identifiers = IdentifierGenerator()
    private let latest: Atomic<Int64>
    private let signal = ChangeSignal()
    private let marks = Mutex<[ChangeMark]>([])
    private let positionGauge: Gauge

    /// Opens the log of a database whose schema is in place.
    public init(
        database: any Database, time: any TimeSource = SystemTime(), settings: SettingsValues = .defaults,
        metrics: MetricsRegistry
    ) async throws {
        self.database = database
        self.time = time
        cache = EntityCache(settings: settings, metrics: metrics)
        let last = try await database.read { transaction in
            try transaction.first("SELECT COALESCE(MAX(position), 0) FROM changes") { $0.integer(0) }
        }
        latest = Atomic(last ?? 0)
        positionGauge = metrics.gauge("change_log_position", "The position of the latest change.").with()
        positionGauge.set(Double(last ?? 0))
    }

    /// The position of the latest durable change that this process knows of. A read that begins now sees it.
    public var head: LogPosition { LogPosition(latest.load(ordering: .acquiring)) }

    /// Does a unit of work: all of it durably, with its changes in the log, or nothing.
    ///
    /// - throws: what the closure throws, or a ``Failure`` of the storage.
    public func write<T: Sendable>(
        _ context: ChangeContext, _ body: @escaping @Sendable (UnitOfWork) throws -> T
    ) async throws -> Written<T> {
        let (value, position) = try await database.write { [self] transaction in
            let unit = UnitOfWork(transaction, context, now: time.now(), identifiers: identifiers)
            let value = try body(unit)
            try unit.flush()
            if let position = unit.position {
                transaction.afterCommit { [self, updated = unit.updated, types = unit.entityTypes] in
                    cache.remove(updated, changedAt: position)
                    advance(to: position, changing: types)
                }
            }
            return (value, unit.position)
        }
        return Written(value: value, position: position ?? head)
    }

    /// Runs queries on one snapshot. The position is one that the snapshot includes.
    public func read<T: Sendable>(_ body: @Sendable (any ReadTransaction) throws -> T) async throws -> Written<T> {
        let position = head
        return Written(value: try await database.read(body), position: position)
    }

    /// Runs queries on one snapshot like ``read(_:)``, if that is possible without waiting and within a time; else nil.
    public func readAtOnce<T: Sendable>(
        within time: Duration, _ body: (any ReadTransaction) throws -> T
    ) throws -> Written<T>? {
        let position = head
        return try database.readAtOnce(within: time, body).map { Written(value: $0, position: position) }
    }

    /// Returns once there is a change after a position, or after a while.
    public func waitForChange(after position: LogPosition, atMost duration: Duration) async throws {
        try await signal.wait(atMost: duration) { head > position }
    }

    /// A mark that stays at the latest change of entities of some types.
    public func mark(of types: Set<String>) -> ChangeMark {
        let mark = ChangeMark(of: types)
        marks.withLock { $0.append(mark) }
        // What was changed before it was there may have been of these types.
        mark.advance(to: head)
        return mark
    }

    private func advance(to position: LogPosition, changing types: [String]) {
        // Before the head, so that whoever has seen a position finds the marks no lower than its change.
        for mark in marks.withLock({ $0 }) where !mark.types.isDisjoint(with: types) { mark.advance(to: position) }
        var current = latest.load(ordering: .relaxed)
        while current < position.value {
            let (exchanged, original) = latest.compareExchange(
                expected: current, desired: position.value, ordering: .acquiringAndReleasing)
            if exchanged { break }
            current = original
        }
        positionGauge.set(Double(head.value))
        signal.fire()
    }
}
