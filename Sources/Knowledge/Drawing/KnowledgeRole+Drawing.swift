public import Core

extension KnowledgeRole {
    /// The part of a graph around the nodes that have the most edges.
    ///
    /// - parameters:
    ///   - filters: which nodes there are, and which edges count.
    ///   - limit: how many nodes at most.
    ///   - past: the graph that is looked at; nil is that of now.
    /// - throws: ``Failure`` `index_not_ready`, and where an engine beside this server has the graphs
    ///   `graph_engine_unavailable` and `graph_engine_behind`.
    public func part(
        _ filters: GraphFilters, limit: Int, of tenant: Tenant, in past: PastGraph? = nil
    ) throws -> GraphPart {
        try past?.graph.part(filters, limit: limit) ?? ready.part(filters, limit: limit, tenant)
    }
}
