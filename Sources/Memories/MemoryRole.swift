public import ChangeLog
public import Core
public import Logging
public import Search
public import ServiceLifecycle
public import Storage
public import Telemetry

/// Memories: the role that keeps points with vectors and payloads, and finds them.
///
/// A program that imports it makes one on a log, writes through ``collections`` and ``points`` in units of work,
/// searches by ``search(_:in:of:)``, and runs ``services``.
public final class MemoryRole: Sendable {
    /// The log that it writes to and follows.
    public let log: ChangeLog
    /// The collections of points.
    public let collections = Collections()
    /// The points of collections.
    public let points = Points()
    /// Leads the log to the indexes.
    public let follower: Follower
    /// What runs, in the order in which it starts.
    public let services: [any Service]

    /// The snapshots of collections; nil where nothing is kept in files.
    public let snapshots: Snapshots?

    let indexes: CollectionIndexes
    let files: IndexFiles?
    let checker: RecallChecker
    /// Makes indexes beside the follower.
    let builder: IndexBuilder
    private let engines: VectorEngines
    private let keeper: IndexKeeper?
    private let searchTime: Duration
    private let answerLimit: Int

    /// Where snapshots stand in the directory of the role. Unlike the other files there they are derived from nothing.
    static let snapshotDirectory = "snapshots"

    /// The role on a log. It finds nothing until its services run.
    ///
    /// - parameters:
    ///   - directory: where the indexes are kept over a restart; nil is nowhere.
    ///   - access: the engine beside this server that finds vectors; nil finds them here.
    public init(
        _ log: ChangeLog, directory: String? = nil, engine access: EngineAccess? = nil,
        settings: SettingsValues = .defaults, metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        searchTime = .milliseconds(settings[MemoriesSettings.searchTime])
        answerLimit = settings[MemoriesSettings.answerLimit]
        let files = directory.map(IndexFiles.init(directory:))
        let engines = VectorEngines(external: access?.engine, metrics: EngineMetrics(metrics))
        self.engines = engines
        let indexes = CollectionIndexes(log, collections, points, engines, files: files, logger: logger)
        self.indexes = indexes
        self.files = files
        snapshots = directory.map { [collections, points] directory in
            Snapshots(log, collections, points, directory: "\(directory)/\(Self.snapshotDirectory)")
        }
        let isKept = files != nil || access != nil
        keeper = isKept ? IndexKeeper(indexes, files, settings: settings, metrics: metrics, logger: logger) : nil
        checker = RecallChecker(indexes, settings: settings, metrics: metrics, logger: logger)
        builder = IndexBuilder(indexes, metrics: metrics, logger: logger)
        MemoryMetrics.register(indexes, in: metrics)
        follower = Follower(indexes, of: log, settings: settings, metrics: metrics, logger: logger)
        let linker = IndexLinker(indexes, logger: logger)
        let linking = IdleWork(log, follower) { linker.work() }
        let filler = VectorFiller(log, indexes, logger: logger)
        let sweeper = PointSweeper(
            log, collections, points, settings: settings, metrics: metrics, logger: logger)
        services = [follower, builder, linking, filler, sweeper, checker] + (keeper.map { [$0] } ?? [])
    }

    /// Keeps the indexes for the next start. The services must have stopped.
    public func close() {
        keeper?.writeChanged()
        engines.external?.close()
    }

    /// What the engine beside this server that finds vectors is called; nil when this server finds them.
    public var engineName: String? { engines.external?.name }

    /// Where searches wait for an engine beside this server; nil when there is none, and nothing to wait for.
    public var waitingThreads: (any TaskExecutor)? { engines.external?.threads }

    /// Asks the engine beside this server whether it is there and fit.
    ///
    /// - throws: ``Failure`` of the kind `invalid` when somebody must correct something first, else `unavailable`.
    public func checkEngine() async throws { try await engines.check() }

    /// Whether the indexes have been made since the start.
    public var isReady: Bool { indexes.isReady }

    /// What one request may read and compute from now on.
    public func budget() -> SearchBudget { SearchBudget(bytes: answerLimit, time: searchTime) }

