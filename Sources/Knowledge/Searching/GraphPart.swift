// Without it a set of nodes would be searched element by element.
import Search

/// A part of a graph: some of its nodes, and the edges between them.
public struct GraphPart: Sendable, Equatable {
    /// The ids of the nodes: those with the most edges first, and those with as many by their ids.
    public let nodes: [String]
    /// The ids of the edges between them, ascending.
    public let edges: [String]
    /// Whether there are more nodes than were asked for.
    public let isCut: Bool

    /// Of a graph of nothing.
    static let empty = GraphPart(nodes: [], edges: [], isCut: false)
}

extension GraphSnapshot {
    /// The nodes that have the most edges.
    ///
    /// - parameters:
    ///   - filters: which nodes there are, and which edges count.
    ///   - limit: how many nodes at most.
    func part(_ filters: GraphFilters, limit: Int) -> GraphPart {
        let inside = allowed(.node, filters) ?? nodes.all
        let counted = allowed(.edge, filters)
        let degrees = inside.map { node in
            var degree = 0
            adjacency.forEachLink(of: node) { link in
                if inside.contains(link.node), counted?.contains(link.edge) ?? true { degree += 1 }
            }
            return (node: node, degree: degree)
        }
        // Ids are compared only where it depends on them.
        let least = degrees.map(\.degree).sorted(by: >).prefix(limit + 1).last ?? 0
        let ranked = degrees.filter { $0.degree >= least }
            .map { (slot: $0.node, degree: $0.degree, id: nodes.id($0.node)) }
            .sorted { ($1.degree, $0.id) < ($0.degree, $1.id) }
        let kept = ranked.prefix(limit)
        return GraphPart(
            nodes: kept.map(\.id), edges: edges(between: NodeSet(kept.map(\.slot)), counted),
            isCut: ranked.count > limit)
    }
}
