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
    /// Tells this process from others that work on the same database.
    public let instance: String
    private let identifiers = IdentifierGenerator()
    /// Up to here the log is settled.
    private let settled: Atomic<Int64>
    /// The latest change that was written here.
    private let written: Atomic<Int64>
    private let signal = ChangeSignal()
    private let calls = Atomic<Int>(0)
    private let marks = Mutex<[ChangeMark]>([])
    private let positionGauge: Gauge

    /// Opens the log of a database whose schema is in place.
    ///
    /// - parameter instance: tells this process from others that work on the same database.
    public init(
        database: any Database, time: any TimeSource = SystemTime(), instance: String = "",
        settings: SettingsValues = .defaults,
        metrics: MetricsRegistry
    ) async throws {
        self.database = database
        self.time = time
        self.instance = instance
        cache = EntityCache(settings: settings, metrics: metrics)
        // Where others write too, only a ``LogTail`` can tell what is settled.
        let last =
            database.dialect == .sqlite ? try await database.read { try Self.last(in: $0).value } : 0
        settled = Atomic(last)
        written = Atomic(last)
        positionGauge = metrics.gauge("change_log_position", "The position of the latest change.").with()
        positionGauge.set(Double(last))
        // Of the changes before, nobody has told the cache. Where others write too, a ``LogTail`` says where it begins.
        cache.changes.raiseFloor(to: isShared ? LogPosition(.max) : LogPosition(last))
    }

    /// Whether other processes write to the same database.
    public var isShared: Bool { database.dialect == .postgres }

    /// How far the log is settled, as far as this process knows: no change will ever appear at or before this position,
    /// and a read that begins now sees all of them.
    public var head: LogPosition { LogPosition(settled.load(ordering: .acquiring)) }

    /// The greatest position of which a read that begins now sees the change: what was written here is seen at once,
    /// though others may still commit changes before it.
    public var seen: LogPosition { max(head, LogPosition(written.load(ordering: .acquiring))) }

    /// Does a unit of work: all of it durably, with its changes in the log, or nothing.
    ///
    /// - throws: what the closure throws, or a ``Failure`` of the storage.
    public func write<T: Sendable>(
        _ context: ChangeContext, isolation: Isolation = .serializable,
        _ body: @escaping @Sendable (UnitOfWork) throws -> T
    ) async throws -> Written<T> {
        let (value, position) = try await database.write(isolation) { [self] transaction in
            let unit = UnitOfWork(transaction, context, now: time.now(), identifiers: identifiers)
            let value = try body(unit)
            try unit.flush()
            if unit.hasChanges {
                let (updated, types, tenant, last) = (unit.updated, unit.entityTypes, unit.tenant, unit.last)
                transaction.afterCommit { [self] in
                    let position = last.position
                    cache.remove(updated, changedAt: position)
                    cache.changed(types, of: tenant, at: position)
                    mark(position, changing: types)
                    written.max(position.value, ordering: .acquiringAndReleasing)
                    if isShared { signal.fire() } else { settle(position) }
                }
            }
            return (value, unit.hasChanges ? unit.last : nil)
        }
        return Written(value: value, position: position?.position ?? head)
    }

    /// Runs queries on one snapshot. The position is one that the snapshot includes.
    public func read<T: Sendable>(
        _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> Written<T> {
        let position = head
        return Written(value: try await database.read(body), position: position)
    }

    /// Runs queries on one snapshot that includes what a client has seen. A replica may answer: the position is one
    /// that its snapshot includes, and may be before ``head``.
    ///
    /// - parameters:
    ///   - seen: the position that must be included; nil for whatever the server has that answers.
    ///   - isForPrimary: whether a replica may answer only while the primary does not.
    public func read<T: Sendable>(
        atLeast seen: LogPosition?, isForPrimary: Bool = false,
        _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> Written<T> {
        let position = head
        let requirement = ReadRequirement(position: seen ?? .start, isForPrimary: isForPrimary)
        let read = try await database.read(requirement, body)
        return Written(value: read.value, position: read.position ?? position)
    }

    /// Runs queries on one snapshot of the primary, or of any replica that answers while the primary does not.
    public func readAnywhere<T: Sendable>(
        _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> (value: T, isFromReplica: Bool) {
        let read = try await database.read(ReadRequirement(position: .start, isForPrimary: true), body)
        return (read.value, read.position != nil)
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

    /// Returns once a read that begins then sees the change at a position, or after a while.
    ///
    /// - returns: whether it does. The caches may not have heard of the change before ``head`` has come so far.
    public func waitUntilSeen(_ position: LogPosition, atMost duration: Duration) async throws -> Bool {
        let deadline = ContinuousClock.now + duration
        while head < position {
            let rest = deadline - ContinuousClock.now
            // Where others write too, a long transaction may hold the head back though the change itself is there.
            if isShared, try await isVisible(position) { return true }
            guard rest > .zero else { return false }
            try await waitForChange(after: head, atMost: isShared ? min(rest, Self.visibilityPeriod) : rest)
        }
        return true
    }

    /// How often a position is looked for that is not settled yet.
    private static let visibilityPeriod = Duration.milliseconds(20)

    private func isVisible(_ position: LogPosition) async throws -> Bool {
        do {
            // On a replica this change alone would say nothing of those before it, which may be committed later.
            return try await read(atLeast: position, isForPrimary: true) {
                try $0.exists("SELECT 1 FROM changes WHERE position = \(position)")
            }.value
        } catch let failure as Failure where failure.isStorageUnreachable {
            // The primary may be back before the time is over.
            return false
        }
    }

    /// A mark that stays at the latest change of entities of some types.
    public func mark(of types: Set<String>) -> ChangeMark {
        let mark = ChangeMark(of: types)
        marks.withLock { $0.append(mark) }
        // What was changed before it was there may have been of these types.
        mark.advance(to: head)
        return mark
    }

    /// Returns once everything that was written here is settled, or after a while.
    func waitUntilSettled(atMost duration: Duration) async throws {
        let wanted = LogPosition(written.load(ordering: .acquiring))
        try await signal.wait(atMost: duration) { head >= wanted }
    }

    /// Returns once the log is settled up to a position.
    ///
    /// - throws: ``Failure`` `position_not_reached` when that takes longer than a while.
    public func waitUntilSettled(_ position: LogPosition, atMost duration: Duration) async throws {
        try await signal.wait(atMost: duration) { head >= position }
        guard head >= position else {
            throw Failure(
                .unavailable, code: "position_not_reached",
                "The log is settled up to position \(head) and not yet up to \(position), because a transaction "
                    + "goes on. Try again, or read without a position to take what there is.", retryAfter: 1)
        }
    }

    /// Up to where tables that are read from now on have all: of what stands after it some may not be committed yet,
    /// and what is committed later may stand before the last change that is there.
    ///
    /// - throws: ``Failure`` `position_not_reached` when it is not found out within a while what is settled.
    public func settledEnd() async throws -> LogPosition {
        let last = try await database.read { try Self.last(in: $0) }
        if last > .start, head == .start {
            // Where others write too, it is found out only after the start.
            try await waitUntilSettled(LogPosition(1), atMost: Self.settlingPatience)
        }
        return min(last, head)
    }

    private static let settlingPatience = Duration.seconds(30)

    /// Returns once something was written here that is not settled yet, once somebody has called (``wake()``) since the
    /// number of calls was read, or after a while.
    func waitForWork(since known: Int, atMost duration: Duration) async throws {
        try await signal.wait(atMost: duration) { seen > head || calls.load(ordering: .acquiring) != known }
    }

    /// How often somebody has called so far.
    var callCount: Int { calls.load(ordering: .acquiring) }

    /// Entities of some types have changed: before anybody is told of the position, so that whoever has seen it finds
    /// the marks no lower than its change.
    ///
    /// - parameter types: nil for all of them.
    func mark(_ position: LogPosition, changing types: [String]?) {
        for mark in marks.withLock({ $0 }) where types.map({ !mark.types.isDisjoint(with: $0) }) ?? true {
            mark.advance(to: position)
        }
    }

    /// The log is settled up to a position.
    func settle(_ position: LogPosition) {
        settled.max(position.value, ordering: .acquiringAndReleasing)
        positionGauge.set(Double(head.value))
        signal.fire()
    }

    /// Somebody may have written: look at the log now.
    func wake() {
        calls.wrappingAdd(1, ordering: .acquiringAndReleasing)
        signal.fire()
    }
}
