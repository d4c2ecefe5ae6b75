import Search
import Synchronization

/// The graph of a tenant as it is now. One writer at a time changes it, a ``Follower``; searches take a snapshot.
final class TenantGraph: Sendable {
    private let state: Mutex<GraphSnapshot>

    init(dimensions: Int) { state = Mutex(GraphSnapshot(dimensions: dimensions)) }

    /// What there is now.
    var snapshot: GraphSnapshot { state.withLock { $0 } }

    /// Changes the graph. Searches see all of it or nothing.
    func update(_ change: (inout GraphSnapshot) throws -> Void) rethrows {
        var next = snapshot
        try change(&next)
        state.withLock { $0 = next }
    }

    /// The indexes of vectors.
    var vectors: [VectorIndex] {
        let snapshot = snapshot
        return [snapshot.nodes.vectors, snapshot.edges.vectors, snapshot.episodes.vectors]
    }
}
