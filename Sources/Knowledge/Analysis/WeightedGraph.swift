/// A graph without directions whose edges have weights: nodes by their numbers from 0.
struct WeightedGraph {
    /// Where the neighbours of each node begin, and at the end where there are no more.
    private(set) var starts: [Int] = [0]
    private(set) var neighbors: [Int] = []
    private(set) var weights: [Double] = []
    /// The sum of the weights at each node; an edge to itself counts twice.
    private(set) var strengths: [Double] = []

    /// How many nodes there are.
    var count: Int { strengths.count }

    /// The sum of the strengths: twice that of the weights.
    var total: Double { strengths.reduce(0, +) }

    /// Adds a node, whose number is the next one.
    ///
    /// - parameters:
    ///   - links: its neighbours, each once, with the weights of their edges. Each edge stands at both of its nodes.
    ///   - loop: the weight of its edge to itself.
    mutating func append(_ links: some Sequence<(node: Int, weight: Double)>, loop: Double = 0) {
        var strength = 2 * loop
        for (node, weight) in links {
            neighbors.append(node)
            weights.append(weight)
            strength += weight
        }
        starts.append(neighbors.count)
        strengths.append(strength)
    }

    /// Calls the closure with each neighbour of a node but itself.
    @inline(__always)
    func forEachNeighbor(of node: Int, _ body: (Int, Double) -> Void) {
        for index in starts[node]..<starts[node + 1] { body(neighbors[index], weights[index]) }
    }

    /// The graph whose nodes are the groups of this one.
    ///
    /// - parameter groups: the group of each node, from 0 to `count` - 1.
    func merged(_ groups: [Int], count: Int) -> WeightedGraph {
        var members = [[Int]](repeating: [], count: count)
        for node in groups.indices { members[groups[node]].append(node) }
        var merged = WeightedGraph()
        var sums = [Double](repeating: 0, count: count)
        for group in 0..<count {
            var touched: [Int] = []
            // What an edge to itself has is in the strength, and not among the neighbours.
            var inside = 0.0
            for node in members[group] {
                var outside = 0.0
                forEachNeighbor(of: node) { neighbor, weight in
                    outside += weight
                    let other = groups[neighbor]
                    if other == group {
                        inside += weight
                    } else {
                        if sums[other] == 0 { touched.append(other) }
                        sums[other] += weight
                    }
                }
                inside += strengths[node] - outside
            }
            merged.append(touched.sorted().map { ($0, sums[$0]) }, loop: inside / 2)
            for other in touched { sums[other] = 0 }
        }
        return merged
    }
}
