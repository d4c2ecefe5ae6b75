public import ChangeLog
public import Core
public import Logging
public import ServiceLifecycle
public import Storage
public import Telemetry

/// Knowledge: the role that keeps graphs of what is known, and finds facts, things and where they come from.
///
/// A program that imports it makes one on a log, writes through ``elements`` in units of work, searches by
/// ``search(_:_:_:of:)``, and runs ``services``.
public final class KnowledgeRole: Sendable {
    /// The log that it writes to and follows.
    public let log: ChangeLog
    /// The nodes, edges and episodes.
    public let elements: GraphElements
    /// What is known of the edges of a name.
    public let relations = Relations()
    /// Writes edges as facts, which end what they contradict.
    public let facts: FactWriter
    /// Leads the log to the graphs in memory.
    public let follower: Follower
    /// What runs, in the order in which it starts.
    public let services: [any Service]

    /// Deletes what elements were long ago.
    let sweeper: HistorySweeper
    private let engine: any GraphEngine
    private let searches: GraphSearchMetrics
    /// The graphs in the memory of this server; nil where an engine beside it has them.
    private let indexes: GraphIndexes?
    let external: FalkorDBGraphs?
    /// In hours.
    private let historyAge: Int64

    /// The role on a log. It finds nothing until its services run.
    ///
    /// - parameter access: the engine beside this server that has the graphs; nil has them here.
    public init(
        _ log: ChangeLog, engine access: GraphEngineAccess? = nil, settings: SettingsValues = .defaults,
        metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        elements = GraphElements(dimensions: settings[KnowledgeSettings.dimensions])
        facts = FactWriter(elements: elements, relations: relations)
        historyAge = Int64(settings[KnowledgeSettings.historyAge])
        sweeper = HistorySweeper(log, elements.history, settings: settings, metrics: metrics, logger: logger)
        searches = GraphSearchMetrics(metrics)
        let source = GraphSource(log, elements, metrics: metrics, logger: logger)
        external = access?.graphs(source)
        let following: [any Service]
        if let external {
            engine = external
            indexes = nil
            follower = Follower(external, of: log, settings: settings, metrics: metrics, logger: logger)
            following = [follower, external.analysis]
        } else {
            let indexes = GraphIndexes(source)
            engine = indexes
            self.indexes = indexes
            follower = Follower(indexes, of: log, settings: settings, metrics: metrics, logger: logger)
            let keeper = GraphKeeper(indexes)
            following = [follower, IdleWork(log, follower) { keeper.work() }]
        }
        let feed = ShopFeed(log, elements, settings: settings, metrics: metrics, logger: logger)
        services = following + [sweeper] + (settings[KnowledgeSettings.shop].isOn ? [feed] : [])
    }

    /// Closes the connections to the engine beside this server. The services must have stopped.
    public func close() async { await external?.close() }

    /// What the engine beside this server that has the graphs is called; nil when this server has them.
    public var engineName: String? { external?.engineName }

    /// Where searches wait for an engine beside this server; nil when there is none, and nothing to wait for.
    public var waitingThreads: (any TaskExecutor)? { external?.threads }

    /// Asks the engine beside this server whether it is there and fit.
    ///
    /// - throws: ``Failure`` of the kind `invalid` when somebody must correct something first, else `unavailable`.
    public func checkEngine() async throws { try await external?.check() }

    /// Whether the graphs have been read since the start.
    public var isReady: Bool { engine.isReady }

    /// The graph of a tenant as it is found now, for ``past(_:of:_:in:)`` and for all that one request asks; nil where
    /// an engine beside this server has it.
    public func present(of tenant: Tenant) -> PresentGraph? { indexes?.graph(of: tenant).present }

    /// The graph of a tenant as it was known at a moment; nil when there is none.
    ///
    /// - parameters:
    ///   - present: the graph as it was found before the transaction began to read, so that what was written over since
    ///     is in the transaction.
    /// - throws: ``Failure`` `index_not_ready`, `history_gone`, and `invalid_request` when too much has changed since.
    public func past(
        _ moment: Timestamp, of present: PresentGraph?, _ tenant: Tenant, in transaction: any ReadTransaction
    ) throws -> PastGraph? {
        guard isReady else { throw Self.notReady }
        try requirePast()
        try requireKept(moment)
        guard let present else { return nil }
        if let past = present.owner.past(moment, of: present) { return past }
        let past = try PastGraph(
            moment, of: present, try elements.history.changed(since: moment, of: tenant, in: transaction))
        present.owner.remember(past)
        return past
    }

    /// Looks that the graph of a moment long ago can be searched at all.
    ///
    /// - throws: ``Failure`` `not_in_this_engine`.
    public func requirePast() throws {
        guard indexes != nil else { throw Self.notInThisEngine("What was known at a moment") }
    }

    /// Looks that it is still kept what was known at a moment.
    ///
    /// - throws: ``Failure`` `history_gone`.
    public func requireKept(_ moment: Timestamp) throws {
        let oldest = log.time.now().advanced(bySeconds: -3_600 * historyAge)
        guard moment >= oldest else {
            throw Failure(
                .notFound, code: "history_gone",
                "What was known at \(moment) is not kept any more: knowledge.history_age says for how long it is.",
                details: [.init("oldest", .string(oldest.description))])
        }
    }

