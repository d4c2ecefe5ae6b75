/// What a change in the shop makes of its graph.
struct ShopUpdate: Sendable {
    /// Nodes that are there now as they are here.
    var nodes: [GraphNode] = []
    /// Nodes that must be there; what is known of them otherwise stays.
    var others: [GraphNode] = []
    /// Edges that are there now as they are here.
    var edges: [GraphEdge] = []
    /// The ids of nodes that are gone, with their edges.
    var goneNodes: [String] = []
    /// The ids of edges that are gone, if they were there.
    var goneEdges: [String] = []
}
