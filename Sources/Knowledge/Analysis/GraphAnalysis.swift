import Core
import Search

/// What follows from a graph as a whole: how central its nodes are, and which belong together. It is made in the
/// background, so it is of a moment before.
struct GraphAnalysis: Sendable {
    /// The part of a walk along the edges that goes on, and does not begin anew somewhere (Page, Brin, Motwani and
    /// Winograd, "The PageRank Citation Ranking", 1999).
    private static let damping = 0.85
    /// How often ranks are handed on at most, and how little they must change to be done.
    private static let (rounds, tolerance) = (50, 1e-6)

    /// How likely one is at each node on such a walk, as a part of the greatest: from 0 to 1, by slot.
    private(set) var ranks: [Float] = []
    /// The community of each node by slot: the slot of the node whose id is the least in it.
    private(set) var communities: [UInt32] = []
    /// The nodes of each community of several, the most central first, by the slot of the one whose id is the least.
    private(set) var members: [UInt32: [UInt32]] = [:]
    /// Of no graph.
    init() {}

    /// Of what was found out before: ranks by slot, and the nodes of each community by one of their slots.
    init(ranks: [Float], members: [UInt32: [UInt32]] = [:]) {
        self.ranks = ranks
        self.members = members
        guard !members.isEmpty else { return }
        communities = [UInt32](repeating: .max, count: ranks.count)
        for (name, nodes) in members {
            for node in nodes { communities[Int(node)] = name }
        }
    }

    /// Of the graph as it is.
    init(_ graph: GraphSnapshot) {
        ranks = Self.ranks(graph)
        communities = Self.communities(graph)
        members = members(graph)
    }

    private func members(_ graph: GraphSnapshot) -> [UInt32: [UInt32]] {
        var members: [UInt32: [UInt32]] = [:]
        for node in graph.nodes.all { members[communities[Int(node)], default: []].append(node) }
        return members.compactMapValues { nodes in
            guard nodes.count > 1 else { return nil }
            return nodes.map { (rank: rank(of: $0), id: graph.nodes.id($0), slot: $0) }
                .sorted { $0.rank == $1.rank ? $0.id < $1.id : $0.rank > $1.rank }.map(\.slot)
        }
    }

    /// The slot by which the community of a node goes; nil when it is in none of several nodes.
    func community(of node: UInt32) -> UInt32? {
        guard Int(node) < communities.count, members[communities[Int(node)]] != nil else { return nil }
        return communities[Int(node)]
    }

    /// How central a node is: from 0 to 1.
    func rank(of node: UInt32) -> Float { Int(node) < ranks.count ? ranks[Int(node)] : 0 }

    /// The same; nil where it has not been found out yet.
    func centrality(of node: UInt32) -> Double? { Int(node) < ranks.count ? Double(ranks[Int(node)]) : nil }

    /// Edges count for both of their ends: a fact makes what it is said of as central as what says it.
    static func ranks(_ graph: GraphSnapshot) -> [Float] {
        let size = Int(graph.nodes.limit)
        let nodes = Array(graph.nodes.all)
        guard !nodes.isEmpty else { return [] }
        var degrees = [Double](repeating: 0, count: size)
        for node in nodes {
            graph.adjacency.forEachLink(of: node) { link in
                if graph.nodes.isThere(link.node) { degrees[Int(node)] += 1 }
            }
        }
        let total = Double(nodes.count)
        var ranks = [Double](repeating: 0, count: size)
        for node in nodes { ranks[Int(node)] = 1 / total }
        for _ in 0..<rounds {
            // What a node without edges has goes to all.
            let stranded = nodes.reduce(0) { $0 + (degrees[Int($1)] == 0 ? ranks[Int($1)] : 0) }
            let base = (1 - damping + damping * stranded) / total
            var next = [Double](repeating: 0, count: size)
            var change = 0.0
            for node in nodes {
                var sum = 0.0
                graph.adjacency.forEachLink(of: node) { link in
                    if degrees[Int(link.node)] > 0 { sum += ranks[Int(link.node)] / degrees[Int(link.node)] }
                }
                next[Int(node)] = base + damping * sum
                change += abs(next[Int(node)] - ranks[Int(node)])
            }
            ranks = next
            if change < tolerance { break }
        }
        let greatest = ranks.max() ?? 1
        return ranks.map { Float($0 / greatest) }
    }

    /// Nodes are numbered in the order of their ids, so the same graph has the same communities whatever was written
    /// first. Several edges between two nodes are one that counts as much as all of them; those between parts of the
    /// graph do not count, so that a community belongs to one part.
    private static func communities(_ graph: GraphSnapshot) -> [UInt32] {
        let nodes = graph.nodes.all.sorted { graph.nodes.id($0) < graph.nodes.id($1) }
        var places = [Int](repeating: -1, count: Int(graph.nodes.limit))
        for (place, node) in nodes.enumerated() { places[Int(node)] = place }
        let groups = nodes.map { graph.nodes.values.valueNumber(of: IndexedFields.group, at: $0) }
        var weighted = WeightedGraph()
        var sums: [Int: Double] = [:]
        for (number, node) in nodes.enumerated() {
            sums.removeAll(keepingCapacity: true)
            graph.adjacency.forEachLink(of: node) { link in
                let place = places[Int(link.node)]
                guard place >= 0, link.node != node, groups[place] == groups[number] else { return }
                sums[place, default: 0] += 1
            }
            weighted.append(sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
        var first: [Int: UInt32] = [:]
        var communities = [UInt32](repeating: .max, count: Int(graph.nodes.limit))
        for (node, community) in zip(nodes, Leiden(weighted).communities) {
            let name = first[community] ?? node
            first[community] = name
            communities[Int(node)] = name
        }
        return communities
    }
}
