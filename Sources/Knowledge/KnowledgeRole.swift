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
    private let indexes: GraphIndexes
    /// In hours.
    private let historyAge: Int64

    /// The role on a log. It finds nothing until its services run.
    public init(
        _ log: ChangeLog, settings: SettingsValues = .defaults, metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        elements = GraphElements(dimensions: settings[KnowledgeSettings.dimensions])
        facts = FactWriter(elements: elements, relations: relations)
        historyAge = Int64(settings[KnowledgeSettings.historyAge])
        indexes = GraphIndexes(log, elements, logger: logger)
        follower = Follower(indexes, of: log, settings: settings, metrics: metrics, logger: logger)
        let keeper = GraphKeeper(indexes)
        sweeper = HistorySweeper(log, elements.history, settings: settings, metrics: metrics, logger: logger)
        let always: [any Service] = [follower, IdleWork(log, follower) { keeper.work() }, sweeper]
        services =
            settings[KnowledgeSettings.shop].isOn
            ? always + [ShopFeed(log, elements, settings: settings, metrics: metrics, logger: logger)] : always
    }

    /// Whether the graphs have been read since the start.
    public var isReady: Bool { indexes.isReady }

    /// The graph of a tenant as it is found now, for ``past(_:of:_:in:)``; nil when there is none.
    public func present(of tenant: Tenant) -> PresentGraph? { indexes.find(tenant)?.present }

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
        try requireKept(moment)
        guard let present else { return nil }
        if let past = present.owner.past(moment, of: present) { return past }
        let past = try PastGraph(
            moment, of: present, try elements.history.changed(since: moment, of: tenant, in: transaction))
        present.owner.remember(past)
        return past
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

    /// The elements of a kind that fit a search best, the best first.
    ///
    /// - parameter past: the graph that is searched; nil is that of now.
    /// - throws: ``Failure`` `index_not_ready`, `invalid_request`.
    public func search(
        _ search: GraphSearch, _ kind: ElementKind, _ section: SectionSearch, of tenant: Tenant,
        in past: PastGraph? = nil
    ) throws -> [GraphHit] {
        guard let graph = try graph(of: tenant, past) else { return [] }
        return try GraphSearcher(graph: graph, search: search).run(kind, section)
    }

    /// The communities whose nodes fit a search best, the best first. Which there are was found out a moment before.
    ///
    /// - parameter past: the graph whose nodes are searched; nil is that of now. Communities are always those of now.
    /// - throws: ``Failure`` `index_not_ready`, `invalid_request`.
    public func searchCommunities(
        _ search: GraphSearch, _ section: SectionSearch, of tenant: Tenant, in past: PastGraph? = nil
    ) throws -> [CommunityHit] {
        guard let graph = try graph(of: tenant, past) else { return [] }
        return try GraphSearcher(graph: graph, search: search).communities(section)
    }

    /// The communities of a tenant's graph, the largest first.
    ///
    /// - parameters:
    ///   - groups: the parts of the graph; nil are all.
    ///   - limit: how many at most.
    /// - throws: ``Failure`` `index_not_ready`.
    public func communities(of groups: [String]?, limit: Int, _ tenant: Tenant) throws -> [GraphCommunity] {
        try graph(of: tenant, nil)?.communities(of: groups, limit: limit) ?? []
    }

    /// A community by its id.
    ///
    /// - throws: ``Failure`` `community_not_found`, `index_not_ready`.
    public func community(_ id: String, _ tenant: Tenant) throws -> GraphCommunity {
        guard let community = try graph(of: tenant, nil)?.community(id: id) else {
            throw Failure(
                .notFound, code: "community_not_found",
                "There is no such community: the graph has changed since, or it has never been found.")
        }
        return community
    }

    /// What stands around a node.
    ///
    /// - parameters:
    ///   - depth: over how many edges at most.
    ///   - filters: which edges are followed.
    ///   - limit: how many nodes at most, the nearest first.
    ///   - past: the graph that is walked through; nil is that of now.
    /// - throws: ``Failure`` `node_not_found`, `index_not_ready`.
    public func neighborhood(
        of node: String, depth: Int, direction: EdgeDirection, _ filters: GraphFilters = GraphFilters(), limit: Int,
        _ tenant: Tenant, in past: PastGraph? = nil
    ) throws -> GraphNeighborhood {
        let (graph, slot) = try place(of: node, tenant, past)
        return graph.neighborhood(of: slot, depth: depth, direction: direction, filters, limit: limit)
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
        let (graph, first) = try place(of: start, tenant, past)
        guard let last = graph.nodes.slot(of: end), graph.nodes.isThere(last) else {
            throw GraphElements.notFound(.node, end)
        }
        let paths = ShortestPaths(
            in: graph, direction: direction, depth: depth, edges: graph.allowed(.edge, filters))
        return paths.find(from: first, to: last, limit: limit).map { path in
            GraphPath(nodes: path.nodes.map { graph.nodes.id($0) }, edges: path.edges.map { graph.edges.id($0) })
        }
    }

    private func graph(of tenant: Tenant, _ past: PastGraph?) throws -> GraphSnapshot? {
        guard isReady else { throw Self.notReady }
        return past?.graph ?? indexes.find(tenant)?.snapshot
    }

    private func place(
        of node: String, _ tenant: Tenant, _ past: PastGraph?
    ) throws -> (graph: GraphSnapshot, slot: UInt32) {
        guard let graph = try graph(of: tenant, past), let slot = graph.nodes.slot(of: node),
            graph.nodes.isThere(slot)
        else { throw GraphElements.notFound(.node, node) }
        return (graph, slot)
    }

    /// The ids of the episodes that mention any of some nodes, as far as that is found yet.
    ///
    /// - throws: ``Failure`` `index_not_ready`.
    public func episodes(mentioning nodes: [String], of tenant: Tenant) throws -> [String] {
        guard let graph = try graph(of: tenant, nil) else { return [] }
        let slots = Set(nodes.compactMap { graph.nodes.slot(of: $0) })
        return graph.episodes.all.filter { !slots.isDisjoint(with: graph.mentions.nodes(of: $0)) }
            .map { graph.episodes.id($0) }.sorted()
    }

    /// Waits until everything that this server knows to be written can be found, so that a change by what is found
    /// misses nothing of it.
    public func waitUntilAllIsFound(atMost patience: Duration) async throws {
        try await waitUntilFound(log.head, atMost: patience)
    }

    private static var notReady: Failure {
        Failure(.unavailable, code: "index_not_ready", "The graphs are being read; try again.", retryAfter: 1)
    }

    /// Waits until what was written up to a position can be found.
    public func waitUntilFound(_ position: LogPosition, atMost patience: Duration) async throws {
        try await follower.waitUntil(position: position, atMost: patience)
    }
}
