import ChangeLog
import Core
import Logging
import Search
import Storage
import Synchronization

/// The graphs of all tenants: a projection of the change log into memory.
///
/// What a change tells is an element as it was then, so applying the changes after a position to what the tables had at
/// that position or later comes to the state of the last of them.
final class GraphIndexes: Projection {
    private struct State {
        var graphs: [Tenant: TenantGraph] = [:]
        var isReady = false
        var applied: LogPosition?
    }

    let name = "knowledge"
    let types: Set<String>? = Set(ElementKind.allCases.map(\.entityType))
    /// Each batch copies what it changes, since searches hold the graph as it was: few large ones copy less.
    let batchLimit: Int? = 2_000

    private let source: GraphSource
    private let state = Mutex(State())

    init(_ source: GraphSource) { self.source = source }

    private var elements: GraphElements { source.elements }

    /// The graph of a tenant; nil when it has none.
    func find(_ tenant: Tenant) -> TenantGraph? { state.withLock { $0.graphs[tenant] } }

    /// All of them.
    var all: [TenantGraph] { state.withLock { Array($0.graphs.values) } }

    /// Whether they have been made.
    var isReady: Bool { state.withLock { $0.isReady } }

    func position() async throws -> LogPosition? { state.withLock { $0.applied } }

    func rebuild() async throws {
        let last = try await source.log.settledEnd()
        var snapshots: [Tenant: GraphSnapshot] = [:]
        try await source.forEachPage { page in
            for element in page {
                try snapshots[element.tenant, default: GraphSnapshot(dimensions: elements.dimensions)]
                    .set(element.kind, element.fields, embedding: element.embedding)
            }
        }
        let graphs = snapshots.mapValues { snapshot in
            source.logger.info(
                "a graph is read",
                metadata: ["nodes": "\(snapshot.nodes.count)", "edges": "\(snapshot.edges.count)"])
            return TenantGraph(snapshot)
        }
        state.withLock { $0 = State(graphs: graphs, isReady: true, applied: last) }
    }

    func apply(_ changes: [Change], upTo position: LogPosition) async throws {
        for (tenant, changes) in Dictionary(grouping: changes, by: \.tenant) {
            let graph = graph(of: tenant)
            let updates = try changes.compactMap(GraphUpdate.init)
            let embeddings = try await source.embeddings(of: updates, tenant)
            try graph.update { graph in
                for update in updates {
                    switch update.outcome {
                    case .gone: graph.remove(update.kind, update.id)
                    case .there(let fields):
                        let embedding = embeddings[update.kind]?[update.id] ?? []
                        try graph.set(update.kind, fields, embedding: update.hasNewEmbedding ? embedding : nil)
                    }
                }
            }
            await linkBacklog(of: graph)
        }
        state.withLock { $0.applied = position }
    }

    /// The graph of a tenant, which has nothing in it until something is written.
    func graph(of tenant: Tenant) -> TenantGraph {
        state.withLock { state in
            if let graph = state.graphs[tenant] { return graph }
            let graph = TenantGraph(GraphSnapshot(dimensions: elements.dimensions))
            state.graphs[tenant] = graph
            return graph
        }
    }

    /// Links vectors as long as so many wait that searches, which look at each of them, would become slow. Writers wait
    /// for this, since a write is answered once it is applied.
    private func linkBacklog(of graph: TenantGraph) async {
        for vectors in graph.vectors {
            while vectors.isBehind, vectors.linkSome(Self.linkedAtOnce) > 0 { await Task.yield() }
        }
    }

    /// How many vectors are linked before others have their turn.
    private static let linkedAtOnce = 64
}
