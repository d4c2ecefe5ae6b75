import Search

/// What stands around a node.
public struct GraphNeighborhood: Sendable, Equatable {
    /// A node, and over how many edges it is reached.
    public struct Neighbor: Sendable, Equatable {
        /// The id of the node.
        public let id: String
        /// How many edges lead there at least.
        public let depth: Int
    }

    /// The nodes without the one in the middle, the nearest first and those as near by their ids.
    public let nodes: [Neighbor]
    /// The ids of the edges between all of these nodes and the one in the middle, ascending.
    public let edges: [String]
    /// Whether there are more nodes than were asked for.
    public let isCut: Bool
}

/// A way from one node to another.
public struct GraphPath: Sendable, Equatable {
    /// The ids of the nodes, from the first to the last.
    public let nodes: [String]
    /// The ids of the edges between them.
    public let edges: [String]
}

extension GraphSnapshot {
    /// What stands around a node that is there.
    func neighborhood(
        of center: UInt32, depth: Int, direction: EdgeDirection, _ filters: GraphFilters, limit: Int
    ) -> GraphNeighborhood {
        let allowed = allowed(.edge, filters)
        let walk = BreadthFirst(graph: self, direction: direction, depth: depth, edges: allowed)
        let reached = walk.nodes(from: [center], limit: limit + 1) { _ in true }
            .map { (slot: $0.slot, neighbor: GraphNeighborhood.Neighbor(id: nodes.id($0.slot), depth: $0.depth)) }
            .sorted { ($0.neighbor.depth, $0.neighbor.id) < ($1.neighbor.depth, $1.neighbor.id) }
        let kept = reached.prefix(limit)
        var inside = Set(kept.map(\.slot))
        inside.insert(center)
        return GraphNeighborhood(
            nodes: kept.map(\.neighbor), edges: edges(between: inside, allowed), isCut: reached.count > limit)
    }

    /// The ids of the edges between some nodes, ascending.
    ///
    /// - parameter allowed: the edges that there are; nil are all.
    func edges(between nodes: Set<UInt32>, _ allowed: NodeSet?) -> [String] {
        var between: Set<UInt32> = []
        for node in nodes {
            adjacency.forEachLink(of: node) { link in
                if nodes.contains(link.node), allowed?.contains(link.edge) ?? true { between.insert(link.edge) }
            }
        }
        return between.map { edges.id($0) }.sorted()
    }
}
