import ChangeLog
import Core
import Storage

/// What finds the elements of graphs: the snapshots in the memory of this server (``GraphIndexes``), or a database
/// beside it (``FalkorDBGraphs``). Either follows the log, and has what the tables say, a little later.
protocol GraphEngine: Projection {
    /// Whether the graphs have been made since the start.
    var isReady: Bool { get }

    /// The elements of a kind that fit a search best, the best first.
    func search(
        _ search: GraphSearch, _ kind: ElementKind, _ section: SectionSearch, of tenant: Tenant
    ) throws -> [GraphHit]

    /// The ids of the episodes that mention any of some nodes, ascending.
    func episodes(mentioning nodes: [String], _ tenant: Tenant) throws -> [String]

    /// What stands around a node.
    ///
    /// - throws: ``Failure`` `node_not_found`.
    func neighborhood(_ query: GraphNeighborhood.Query, _ tenant: Tenant) throws -> GraphNeighborhood

    /// The nodes that have the most edges.
    ///
    /// - parameters:
    ///   - filters: which nodes there are, and which edges count.
    ///   - limit: how many nodes at most.
    func part(_ filters: GraphFilters, limit: Int, _ tenant: Tenant) throws -> GraphPart

    /// The shortest ways between two nodes.
    ///
    /// - parameter filters: which edges a way may lead along.
    /// - throws: ``Failure`` `node_not_found`.
    func paths(
        from start: String, to end: String, depth: Int, direction: EdgeDirection, _ filters: GraphFilters, limit: Int,
        _ tenant: Tenant
    ) throws -> [GraphPath]
}
