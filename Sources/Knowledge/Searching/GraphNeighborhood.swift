public import Core
import Search

/// What stands around a node.
public struct GraphNeighborhood: Sendable {
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

    /// Nodes that are as far away, in the order of their ids.
    fileprivate struct Level: Sendable {
        let depth: Int
        let slots: [UInt32]
    }

    fileprivate let levels: [Level]
    fileprivate let index: ElementIndex
    /// The ids of the edges between all of these nodes and the one in the middle, ascending; none where they were not
    /// asked for.
    public let edges: [String]
    /// Whether there are more nodes than were asked for.
    public let isCut: Bool

    /// The nodes without the one in the middle, the nearest first and those as near by their ids.
    public var nodes: [Neighbor] {
        levels.flatMap { level in level.slots.map { Neighbor(id: index.id($0), depth: level.depth) } }
    }
}

extension GraphNeighborhood: Equatable {
    public static func == (left: GraphNeighborhood, right: GraphNeighborhood) -> Bool {
        left.nodes == right.nodes && left.edges == right.edges && left.isCut == right.isCut
    }
}

extension GraphNeighborhood {
    /// Writes the nodes as objects of their `uuid` and `depth`.
    ///
    /// Answers of thousands of nodes are common: what all of a level have in common is made once, and no text is made
    /// of an id whose JSON is known.
    public func writeNodes(to json: inout JSONWriter) {
        json.array { json in
            for level in levels {
                var slots = level.slots[...]
                while let slot = slots.first {
                    let count = index.order.write(
                        slots, between: #"{"uuid":"#, and: #","depth":\#(level.depth)}"#, to: &json)
                    slots = slots.dropFirst(count)
                    guard count == 0 else { continue }
                    json.object { json in
                        json.member("uuid", index.id(slot))
                        json.member("depth", level.depth)
                    }
                    slots = slots.dropFirst()
                }
            }
        }
    }
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
        var levels: [GraphNeighborhood.Level] = []
        var room = query.limit
        var isCut = false
        for level in walk.nodes(from: [center], limit: query.limit + 1, where: nil) {
            isCut = level.slots.count > room
            let slots = nodes.first(room, of: level.slots)
            levels.append(GraphNeighborhood.Level(depth: level.depth, slots: slots))
            room -= slots.count
        }
        let inside = query.wantsEdges ? NodeSet([center] + levels.flatMap(\.slots)) : NodeSet()
        return GraphNeighborhood(
            levels: levels, index: nodes, edges: edges(between: inside, allowed), isCut: isCut)
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
