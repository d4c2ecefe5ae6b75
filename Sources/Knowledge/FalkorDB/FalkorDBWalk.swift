import Core
import Search

/// What edges lead to from some nodes of the graph of a tenant in FalkorDB, the nearest first: one question for each
/// level, so that it takes no longer than there are nodes and edges, however many ways lead to them.
struct FalkorDBWalk {
    /// What was reached, and over how many edges.
    struct Reached {
        let id: String
        let depth: Int
    }

    let reader: FalkorDBReader
    let step: FalkorDBQueries.Step
    /// How many edges are followed at most from an origin.
    let depth: Int

    /// The nodes that are reached, without the origins: at least `limit` of them when there are as many, and all that
    /// are as near as the last of those.
    func nodes(from origins: [String], limit: Int, where filter: FalkorDBFilter) throws -> [Reached] {
        var found: [Reached] = []
        try walk(from: origins) { depth, level, seen in
            let row = try reader.ask(FalkorDBQueries.nodes(from: level, step, filter))[0].rows.first ?? []
            let ids = row.keys(0)
            var next: [String] = []
            for (place, isWanted) in row.list(1).enumerated() where seen.insert(ExactText(ids[place])).inserted {
                next.append(ids[place])
                if isWanted == .integer(1) { found.append(Reached(id: ids[place], depth: depth)) }
            }
            return found.count < limit ? next : []
        }
        return found
    }

    /// The edges that are followed: at least `limit` of them when there are as many, and all that are as near as the
    /// last of those.
    func edges(from origins: [String], limit: Int, where filter: FalkorDBFilter) throws -> [Reached] {
        var found: [Reached] = []
        var seenEdges: Set<ExactText> = []
        try walk(from: origins) { depth, level, seen in
            let row = try reader.ask(FalkorDBQueries.edges(from: level, step, filter))[0].rows.first ?? []
            let (edges, nodes) = (row.keys(0), row.keys(1))
            var next: [String] = []
            for (place, isWanted) in row.list(2).enumerated() {
                if seen.insert(ExactText(nodes[place])).inserted { next.append(nodes[place]) }
                guard seenEdges.insert(ExactText(edges[place])).inserted, isWanted == .integer(1) else { continue }
                found.append(Reached(id: edges[place], depth: depth))
            }
            return found.count < limit ? next : []
        }
        return found
    }

    /// Goes on level by level as long as the closure, which is given the new nodes of each, wants more.
    func levels(from origins: [String], _ body: (Int, [String]) -> Bool) throws {
        let all = FalkorDBFilter(GraphFilters(), .node)
        try walk(from: origins) { depth, level, seen in
            let row = try reader.ask(FalkorDBQueries.nodes(from: level, step, all))[0].rows.first ?? []
            let next = row.keys(0).filter { seen.insert(ExactText($0)).inserted }
            return body(depth, next) ? next : []
        }
    }

    /// Puts all edges that are followed, and the nodes at their ends, into a snapshot, as long as the closure, which is
    /// given it and how many nodes were reached, wants more.
    func copy(
        from origins: [String], into graph: inout GraphSnapshot, while isWanted: (GraphSnapshot, Int) -> Bool
    ) throws {
        var reached = 0
        try walk(from: origins) { _, level, seen in
            let row = try reader.ask(FalkorDBQueries.links(level, step))[0].rows.first ?? []
            var next: [String] = []
            graph.set(Link.all(row, step.direction)) { node in
                if seen.insert(ExactText(node)).inserted { next.append(node) }
            }
            reached += next.count
            return isWanted(graph, reached) ? next : []
        }
    }

    /// An edge with its ends.
    struct Link {
        let edge: String
        let source: String
        let target: String

        /// Those of a row of lists. Of edges that are followed either way the ends may be exchanged.
        static func all(_ row: [CypherValue], _ direction: EdgeDirection) -> [Link] {
            let (from, edges, to) = (row.keys(0), row.keys(1), row.keys(2))
            return edges.indices.map { place in
                direction == .incoming
                    ? Link(edge: edges[place], source: to[place], target: from[place])
                    : Link(edge: edges[place], source: from[place], target: to[place])
            }
        }
    }

    private func walk(
        from origins: [String], _ next: (Int, [String], inout Set<ExactText>) throws -> [String]
    ) throws {
        var seen = Set(origins.map(ExactText.init))
        var level = origins
        var reached = 0
        while reached < depth, !level.isEmpty {
            reached += 1
            level = try next(reached, level, &seen)
        }
    }
}

extension GraphSnapshot {
    /// Takes over edges, and that the nodes at their ends are there, which the closure is told of.
    mutating func set(_ links: [FalkorDBWalk.Link], _ body: (String) -> Void = { _ in }) {
        for link in links {
            let edge = edges.assign(link.edge)
            for node in [link.source, link.target] {
                setThere(node)
                body(node)
            }
            guard adjacency.ends(of: edge) == nil else { continue }
            adjacency.set(
                edge, Adjacency.Ends(source: nodes.assign(link.source), target: nodes.assign(link.target)))
        }
    }

    /// Notes that a node is there.
    @discardableResult
    mutating func setThere(_ node: String) -> UInt32 {
        let slot = nodes.assign(node)
        if !nodes.isThere(slot) { nodes.set(JSONObject(), at: slot) }
        return slot
    }
}

extension [CypherValue] {
    /// The texts of a list of keys.
    func keys(_ place: Int) -> [String] {
        list(place).map { value in
            if case .text(let key) = value { CypherKey.decode(key) } else { "" }
        }
    }
}
