import ChangeLog
import Core

/// What a change in the shop makes of its graph, or what stands in its tables.
struct ShopUpdate: FeedUpdate {
    /// Nodes that are there now as they are here.
    var nodes: [GraphNode] = []
    /// Nodes that must be there; what is known of them otherwise stays.
    var others: [GraphNode] = []
    /// Edges that are there now as they are here, if both of their nodes are: what was deleted in the shop is nothing
    /// that an order leads to.
    var edges: [GraphEdge] = []
    /// Edges of which nobody says since when they are so: what is there and leads to the same node keeps its time.
    var lasting: [GraphEdge] = []
    /// The ids of nodes that are gone, with their edges.
    var goneNodes: [String] = []
    /// The ids of edges that are gone, if they were there.
    var goneEdges: [String] = []
    /// Variants that are gone. Where something was reserved of one, its node stays, and tells no more than is here.
    var goneVariants: [GraphNode] = []
    /// What the shop names in passing and may name no more.
    var orphans: [Orphan] = []

    /// A node that goes when no edge of a relation leads to it any more.
    struct Orphan: Sendable {
        let id: String
        let relation: String
    }

    /// Takes over another one of things that do not contain one another.
    mutating func append(_ other: ShopUpdate) {
        nodes += other.nodes
        others += other.others
        edges += other.edges
        lasting += other.lasting
        goneNodes += other.goneNodes
        goneEdges += other.goneEdges
        goneVariants += other.goneVariants
        orphans += other.orphans
    }

    /// How many elements it writes at most.
    var count: Int { nodes.count + others.count + edges.count + lasting.count }

    func places(of tenant: Tenant) -> [[UInt8]] {
        nodes.map { ElementPlace(.node, $0.header.id, of: tenant).bytes }
            + (edges + lasting).map { ElementPlace(.edge, $0.header.id, of: tenant).bytes }
    }
}