    /// Searches the points of a collection on one snapshot.
    ///
    /// - parameters:
    ///   - name: the collection.
    ///   - body: asks what it likes; what it reads in the tables is of the same moment or a later one than what the
    ///     index has.
    /// - throws: ``Failure`` `collection_not_found`, `index_not_ready`, `search_too_long`, `answer_too_large`.
    public func search<T>(
        _ name: String, of tenant: Tenant, in transaction: any ReadTransaction, _ body: (CollectionSearch) throws -> T
    ) throws -> T {
        guard indexes.isReady else { throw Self.notReady }
        guard let index = indexes.find(name, of: tenant) else { throw Collections.notFound(name) }
        do {
            return try index.search { snapshot in
                let rows = StoredPointRows(points: points, collection: snapshot.collection, transaction: transaction)
                return try body(
                    CollectionSearch(
                        QueryRunner(
                            snapshot: snapshot, index: index, rows: rows, now: log.time.now(), checker: checker,
                            budget: budget())))
            }
        } catch let failure as Failure where failure.code == "vector_set_missing" {
            indexes.remake(index.collection.number)
            throw failure
        }
    }

    /// Searches what there was of one user at a position of the change log. All of it is compared.
    ///
    /// - parameter transaction: must not have read anything yet.
    /// - throws: ``Failure`` `collection_not_found`, `index_not_ready`, `history_gone`, `history_not_kept`,
    ///   `invalid_request` when the position is not there yet, or the user
    ///   has more than ``PointHistory/searchLimit`` points.
    public func search<T>(
        _ name: String, ofUser user: Int64, asOf position: LogPosition, of tenant: Tenant,
        in transaction: any ReadTransaction, _ body: (CollectionSearch) throws -> T
    ) throws -> T {
        try requireThere(position)
        let filter = try PayloadFilter.points(ofUser: user)
        // What is there now is found by the index before the transaction begins to read.
        let keys = try search(name, of: tenant, in: transaction) { try $0.keys(of: filter) }
        guard let collection = collection(name, of: tenant) else { throw Collections.notFound(name) }
        try collection.requireHistory()
        let moment = try points.history.moment(of: position, in: name, tenant, transaction)
        let past = try points.history.points(ofUser: user, keys, of: collection, asOf: position, in: transaction)
            .filter { $0.isThere(at: moment) }
        let index = try CollectionIndex(collection, .embedded)
        for point in past { try index.set(point) }
        return try index.search { snapshot in
            try body(
                CollectionSearch(
                    QueryRunner(
                        snapshot: snapshot, index: index, rows: PastPointRows(past), now: moment, checker: checker,
                        budget: budget())))
        }
    }

    /// Refuses a position that is not there yet.
    ///
    /// - throws: ``Failure`` `invalid_request`.
    public func requireThere(_ position: LogPosition) throws {
        guard position <= follower.position else {
            throw Failure.invalid(at: "/as_of", "The change log has not come to position \(position) yet.")
        }
    }

    /// The collection as searches know it, without a look at the tables; nil when there is none.
    public func collection(_ name: String, of tenant: Tenant) -> PointCollection? {
        indexes.find(name, of: tenant)?.collection
    }

    /// The index of a collection, for tests.
    func index(_ name: String, of tenant: Tenant) -> CollectionIndex? { indexes.find(name, of: tenant) }

    /// The ids of the points that fit a filter, for a change of them: in a collection as the tables have it.
    ///
    /// What was answered is among them only after ``waitUntilAllIsFound(atMost:)``.
    ///
    /// - throws: ``Failure`` `index_not_ready` also when the index has not heard of the collection yet,
    ///   `search_too_long`.
    public func keys(
        of filter: PayloadFilter, in collection: PointCollection, _ transaction: any ReadTransaction
    ) throws -> [PointKey] {
        guard self.collection(collection.name, of: collection.tenant) != nil else { throw Self.notReady }
        return try search(collection.name, of: collection.tenant, in: transaction) { found in
            // Another collection may have had the name before.
            guard found.collection.number == collection.number else { throw Self.notReady }
            return try found.keys(of: filter)
        }
    }

    private static var notReady: Failure {
        Failure(.unavailable, code: "index_not_ready", "The indexes are being made; try again.", retryAfter: 1)
    }

    /// Waits until everything that this server knows to be written can be found, so that a change by filter misses
    /// nothing of it: also what the log is not settled up to yet. Filters need no index of a field.
    public func waitUntilAllIsFound(atMost patience: Duration) async throws {
        try await follower.waitUntil(position: log.seen, atMost: patience)
    }

    /// Waits until what was written up to a position can be found, and until the fields are indexed that the change at
    /// it wants to be.
    public func waitUntilFound(_ position: LogPosition, atMost patience: Duration) async throws {
        let start = ContinuousClock.now
        try await follower.waitUntil(position: position, atMost: patience)
        try await indexes.waitUntilIndexed(at: position, atMost: patience - (ContinuousClock.now - start))
    }
}
