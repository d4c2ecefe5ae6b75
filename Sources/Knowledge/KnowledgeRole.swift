public import ChangeLog
public import Core
public import Logging
public import ServiceLifecycle
import Storage
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
    let indexes: GraphIndexes?
    let external: FalkorDBGraphs?
    /// The graphs of moments long ago where an engine beside this server has those of now.
    let pasts: PastGraphs?
    /// In hours.
    let historyAge: Int64

    /// The role on a log. It finds nothing until its services run.
    ///
    /// - parameters:
    ///   - access: the engine beside this server that has the graphs; nil has them here.
    ///   - shop: has the tables of the shop that becomes a graph where `knowledge.shop` is on; nil where there is none.
    public init(
        _ log: ChangeLog, engine access: GraphEngineAccess? = nil, shop: (any EntityImages)? = nil,
        settings: SettingsValues = .defaults, metrics: MetricsRegistry, logger: Logger
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
            pasts = PastGraphs(
                log, elements, limit: settings[KnowledgeSettings.pastElements], metrics: metrics)
            follower = Follower(external, of: log, settings: settings, metrics: metrics, logger: logger)
            following = [follower, external.analysis]
        } else {
            let indexes = GraphIndexes(source)
            engine = indexes
            self.indexes = indexes
            pasts = nil
            follower = Follower(indexes, of: log, settings: settings, metrics: metrics, logger: logger)
            let keeper = GraphKeeper(indexes)
            following = [follower, IdleWork(log, follower) { keeper.work() }]
        }
        let feed = shop.map { [elements] in
            ShopGraphSink(elements: elements)
                .feed(log, from: $0, settings: settings, metrics: metrics, logger: logger)
        }
        services = following + [sweeper] + (feed.map { [$0] } ?? [])
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
        guard let past else {
            let engine = try ready
            return try searches.measure(kind, section) { try engine.search(search, kind, section, of: tenant) }
        }
        return try searches.measure(kind, section) {
            try GraphSearcher(graph: graph(of: past, for: search, section, tenant), search: search).run(kind, section)
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
        try past?.graph.neighborhood(query) ?? ready.neighborhood(query, tenant)
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
        guard let past else {
            return try ready.paths(
                from: start, to: end, depth: depth, direction: direction, filters, limit: limit, tenant)
        }
        return try past.graph.paths(
            from: start, to: end, depth: depth, direction: direction, filters, limit: limit)
    }

    var ready: any GraphEngine {
        get throws {
            guard isReady else { throw Self.notReady }
            return engine
        }
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

    static var notReady: Failure {
        Failure(.unavailable, code: "index_not_ready", "The graphs are being read; try again.", retryAfter: 1)
    }

    /// Waits until what was written up to a position can be found.
    public func waitUntilFound(_ position: LogPosition, atMost patience: Duration) async throws {
        try await follower.waitUntil(position: position, atMost: patience)
    }
}
