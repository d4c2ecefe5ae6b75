public import Core

extension KnowledgeRole {
    /// The nodes of a tenant with what follows from the graph as a whole; nil when the tenant has none. The calling
    /// thread waits where an engine beside this server has the graph.
    ///
    /// - throws: ``Failure`` `index_not_ready`, and where an engine beside this server has the graphs
    ///   `graph_engine_unavailable` and `graph_engine_behind`.
    func analysed(_ tenant: Tenant, _ past: PastGraph?) throws -> GraphSnapshot? {
        if let past, external == nil { return past.graph }
        guard isReady else { throw Self.notReady }
        return try external?.analysed(tenant) ?? indexes?.find(tenant)?.snapshot
    }

    /// Whether communities, and how central nodes are, are those of the graph as it is. They are found out some time
    /// after a change.
    ///
    /// - parameter past: the graph that is looked at; nil is what the engine has.
    public func isAnalysed(_ tenant: Tenant, in past: PastGraph?) -> Bool {
        external.map { $0.analysis.isCurrent(of: tenant, in: $0) } ?? past?.isAnalysed ?? true
    }
}