    /// The elements of a kind that fit a search best, the best first. Where there is ``waitingThreads``, the calling
    /// thread waits.
    ///
    /// - parameter past: the graph that is searched; nil is that of now.
    /// - throws: ``Failure`` `index_not_ready`, `invalid_request`, and where an engine beside this server has the
    ///   graphs `graph_engine_unavailable` and `graph_engine_behind`.
    public func search(
        _ search: GraphSearch, _ kind: ElementKind, _ section: SectionSearch, of tenant: Tenant,
        in past: PastGraph? = nil
    ) throws -> [GraphHit] {
        let engine = try ready
        return try searches.measure(kind, section) {
            guard let past else { return try engine.search(search, kind, section, of: tenant) }
            return try GraphSearcher(graph: past.graph, search: search).run(kind, section)
        }
    }

    /// The communities of some nodes that were found, each once, in the order of its best node. Which there are was
    /// found out a moment before.
    ///
    /// - parameters:
    ///   - limit: how many at most.
    ///   - past: the graph that the nodes were found in. Communities are always those of now.
    /// - throws: ``Failure`` `index_not_ready`, and where an engine beside this server has the graphs
    ///   `graph_engine_unavailable` and `graph_engine_behind`.
    public func communities(
        of hits: [GraphHit], limit: Int, _ tenant: Tenant, in past: PastGraph? = nil
    ) throws -> [CommunityHit] {
        try analysed(tenant, past)?.communities(of: hits, limit: limit) ?? []
    }

    /// The communities of a tenant's graph, the largest first.
    ///
    /// - parameters:
    ///   - groups: the parts of the graph; nil are all.
    ///   - limit: how many at most.
    /// - throws: ``Failure`` `index_not_ready`.
    public func communities(of groups: [String]?, limit: Int, _ tenant: Tenant) throws -> [GraphCommunity] {
        try analysed(tenant, nil)?.communities(of: groups, limit: limit) ?? []
    }

    /// A community by its id.
    ///
    /// - throws: ``Failure`` `community_not_found`, `index_not_ready`.
    public func community(_ id: String, _ tenant: Tenant) throws -> GraphCommunity {
        guard let community = try analysed(tenant, nil)?.community(id: id) else {
            throw Failure(
                .notFound, code: "community_not_found",
                "There is no such community: the graph has changed since, or it has never been found.")
        }
        return community
    }

    /// What stands around a node.
    ///
    /// - parameter past: the graph that is walked through; nil is that of now.
    /// - throws: ``Failure`` `node_not_found`, `index_not_ready`.
    public func neighborhood(
        _ query: GraphNeighborhood.Query, _ tenant: Tenant, in past: PastGraph? = nil
    ) throws -> GraphNeighborhood {
        let engine = try ready
        return try past?.graph.neighborhood(query) ?? engine.neighborhood(query, tenant)
    }

    /// The shortest ways between two nodes; none when no way has so few edges.
    ///
    /// - parameters:
    ///   - filters: which edges a way may lead along.
    ///   - past: the graph that is walked through; nil is that of now.
    /// - throws: ``Failure`` `node_not_found`, `index_not_ready`.
    public func paths(
        from start: String, to end: String, depth: Int, direction: EdgeDirection,
        _ filters: GraphFilters = GraphFilters(), limit: Int, _ tenant: Tenant, in past: PastGraph? = nil
    ) throws -> [GraphPath] {
        let engine = try ready
        guard let past else {
            return try engine.paths(
                from: start, to: end, depth: depth, direction: direction, filters, limit: limit, tenant)
        }
        return try past.graph.paths(
            from: start, to: end, depth: depth, direction: direction, filters, limit: limit)
    }

    private var ready: any GraphEngine {
        get throws {
            guard isReady else { throw Self.notReady }
            return engine
        }
    }

    /// The graph in memory that is asked; nil when the tenant has none.
    ///
    /// - throws: ``Failure`` `index_not_ready`, and `not_in_this_engine` where another engine has the graphs.
    func graph(of tenant: Tenant, _ past: PastGraph?) throws -> GraphSnapshot? {
        guard isReady else { throw Self.notReady }
        guard let indexes else { throw Self.notInThisEngine("This") }
        return past?.graph ?? indexes.find(tenant)?.snapshot
    }

    /// The ids of the episodes that mention any of some nodes, as far as that is found yet.
    ///
    /// - throws: ``Failure`` `index_not_ready`.
    public func episodes(mentioning nodes: [String], of tenant: Tenant) throws -> [String] {
        try ready.episodes(mentioning: nodes, tenant)
    }

    /// Waits until everything that this server knows to be written can be found, so that a change by what is found
    /// misses nothing of it: also what the log is not settled up to yet.
    public func waitUntilAllIsFound(atMost patience: Duration) async throws {
        try await waitUntilFound(log.seen, atMost: patience)
    }

    private static func notInThisEngine(_ what: String) -> Failure {
        Failure(
            .invalid, code: "not_in_this_engine",
            "\(what) can be asked of graphs in the memory of this server: set knowledge.engine to embedded.")
    }

    static var notReady: Failure {
        Failure(.unavailable, code: "index_not_ready", "The graphs are being read; try again.", retryAfter: 1)
    }

    /// Waits until what was written up to a position can be found.
    public func waitUntilFound(_ position: LogPosition, atMost patience: Duration) async throws {
        try await follower.waitUntil(position: position, atMost: patience)
    }
}
