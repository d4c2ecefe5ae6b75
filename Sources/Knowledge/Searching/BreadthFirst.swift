import Search

/// What edges lead to from some nodes, the nearest first (breadth-first search).
struct BreadthFirst {
    /// What was reached, and over how many edges.
    struct Reached {
        let slot: UInt32
        let depth: Int
    }

    let graph: GraphSnapshot
    let direction: EdgeDirection
    /// How many edges are followed at most from an origin.
    let depth: Int
    /// The edges that may be followed; nil are all.
    let edges: NodeSet?

    /// The nodes that are reached, without the origins: at least `limit` of them when there are as many, and all that
    /// are as near as the last of those.
    func nodes(from origins: [UInt32], limit: Int, where isWanted: (UInt32) -> Bool) -> [Reached] {
        reach(from: origins, limit: limit) { _, nodes in nodes.filter(isWanted) }
    }

    /// The edges that are followed: at least `limit` of them when there are as many, and all that are as near as the
    /// last of those.
    func edges(from origins: [UInt32], limit: Int, where isWanted: (UInt32) -> Bool) -> [Reached] {
        reach(from: origins, limit: limit) { edges, _ in edges.filter(isWanted) }
    }

    private func reach(
        from origins: [UInt32], limit: Int, _ wanted: ([UInt32], [UInt32]) -> [UInt32]
    ) -> [Reached] {
        var found: [Reached] = []
        walk(from: origins) { depth, edges, nodes in
            found += wanted(edges, nodes).map { Reached(slot: $0, depth: depth) }
            return found.count < limit
        }
        return found
    }

    /// How many edges lead from an origin to each of some nodes, where any do; to the origin none.
    func distances(from origin: UInt32, to wanted: Set<UInt32>) -> [UInt32: Int] {
        var distances: [UInt32: Int] = wanted.contains(origin) ? [origin: 0] : [:]
        guard distances.count < wanted.count else { return distances }
        walk(from: [origin]) { depth, _, nodes in
            for node in nodes where wanted.contains(node) { distances[node] = depth }
            return distances.count < wanted.count
        }
        return distances
    }

    /// Goes on level by level as long as the closure, which is given the new edges and nodes of each, wants more.
    private func walk(from origins: [UInt32], _ body: (Int, [UInt32], [UInt32]) -> Bool) {
        var seenNodes = NodeSet(origins)
        var seenEdges = NodeSet()
        var level = origins
        var reached = 0
        while reached < depth, !level.isEmpty {
            reached += 1
            var (edges, nodes): ([UInt32], [UInt32]) = ([], [])
            for node in level {
                graph.adjacency.forEachLink(of: node) { link in
                    guard follows(link) else { return }
                    if seenEdges.insert(link.edge) { edges.append(link.edge) }
                    if seenNodes.insert(link.node) { nodes.append(link.node) }
                }
            }
            guard body(reached, edges, nodes) else { return }
            level = nodes
        }
    }

    /// Whether a link leads on.
    func follows(_ link: Adjacency.Link) -> Bool {
        switch direction {
        case .outgoing: guard link.isOutgoing else { return false }
        case .incoming: guard !link.isOutgoing else { return false }
        case .both: break
        }
        return graph.nodes.isThere(link.node) && (edges?.contains(link.edge) ?? true)
    }
}
