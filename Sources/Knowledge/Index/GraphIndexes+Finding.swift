import Core
import Search

/// Searches of the snapshots in memory.
extension GraphIndexes: GraphEngine {
    func search(
        _ search: GraphSearch, _ kind: ElementKind, _ section: SectionSearch, of tenant: Tenant
    ) throws -> [GraphHit] {
        guard let graph = find(tenant) else { return [] }
        return try GraphSearcher(graph: graph.snapshot, search: search).run(kind, section)
    }

    func episodes(mentioning nodes: [String], _ tenant: Tenant) throws -> [String] {
        guard let graph = find(tenant)?.snapshot else { return [] }
        let slots = Set(nodes.compactMap { graph.nodes.slot(of: $0) })
        return graph.episodes.all.filter { !slots.isDisjoint(with: graph.mentions.nodes(of: $0)) }
            .map { graph.episodes.id($0) }.sorted()
    }

    func neighborhood(_ query: GraphNeighborhood.Query, _ tenant: Tenant) throws -> GraphNeighborhood {
        guard let graph = find(tenant)?.snapshot else { throw GraphElements.notFound(.node, query.center) }
        return try graph.neighborhood(query)
    }

    func part(_ filters: GraphFilters, limit: Int, _ tenant: Tenant) throws -> GraphPart {
        find(tenant)?.snapshot.part(filters, limit: limit) ?? .empty
    }

    func paths(
        from start: String, to end: String, depth: Int, direction: EdgeDirection, _ filters: GraphFilters, limit: Int,
        _ tenant: Tenant
    ) throws -> [GraphPath] {
        guard let graph = find(tenant)?.snapshot else { throw GraphElements.notFound(.node, start) }
        return try graph.paths(
            from: start, to: end, depth: depth, direction: direction, filters, limit: limit)
    }
}

extension GraphSnapshot {
    /// The shortest ways between two nodes.
    ///
    /// - throws: ``Failure`` `node_not_found`.
    func paths(
        from start: String, to end: String, depth: Int, direction: EdgeDirection, _ filters: GraphFilters, limit: Int
    ) throws -> [GraphPath] {
        let (first, last) = (try place(of: start), try place(of: end))
        let paths = ShortestPaths(in: self, direction: direction, depth: depth, edges: allowed(.edge, filters))
        return paths.find(from: first, to: last, limit: limit).map { path in
            GraphPath(nodes: path.nodes.map { nodes.id($0) }, edges: path.edges.map { edges.id($0) })
        }
    }

    /// The slot of a node.
    ///
    /// - throws: ``Failure`` `node_not_found`.
    func place(of node: String) throws -> UInt32 {
        guard let slot = nodes.slot(of: node), nodes.isThere(slot) else {
            throw GraphElements.notFound(.node, node)
        }
        return slot
    }
}
