import ChangeLog
public import Core
import Search
public import Storage

extension KnowledgeRole {
    /// The graph of a tenant as it is found now, for ``past(_:of:_:in:)`` and for all that one request asks; nil where
    /// an engine beside this server has it.
    public func present(of tenant: Tenant) -> PresentGraph? { indexes?.graph(of: tenant).present }

    /// The graph of a tenant as it was known at a moment, whoever has the graphs. Where an engine beside this server
    /// has them it is read from the tables, which takes a while.
    ///
    /// - throws: ``Failure`` `index_not_ready`, `history_gone`, `past_too_large`, and `invalid_request` when too much
    ///   has changed since.
    public func past(_ moment: Timestamp, of tenant: Tenant) async throws -> PastGraph? {
        guard let pasts else {
            let present = present(of: tenant)
            return try await log.read { [self] in try past(moment, of: present, tenant, in: $0) }.value
        }
        pasts.forget(before: oldestKept)
        try requireKept(moment)
        return PastGraph(moment, try await pasts.graph(of: tenant, at: moment))
    }

    /// The graph in memory of a tenant as it was known at a moment; nil when there is none.
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
        let oldest = oldestKept
        guard moment >= oldest else {
            throw Failure(
                .notFound, code: "history_gone",
                "What was known at \(moment) is not kept any more: knowledge.history_age says for how long it is.",
                details: [.init("oldest", .string(oldest.description))])
        }
    }

    private var oldestKept: Timestamp { log.time.now().advanced(bySeconds: -3_600 * historyAge) }

    /// A graph with what a search asks that follows from the graph as a whole: that stays that of now.
    ///
    /// - throws: ``Failure`` `graph_engine_unavailable`, `graph_engine_behind`.
    func graph(
        of past: PastGraph, for search: GraphSearch, _ section: SectionSearch, _ tenant: Tenant
    ) throws -> GraphSnapshot {
        guard let external else { return past.graph }
        var graph = past.graph
        if search.isForCommunities {
            graph.takeAnalysis(from: try external.analysed(tenant))
        } else if section.reranker == .centralityBoosted {
            graph.takeRanks(from: external.analysis.known(of: tenant, in: external))
        }
        return graph
    }
}
