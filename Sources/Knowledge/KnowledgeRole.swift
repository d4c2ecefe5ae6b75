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
    /// Leads the log to the graphs in memory.
    public let follower: Follower
    /// What runs, in the order in which it starts.
    public let services: [any Service]

    private let indexes: GraphIndexes

    /// The role on a log. It finds nothing until its services run.
    public init(
        _ log: ChangeLog, settings: SettingsValues = .defaults, metrics: MetricsRegistry, logger: Logger
    ) {
        self.log = log
        elements = GraphElements(dimensions: settings[KnowledgeSettings.dimensions])
        indexes = GraphIndexes(log, elements, logger: logger)
        follower = Follower(indexes, of: log, settings: settings, metrics: metrics, logger: logger)
        let keeper = GraphKeeper(indexes)
        services = [follower, IdleWork(log, follower) { keeper.work() }]
    }

    /// Whether the graphs have been read since the start.
    public var isReady: Bool { indexes.isReady }

    /// The elements of a kind that fit a search best, the best first.
    ///
    /// - throws: ``Failure`` `index_not_ready`, `invalid_request`.
    public func search(
        _ search: GraphSearch, _ kind: ElementKind, _ section: SectionSearch, of tenant: Tenant
    ) throws -> [GraphHit] {
        guard isReady else { throw Self.notReady }
        guard let graph = indexes.find(tenant) else { return [] }
        return try GraphSearcher(graph: graph.snapshot, search: search).run(kind, section)
    }

    /// The ids of the edges that lead from or to a node, as far as that is found yet.
    ///
    /// - throws: ``Failure`` `index_not_ready`.
    public func edges(of node: String, _ tenant: Tenant) throws -> [String] {
        guard isReady else { throw Self.notReady }
        guard let graph = indexes.find(tenant)?.snapshot, let slot = graph.nodes.slot(of: node) else { return [] }
        var edges: Set<String> = []
        graph.adjacency.forEachLink(of: slot) { edges.insert(graph.edges.id($0.edge)) }
        return edges.sorted()
    }

    /// What stands around a node.
    ///
    /// - parameters:
    ///   - depth: over how many edges at most.
    ///   - edgeTypes: the names of the edges that are followed; nil are any.
    ///   - limit: how many nodes at most, the nearest first.
    /// - throws: ``Failure`` `node_not_found`, `index_not_ready`.
    public func neighborhood(
        of node: String, depth: Int, direction: EdgeDirection, edgeTypes: [String]? = nil, limit: Int, _ tenant: Tenant
    ) throws -> GraphNeighborhood {
        let (graph, slot) = try place(of: node, tenant)
        return graph.neighborhood(
            of: slot, depth: depth, direction: direction, edgeTypes: edgeTypes, limit: limit)
    }

    /// The shortest ways between two nodes; none when no way has so few edges.
    ///
    /// - throws: ``Failure`` `node_not_found`, `index_not_ready`.
    public func paths(
        from start: String, to end: String, depth: Int, direction: EdgeDirection, limit: Int, _ tenant: Tenant
    ) throws -> [GraphPath] {
        let (graph, first) = try place(of: start, tenant)
        guard let last = graph.nodes.slot(of: end), graph.nodes.isThere(last) else {
            throw GraphElements.notFound(.node, end)
        }
        return ShortestPaths(in: graph, direction: direction, depth: depth).find(from: first, to: last, limit: limit)
            .map { path in
                GraphPath(nodes: path.nodes.map { graph.nodes.id($0) }, edges: path.edges.map { graph.edges.id($0) })
            }
    }

    private func place(of node: String, _ tenant: Tenant) throws -> (graph: GraphSnapshot, slot: UInt32) {
        guard isReady else { throw Self.notReady }
        guard let graph = indexes.find(tenant)?.snapshot, let slot = graph.nodes.slot(of: node),
            graph.nodes.isThere(slot)
        else { throw GraphElements.notFound(.node, node) }
        return (graph, slot)
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
