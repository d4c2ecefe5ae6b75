import Core
import Search

/// A part of a graph that is to be drawn, or written for other programs.
public struct GraphDrawing: Sendable {
    /// A node as the table has it, and how far it is from the middle, if there is one.
    public typealias StoredNode = (document: [UInt8], depth: Int?)

    struct Node: Sendable {
        let element: GraphNode
        let depth: Int?
    }

    /// An edge, and the places of its ends among the nodes.
    struct Edge: Sendable {
        let element: GraphEdge
        let source: Int
        let target: Int
    }

    let nodes: [Node]
    let edges: [Edge]
    /// Whether the graph has more than this part.
    let hasMore: Bool

    /// A part of a graph. Edges to nodes that are not in it are left out.
    ///
    /// - parameter edges: as the table has them.
    /// - throws: ``Failure`` `corrupt_row`.
    public init(nodes: [StoredNode], edges: [[UInt8]], hasMore: Bool) throws {
        try self.init(
            nodes.map { Node(element: try GraphNode(StoredFields($0.document)), depth: $0.depth) },
            edges.map { try GraphEdge(StoredFields($0)) }, hasMore: hasMore)
    }

    init(_ nodes: [Node], _ edges: [GraphEdge], hasMore: Bool) {
        self.nodes = nodes
        self.hasMore = hasMore
        let places = Dictionary(
            nodes.enumerated().map { (ExactText($1.element.header.id), $0) }, uniquingKeysWith: { first, _ in first })
        self.edges = edges.compactMap { edge in
            guard let source = places[ExactText(edge.source)], let target = places[ExactText(edge.target)] else {
                return nil
            }
            return Edge(element: edge, source: source, target: target)
        }
    }
}
