import Search

/// What stands around a node.
public struct GraphNeighborhood: Sendable, Equatable {
    /// What is asked of what stands around a node.
    public struct Query: Sendable {
        /// The node in the middle.
        public let center: String
        /// Over how many edges nodes are reached at most.
        public var depth = 1
        /// Which way edges are followed.
        public var direction = EdgeDirection.both
        /// Which edges are followed.
        public var filters = GraphFilters()
        /// How many nodes are wanted at most, the nearest first.
        public var limit = 100
        /// Whether the edges between the nodes are wanted too.
        public var wantsEdges = true

        /// All that is one edge away from a node.
        public init(of center: String) { self.center = center }
    }

    /// A node, and over how many edges it is reached.
    public struct Neighbor: Sendable, Equatable {
        /// The id of the node.
        public let id: String
        /// How many edges lead there at least.
        public let depth: Int
    }

    /// The nodes without the one in the middle, the nearest first and those as near by their ids.
    public let nodes: [Neighbor]
    /// The ids of the edges between all of these nodes and the one in the middle, ascending; none where they were not
    /// asked for.
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
    /// What stands around a node.
    ///
    /// - throws: ``Failure`` `node_not_found`.
    func neighborhood(_ query: GraphNeighborhood.Query) throws -> GraphNeighborhood {
        let center = try place(of: query.center)
        let allowed = allowed(.edge, query.filters)
        let walk = BreadthFirst(graph: self, direction: query.direction, depth: query.depth, edges: allowed)
        var neighbors: [GraphNeighborhood.Neighbor] = []
        var inside = NodeSet([center])
        var isCut = false
        for level in walk.nodes(from: [center], limit: query.limit + 1, where: nil) {
            let room = query.limit - neighbors.count
            isCut = level.slots.count > room
            for slot in nodes.sorted(level.slots).prefix(room) {
                neighbors.append(GraphNeighborhood.Neighbor(id: nodes.id(slot), depth: level.depth))
                if query.wantsEdges { inside.insert(slot) }
            }
        }
        let edges = query.wantsEdges ? edges(between: inside, allowed) : []
        return GraphNeighborhood(nodes: neighbors, edges: edges, isCut: isCut)
    }

    /// The ids of the edges between some nodes, ascending.
    ///
    /// - parameter allowed: the edges that there are; nil are all.
    func edges(between nodes: NodeSet, _ allowed: NodeSet?) -> [String] {
        var between: [UInt32] = []
        for node in nodes {
            adjacency.forEachLink(of: node) { link in
                // Each edge leads out of one node, and so comes once.
                guard link.isOutgoing, nodes.contains(link.node), allowed?.contains(link.edge) ?? true else { return }
                between.append(link.edge)
            }
        }
        return edges.sorted(between).map { edges.id($0) }
    }
}
