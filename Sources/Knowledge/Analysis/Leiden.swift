/// Finds communities: groups of nodes with more edges among themselves than chance would give them (Traag, Waltman and
/// van Eck, "From Louvain to Leiden: guaranteeing well-connected communities", 2019), by modularity.
///
/// Where the paper draws by chance it takes the best here, and of equal ones the first, so the same graph always has
/// the same communities.
struct Leiden {
    /// How often all is gone through, and how often nodes are moved and merged each time, at most.
    private static let (passes, rounds) = (10, 20)

    /// The community of each node: numbers from 0, in the order of their first nodes.
    private(set) var communities: [Int]

    init(_ graph: WeightedGraph) {
        communities = Array(0..<graph.count)
        // What was merged too early comes apart when all is gone through once more.
        for _ in 0..<Self.passes {
            let better = Self.improved(communities, of: graph)
            if better == communities { break }
            communities = better
        }
    }

    private static func improved(_ communities: [Int], of first: WeightedGraph) -> [Int] {
        var graph = first
        // Which node of the merged graph each node of the first one is in.
        var places = Array(0..<graph.count)
        var partition = Partition(graph, communities)
        for _ in 0..<rounds {
            partition.moveNodes()
            guard partition.groupCount < graph.count else { break }
            let (groups, count) = numbered(partition.refined())
            guard count < graph.count else { break }
            var outer = [Int](repeating: 0, count: count)
            for node in groups.indices { outer[groups[node]] = partition.groups[node] }
            graph = graph.merged(groups, count: count)
            places = places.map { groups[$0] }
            partition = Partition(graph, numbered(outer).groups)
        }
        return numbered(places.map { partition.groups[$0] }).groups
    }

    /// The same groups with numbers from 0 in the order of their first nodes.
    private static func numbered(_ groups: [Int]) -> (groups: [Int], count: Int) {
        var numbers: [Int: Int] = [:]
        let numbered = groups.map { group in
            let number = numbers[group] ?? numbers.count
            numbers[group] = number
            return number
        }
        return (numbered, numbers.count)
    }
}

/// The nodes of a graph in groups.
private struct Partition {
    let graph: WeightedGraph
    /// The group of each node.
    private(set) var groups: [Int]
    /// The sum of the strengths of each group.
    private var strengths: [Double]
    private var sizes: [Int]
    private let total: Double

    init(_ graph: WeightedGraph, _ groups: [Int]) {
        self.graph = graph
        self.groups = groups
        total = max(graph.total, .leastNormalMagnitude)
        strengths = [Double](repeating: 0, count: graph.count)
        sizes = [Int](repeating: 0, count: graph.count)
        for node in groups.indices {
            strengths[groups[node]] += graph.strengths[node]
            sizes[groups[node]] += 1
        }
    }

    var groupCount: Int { sizes.count { $0 > 0 } }

    /// Moves each node to where it gains most, until none gains by moving.
    mutating func moveNodes() {
        var queue = Array(0..<graph.count)
        var isQueued = [Bool](repeating: true, count: graph.count)
        var sums = [Double](repeating: 0, count: graph.count)
        var next = 0
        while next < queue.count {
            let node = queue[next]
            next += 1
            isQueued[node] = false
            let own = groups[node]
            let touched = addWeights(of: node, by: groups, to: &sums)
            let strength = graph.strengths[node]
            strengths[own] -= strength
            var (best, most) = (own, gain(sums[own], strength, strengths[own]))
            for group in touched {
                let value = gain(sums[group], strength, strengths[group])
                if value > most + Self.epsilon { (best, most) = (group, value) }
            }
            strengths[best] += strength
            for group in touched { sums[group] = 0 }
            guard best != own else { continue }
            groups[node] = best
            sizes[own] -= 1
            sizes[best] += 1
            graph.forEachNeighbor(of: node) { neighbor, _ in
                guard groups[neighbor] != best, !isQueued[neighbor] else { return }
                isQueued[neighbor] = true
                queue.append(neighbor)
            }
            // What was gone through is let go once it is most of the queue.
            if next > 4 * graph.count {
                queue.removeFirst(next)
                next = 0
            }
        }
    }

    /// Each group in parts that hang together: nodes that are alone join the part of their group where they gain most,
    /// if both are well connected within the group.
    func refined() -> [Int] {
        var parts = Array(0..<graph.count)
        var partStrengths = graph.strengths
        var partSizes = [Int](repeating: 1, count: graph.count)
        var sums = [Double](repeating: 0, count: graph.count)
        // How much leads from each part to the rest of its group.
        var cuts = (0..<graph.count).map { node in
            var sum = 0.0
            graph.forEachNeighbor(of: node) { if groups[$0] == groups[node] { sum += $1 } }
            return sum
        }
        func isWellConnected(_ cut: Double, _ strength: Double, in group: Int) -> Bool {
            cut >= strength * (strengths[group] - strength) / total - Self.epsilon
        }
        for node in 0..<graph.count where partSizes[parts[node]] == 1 {
            let (group, strength) = (groups[node], graph.strengths[node])
            guard isWellConnected(cuts[parts[node]], strength, in: group) else { continue }
            let touched = addWeights(of: node, by: parts, to: &sums, where: { groups[$0] == group })
            var (best, most) = (parts[node], 0.0)
            for part in touched where isWellConnected(cuts[part], partStrengths[part], in: group) {
                let value = gain(sums[part], strength, partStrengths[part])
                if value > most + Self.epsilon { (best, most) = (part, value) }
            }
            if best != parts[node] {
                cuts[best] += cuts[parts[node]] - 2 * sums[best]
                partStrengths[best] += strength
                partSizes[best] += 1
                partSizes[parts[node]] = 0
                parts[node] = best
            }
            for part in touched { sums[part] = 0 }
        }
        return parts
    }

    /// Differences below it are those of rounding.
    private static let epsilon = 1e-12

    /// What modularity gains by a node in a group, but for a factor.
    private func gain(_ weight: Double, _ strength: Double, _ groupStrength: Double) -> Double {
        weight - strength * groupStrength / total
    }

    /// Adds the weights of the edges of a node to the groups that they lead to.
    ///
    /// - returns: the groups, in the order in which they came.
    private func addWeights(
        of node: Int, by groups: [Int], to sums: inout [Double], where isWanted: (Int) -> Bool = { _ in true }
    ) -> [Int] {
        var touched: [Int] = []
        graph.forEachNeighbor(of: node) { neighbor, weight in
            guard isWanted(neighbor) else { return }
            let group = groups[neighbor]
            if sums[group] == 0 { touched.append(group) }
            sums[group] += weight
        }
        return touched
    }
}
