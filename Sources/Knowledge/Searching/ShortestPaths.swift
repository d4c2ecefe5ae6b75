import Search

/// The shortest ways from one node to another.
struct ShortestPaths {
    /// A way: its edges, and the nodes that they lead to one after the other.
    struct Path: Equatable {
        var edges: [UInt32] = []
        var nodes: [UInt32]
    }

    /// A step on the way to a node.
    private struct Step {
        let from: UInt32
        let edge: UInt32
    }

    let walk: BreadthFirst
    let graph: GraphSnapshot

    /// - parameters:
    ///   - depth: how many edges a way has at most.
    ///   - edges: those that a way may lead along; nil are all.
    init(in graph: GraphSnapshot, direction: EdgeDirection, depth: Int, edges: NodeSet? = nil) {
        walk = BreadthFirst(graph: graph, direction: direction, depth: depth, edges: edges)
        self.graph = graph
    }

    /// All shortest ways, or the first of them, in the order of the ids from the end: none when no way is short enough.
    func find(from start: UInt32, to end: UInt32, limit: Int) -> [Path] {
        guard start != end else { return [Path(nodes: [start])] }
        guard let steps = steps(from: start, to: end) else { return [] }
        var found: [Path] = []
        extend(Path(nodes: [end]), to: start, steps, limit, &found)
        return found
    }

    /// For each node that is reached the last steps of all shortest ways to it; nil when the end is not reached.
    private func steps(from start: UInt32, to end: UInt32) -> [UInt32: [Step]]? {
        var steps: [UInt32: [Step]] = [start: []]
        var level = [start]
        for _ in 0..<walk.depth where steps[end] == nil && !level.isEmpty {
            var next: [UInt32: [Step]] = [:]
            for node in level {
                graph.adjacency.forEachLink(of: node) { link in
                    guard walk.follows(link), steps[link.node] == nil else { return }
                    next[link.node, default: []].append(Step(from: node, edge: link.edge))
                }
            }
            steps.merge(next) { first, _ in first }
            level = next.keys.sorted()
        }
        return steps[end] == nil ? nil : steps
    }

    /// Goes back from where a way begins so far.
    private func extend(
        _ path: Path, to start: UInt32, _ steps: [UInt32: [Step]], _ limit: Int, _ found: inout [Path]
    ) {
        guard found.count < limit, let node = path.nodes.first else { return }
        guard node != start else { return found.append(path) }
        let ordered = (steps[node] ?? []).sorted { left, right in
            let ids = (graph.nodes.id(left.from), graph.nodes.id(right.from))
            return ids.0 == ids.1 ? graph.edges.id(left.edge) < graph.edges.id(right.edge) : ids.0 < ids.1
        }
        for step in ordered {
            let longer = Path(edges: [step.edge] + path.edges, nodes: [step.from] + path.nodes)
            extend(longer, to: start, steps, limit, &found)
        }
    }
}
