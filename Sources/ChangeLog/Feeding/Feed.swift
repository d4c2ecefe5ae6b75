import Core
public import Logging
public import ServiceLifecycle
import Storage
public import Telemetry

/// Leads changes of entities to what a role makes of them (``FeedSink``), which it writes by units of work of its own:
/// they stand in the log like anybody's.
///
/// One instance does it, under a lease. How far it is stands in the same transaction as what it writes. Where the log
/// does not go back to where it is, what stands in the tables of the entities is read first (``FeedReader``).
public struct Feed<Sink: FeedSink>: Service {
    /// How many changes are taken over at once.
    private static var batchLimit: Int { 200 }
    /// How long it rests when there is nothing to take over.
    private static var rest: Duration { .milliseconds(200) }
    /// How far it may come before it is stored where nothing else is written: each time costs a durable write.
    private static var storeDistance: Int64 { 10_000 }
    /// How far it comes before retention is told.
    private static var keepDistance: Int64 { 1_000 }

    private let sink: Sink
    private let types: Set<String>
    private let log: ChangeLog
    private let reader: FeedReader<Sink>
    private let lease: Lease
    private let isOn: Bool
    private let counters: FeedCounters
    private let logger: Logger

    /// A feed that does nothing until it runs.
    ///
    /// - parameters:
    ///   - entities: has the tables of the entities.
    ///   - lease: lets one instance do it.
    ///   - isOn: whether it is wanted. One that is off takes nothing over, and no changes are kept for it.
    public init(
        _ sink: Sink, of log: ChangeLog, from entities: any EntityImages, under lease: Lease, isOn: Bool,
        counters: FeedCounters, logger: Logger
    ) {
        self.sink = sink
        self.log = log
        self.lease = lease
        self.isOn = isOn
        self.counters = counters
        types = Set(sink.types)
        reader = FeedReader(sink: sink, log: log, entities: entities)
        var logger = logger
        logger[metadataKey: "feed"] = "\(sink.name)"
        self.logger = logger
    }

    /// Takes over what there is, and what comes, until the service stops.
    public func run() async throws {
        guard isOn else { return try await rest() }
        await lease.sweep(resting: Self.rest, clock: ContinuousClock()) { try await takeOver(under: $0) }
    }

    /// Does nothing, and lets retention delete what was kept for it when it was on.
    private func rest() async throws {
        do {
            if try await progress().kept != nil { try await log.forgetFollower(sink.name) }
        } catch {
            logger.warning("changes are kept for a feed that is off", metadata: ["error": "\(error)"])
        }
        try await gracefulShutdown()
    }

    /// How far it is.
    func progress() async throws -> FeedProgress {
        try await log.database.read { [sink] in try FeedProgress(of: sink, in: $0) }
    }

    /// Takes over a part of what comes next: some changes of one tenant, or some of what stands in the tables.
    ///
    /// - parameter grant: refuses the transaction once the lease is lost; nil where nobody else can do the same work.
    /// - returns: 0 when there is nothing more for now.
    @discardableResult
    func takeOver(under grant: LeaseGrant? = nil) async throws -> Int {
        let progress = try await progress()
        if let reading = progress.reading, reading.position >= progress.start {
            try await keep(reading.position, progress)
            let count = try await reader.step(reading, under: grant)
            counters.entities.increment(by: count)
            return max(1, count)
        }
        guard progress.position >= progress.start else { return try await beginReading(progress, grant) }
        try await keep(progress.position, progress)
        return try await follow(progress, grant)
    }

    /// The log does not tell how the entities became what they are.
    private func beginReading(_ progress: FeedProgress, _ grant: LeaseGrant?) async throws -> Int {
        let head = log.head
        // Where several instances write, it takes a moment after the start until it is known how far the log is.
        let last = try await log.database.read { try ChangeLog.last(in: $0) }
        guard head >= progress.start, head > .start || last == .start else { return 0 }
        logger.notice("a feed reads entities from their tables", metadata: ["position": "\(head)"])
        try await reader.save(FeedReading(from: head, types: sink.types), grant)
        return 1
    }

    private func follow(_ progress: FeedProgress, _ grant: LeaseGrant?) async throws -> Int {
        // Before the changes are looked for: there are none up to here where none is found.
        let head = log.head
        let found = try await log.changes(after: progress.position, limit: Self.batchLimit, types: types)
        guard let first = found.first else {
            if head.value - progress.position.value >= Self.storeDistance { try await save(head, grant) }
            return 0
        }
        let changes = Array(found.prefix { $0.tenant == first.tenant })
        guard let last = changes.last else { return 0 }
        let updates = try changes.compactMap(sink.update)
        _ = try await log.write(ChangeContext(tenant: first.tenant, actor: sink.name)) { [sink] unit in
            try grant?.check(in: unit.transaction)
            for update in updates { try sink.write(update, in: unit) }
            try FeedProgress.save(last.position, sink.name, in: unit.transaction)
        }
        counters.changes.increment(by: changes.count)
        return changes.count
    }

    private func save(_ position: LogPosition, _ grant: LeaseGrant?) async throws {
        _ = try await log.database.write { [sink] transaction in
            try grant?.check(in: transaction)
            try FeedProgress.save(position, sink.name, in: transaction)
        }
    }

    /// Has retention keep the changes after a position.
    private func keep(_ position: LogPosition, _ progress: FeedProgress) async throws {
        if let kept = progress.kept, (0..<Self.keepDistance).contains(position.value - kept.value) { return }
        try await log.keepChanges(after: position, for: sink.name)
    }
}

/// What a ``Feed`` counts.
public struct FeedCounters: Sendable {
    let changes: Counter
    let entities: Counter

    /// - parameters:
    ///   - changes: the changes that were taken over.
    ///   - entities: the entities that were read from their tables.
    public init(changes: Counter, entities: Counter) { (self.changes, self.entities) = (changes, entities) }
}
