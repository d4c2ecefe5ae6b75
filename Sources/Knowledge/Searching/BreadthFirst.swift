import Search

/// What edges lead to from some nodes, the nearest first (breadth-first search).
struct BreadthFirst {
    /// What is as far away.
    struct Level {
        /// Over how many edges it is reached.
        let depth: Int
        /// The slots of nodes or of edges, in no order.
        let slots: [UInt32]
    }

    let graph: GraphSnapshot
    let direction: EdgeDirection
    /// How many edges are followed at most from an origin.
    let depth: Int
    /// The edges that may be followed; nil are all.
    let edges: NodeSet?

    /// The nodes that are reached, without the origins: at least `limit` of them when there are as many, and all that
    /// are as near as the last of those.
    ///
    /// - parameter wanted: those that are looked for; nil are all.
    func nodes(from origins: [UInt32], limit: Int, where wanted: NodeSet?) -> [Level] {
        var found = Found(limit: limit, wanted: wanted)
        walk(from: origins, countingEdges: false) { found.take($0, $2) }
        return found.levels
    }

    /// The edges that are followed: at least `limit` of them when there are as many, and all that are as near as the
    /// last of those.
    ///
    /// - parameter wanted: those that are looked for; nil are all.
    func edges(from origins: [UInt32], limit: Int, where wanted: NodeSet?) -> [Level] {
        var found = Found(limit: limit, wanted: wanted)
        walk(from: origins, countingEdges: true) { depth, edges, _ in found.take(depth, edges) }
        return found.levels
    }

    /// What was found on the way.
    private struct Found {
        let limit: Int
        let wanted: NodeSet?
        var levels: [Level] = []
        var count = 0

        /// Takes over what is so far away. Returns whether more is wanted.
        mutating func take(_ depth: Int, _ slots: [UInt32]) -> Bool {
            let slots = wanted.map { wanted in slots.filter { wanted.contains($0) } } ?? slots
            levels.append(Level(depth: depth, slots: slots))
            count += slots.count
            return count < limit
        }
    }

    /// How many edges lead from an origin to each of some nodes, where any do; to the origin none.
    func distances(from origin: UInt32, to wanted: Set<UInt32>) -> [UInt32: Int] {
        var distances: [UInt32: Int] = wanted.contains(origin) ? [origin: 0] : [:]
        guard distances.count < wanted.count else { return distances }
        walk(from: [origin], countingEdges: false) { depth, _, nodes in
            for node in nodes where wanted.contains(node) { distances[node] = depth }
            return distances.count < wanted.count
        }
        return distances
    }

    /// Goes on level by level as long as the closure, which is given the new edges, where they count, and nodes of
    /// each, wants more.
    private func walk(
        from origins: [UInt32], countingEdges: Bool, _ body: (Int, [UInt32], [UInt32]) -> Bool
    ) {
        let there = graph.nodes.all
        let adjacency = graph.adjacency
        var seenNodes = NodeSet(origins)
        var seenEdges = NodeSet()
        var level = origins
        var reached = 0
        while reached < depth, !level.isEmpty {
            reached += 1
            var (edges, nodes): ([UInt32], [UInt32]) = ([], [])
            seenNodes.insert(below: graph.nodes.limit) { seenNodes in
                seenEdges.insert(below: countingEdges ? graph.edges.limit : 0) { seenEdges in
                    for node in level {
                        adjacency.forEachLink(of: node) { link in
                            guard leads(link, to: there) else { return }
                            if countingEdges, seenEdges.insert(link.edge) { edges.append(link.edge) }
                            if seenNodes.insert(link.node) { nodes.append(link.node) }
                        }
                    }
                }
            }
            guard body(reached, edges, nodes) else { return }
            level = nodes
        }
    }

    /// Whether a link leads on.
    func follows(_ link: Adjacency.Link) -> Bool { leads(link, to: graph.nodes.all) }

    @inline(__always)
    private func leads(_ link: Adjacency.Link, to there: NodeSet) -> Bool {
        switch direction {
        case .outgoing: guard link.isOutgoing else { return false }
        case .incoming: guard !link.isOutgoing else { return false }
        case .both: break
        }
        return there.contains(link.node) && (edges?.contains(link.edge) ?? true)
    }
}
