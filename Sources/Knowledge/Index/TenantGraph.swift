import Core
import Search
import Synchronization

/// The graph of a tenant as it is now. One writer at a time changes it, a ``Follower``; searches take a snapshot.
final class TenantGraph: Sendable {
    private struct State {
        var graph: GraphSnapshot
        var analysis = GraphAnalysis()
        /// In which order the ids of nodes and of edges come, by the time that it was found out.
        var nodeOrder = IdentifierOrder()
        var edgeOrder = IdentifierOrder()
        var changeCount = 0
        /// How often the graph had been changed when the analysis was made; nil before there is one, which a graph that
        /// was read at a start has not either.
        var analysedCount: Int?
        /// Graphs of moments long ago that were asked for lately.
        var pasts: [PastGraph] = []
    }

    /// How many graphs of moments long ago are kept, since who asks for one asks again.
    private static let pastLimit = 4

    private let state: Mutex<State>

    /// - parameter graph: what there is to begin with.
    init(_ graph: GraphSnapshot) { state = Mutex(State(graph: graph)) }

    /// What there is now.
    var snapshot: GraphSnapshot { present.graph }

    /// Changes the graph. Searches see all of it or nothing.
    func update(_ change: (inout GraphSnapshot) throws -> Void) rethrows {
        var next = state.withLock { $0.graph }
        try change(&next)
        state.withLock { state in
            state.graph = next
            state.changeCount += 1
            // They are of a graph that has gone, and would keep it in memory.
            state.pasts = []
        }
    }

    /// What there is now, as what graphs of moments long ago are made of.
    var present: PresentGraph {
        state.withLock { state in
            var graph = state.graph
            graph.analysis = state.analysis
            graph.nodes.order = state.nodeOrder
            graph.edges.order = state.edgeOrder
            return PresentGraph(
                of: self, graph, changeCount: state.changeCount,
                isAnalysed: state.analysedCount == state.changeCount)
        }
    }

    /// A graph of a moment long ago that was made of the present one.
    func past(_ moment: Timestamp, of present: PresentGraph) -> PastGraph? {
        state.withLock { state in
            state.pasts.first {
                $0.moment == moment && $0.changeCount == present.changeCount && $0.isAnalysed == present.isAnalysed
            }
        }
    }

    /// Remembers a graph of a moment long ago for a while.
    func remember(_ past: PastGraph) {
        state.withLock { state in
            state.pasts.removeAll { $0.moment == past.moment || $0.changeCount < past.changeCount }
            state.pasts.insert(past, at: 0)
            state.pasts.removeLast(max(0, state.pasts.count - Self.pastLimit))
        }
    }

    /// Finds out anew in which order ids come, if many have come since the last time.
    ///
    /// - returns: whether they had.
    @discardableResult
    func sort() -> Bool {
        let (graph, nodes, edges) = state.withLock { ($0.graph, $0.nodeOrder, $0.edgeOrder) }
        let nodeOrder = IdentifierOrder(graph.nodes, after: nodes, isWritten: true)
        let edgeOrder = IdentifierOrder(graph.edges, after: edges, isWritten: false)
        guard nodeOrder.count > nodes.count || edgeOrder.count > edges.count else { return false }
        state.withLock { state in
            state.nodeOrder = nodeOrder
            state.edgeOrder = edgeOrder
        }
        return true
    }

    /// Makes the rows of links anew, if many stand beside them and the graph does not change meanwhile.
    ///
    /// - returns: whether it did.
    @discardableResult
    func compress() -> Bool {
        let (graph, count) = state.withLock { ($0.graph, $0.changeCount) }
        guard graph.adjacency.couldCompress else { return false }
        var adjacency = graph.adjacency
        adjacency.compress(nodeLimit: graph.nodes.limit)
        return state.withLock { state in
            guard state.changeCount == count else { return false }
            state.graph.adjacency = adjacency
            return true
        }
    }

    /// Finds out anew what follows from the graph as a whole, if it has changed since the last time.
    ///
    /// - returns: whether it had.
    @discardableResult
    func analyse() -> Bool {
        let (graph, count) = state.withLock { ($0.graph, $0.changeCount) }
        guard count != state.withLock({ $0.analysedCount }) else { return false }
        let analysis = GraphAnalysis(graph)
        state.withLock { state in
            state.analysis = analysis
            state.analysedCount = count
        }
        return true
    }

    /// The indexes of vectors.
    var vectors: [VectorIndex] {
        state.withLock { [$0.graph.nodes.vectors, $0.graph.edges.vectors, $0.graph.episodes.vectors] }
    }
}
