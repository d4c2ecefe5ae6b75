import Core
import Search

/// Searches of the graphs in FalkorDB. The calling thread waits.
extension FalkorDBGraphs: GraphEngine {
    func search(
        _ search: GraphSearch, _ kind: ElementKind, _ section: SectionSearch, of tenant: Tenant
    ) throws -> [GraphHit] {
        try asking(tenant) { [self] reader in
            let communities = search.isForCommunities ? try analysis.found(of: tenant, in: self) : nil
            return try FalkorDBSearcher(
                search: search, reader: reader, dimensions: dimensions, communities: communities
            ) { [self] in
                analysis.known(of: tenant, in: self)
            }.run(kind, section)
        } ?? []
    }

    /// The nodes of a tenant with what follows from the graph as a whole.
    func analysed(_ tenant: Tenant) throws -> GraphSnapshot? {
        try asking(tenant) { [self] _ in try analysis.found(of: tenant, in: self) }
    }

    func episodes(mentioning nodes: [String], _ tenant: Tenant) throws -> [String] {
        try asking(tenant) { reader in
            Set(try reader.ask(FalkorDBQueries.mentioning(nodes))[0].keys()).sorted()
        } ?? []
    }

    func neighborhood(_ query: GraphNeighborhood.Query, _ tenant: Tenant) throws -> GraphNeighborhood {
        try copying([query.center], tenant) { reader, graph in
            graph.setThere(query.center)
            let walk = FalkorDBWalk(reader: reader, step: .init(query.direction, query.filters), depth: query.depth)
            try walk.copy(from: [query.center], into: &graph) { _, reached in reached <= query.limit }
            if query.wantsEdges { try copyEdges(query.filters, reader, into: &graph) }
            // Only what the filters let through was copied.
            var query = query
            query.filters = GraphFilters()
            return try graph.neighborhood(query)
        }
    }

    /// Copies all edges between the nodes of a copy: between those that were reached last there are some that were not
    /// followed, and others lead the other way.
    private func copyEdges(
        _ filters: GraphFilters, _ reader: FalkorDBReader, into graph: inout GraphSnapshot
    ) throws {
        let ids = graph.nodes.all.map { graph.nodes.id($0) }
        let row = try reader.ask(FalkorDBQueries.links(ids, .init(.outgoing, filters)))[0].rows
        let known = Set(ids.map(ExactText.init))
        graph.set(FalkorDBWalk.Link.all(row.first ?? [], .outgoing).filter { known.contains(ExactText($0.target)) })
    }

    func paths(
        from start: String, to end: String, depth: Int, direction: EdgeDirection, _ filters: GraphFilters, limit: Int,
        _ tenant: Tenant
    ) throws -> [GraphPath] {
        try copying([start, end], tenant) { reader, graph in
            let (first, last) = (graph.setThere(start), graph.setThere(end))
            guard first != last else { return [GraphPath(nodes: [start], edges: [])] }
            let walk = FalkorDBWalk(reader: reader, step: .init(direction, filters), depth: depth)
            try walk.copy(from: [start], into: &graph) { graph, _ in
                var isReached = false
                graph.adjacency.forEachLink(of: last) { _ in isReached = true }
                return !isReached
            }
            return try graph.paths(
                from: start, to: end, depth: depth, direction: direction, GraphFilters(), limit: limit)
        }
    }

    func part(_ filters: GraphFilters, limit: Int, _ tenant: Tenant) throws -> GraphPart {
        try asking(tenant) { reader in
            let ofNodes = FalkorDBFilter(filters, .node)
            let ofEdges = FalkorDBFilter(filters, .edge, beside: ofNodes)
            // One more says whether there are more.
            var ids = try reader.ask(FalkorDBQueries.busiest(ofNodes, ofEdges, limit: limit + 1))[0].keys()
            if ids.count <= limit {
                let known = Set(ids.map(ExactText.init))
                let others = FalkorDBQueries.firstNodes(ofNodes, limit: limit + 1 + known.count)
                ids += try reader.ask(others)[0].keys().filter { !known.contains(ExactText($0)) }
            }
            let kept = Array(ids.prefix(limit))
            let edges = try edges(between: kept, ofEdges, reader)
            return GraphPart(nodes: kept, edges: edges, isCut: ids.count > limit)
        } ?? .empty
    }

    /// The ids of the edges between some nodes that a filter lets through, ascending.
    private func edges(
        between nodes: [String], _ filter: FalkorDBFilter, _ reader: FalkorDBReader
    ) throws -> [String] {
        let any = FalkorDBQueries.Step(.outgoing, GraphFilters())
        let row = try reader.ask(FalkorDBQueries.edges(from: nodes, any, filter))[0].rows.first ?? []
        let known = Set(nodes.map(ExactText.init))
        let (edges, targets, marks) = (row.keys(0), row.keys(1), row.list(2))
        return edges.indices.filter { marks[$0] == .integer(1) && known.contains(ExactText(targets[$0])) }
            .map { edges[$0] }.sorted()
    }

    /// Asks about some nodes, which must be there, and copies what stands around them into a snapshot: what is done
    /// with it is then the same as with one in memory.
    private func copying<T>(
        _ nodes: [String], _ tenant: Tenant, _ body: (FalkorDBReader, inout GraphSnapshot) throws -> T
    ) throws -> T {
        let found = try asking(tenant) { reader -> T in
            let there = Set(try reader.ask(FalkorDBQueries.presence(nodes))[0].keys().map(ExactText.init))
            for node in nodes where !there.contains(ExactText(node)) { throw GraphElements.notFound(.node, node) }
            var graph = GraphSnapshot(dimensions: dimensions)
            return try body(reader, &graph)
        }
        guard let found else { throw GraphElements.notFound(.node, nodes.first ?? "") }
        return found
    }

    /// Asks the graph of a tenant; nil when it has none.
    private func asking<T>(_ tenant: Tenant, _ body: (FalkorDBReader) throws -> T?) throws -> T? {
        guard let reader = reader(of: tenant) else { return nil }
        do { return try body(reader) } catch let failure as Failure where failure.code == "graph_engine_behind" {
            lost()
            throw failure
        }
    }
}
