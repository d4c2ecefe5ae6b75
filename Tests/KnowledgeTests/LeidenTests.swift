import TestKit
import Testing

@testable import Knowledge

@Suite("Communities of a graph")
struct LeidenTests {
    /// A graph of edges between numbered nodes.
    private func graph(_ count: Int, _ edges: [(Int, Int)]) -> WeightedGraph {
        var links = [[Int: Double]](repeating: [:], count: count)
        for (left, right) in edges where left != right {
            links[left][right, default: 0] += 1
            links[right][left, default: 0] += 1
        }
        var graph = WeightedGraph()
        for link in links { graph.append(link.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }) }
        return graph
    }

    /// How much more leads within groups than chance would give them.
    private func modularity(_ graph: WeightedGraph, _ groups: [Int]) -> Double {
        var (inside, strengths) = (0.0, [Int: Double]())
        for node in 0..<graph.count {
            strengths[groups[node], default: 0] += graph.strengths[node]
            graph.forEachNeighbor(of: node) { if groups[$0] == groups[node] { inside += $1 } }
        }
        return inside / graph.total - strengths.values.reduce(0) { $0 + ($1 / graph.total) * ($1 / graph.total) }
    }

    @Test("Zachary's karate club falls apart as it did, and as well as any way that is known")
    func karateClub() {
        // W. W. Zachary, "An Information Flow Model for Conflict and Fission in Small Groups", 1977: members from 1.
        let friends: [[Int]] = [
            [2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 18, 20, 22, 32], [3, 4, 8, 14, 18, 20, 22, 31],
            [4, 8, 9, 10, 14, 28, 29, 33], [8, 13, 14], [7, 11], [7, 11, 17], [17], [], [31, 33, 34], [34], [], [],
            [], [34], [33, 34], [33, 34], [], [], [33, 34], [34], [33, 34], [], [33, 34], [26, 28, 30, 33, 34],
            [26, 28, 32], [32], [30, 34], [34], [32, 34], [33, 34], [33, 34], [33, 34], [34], [],
        ]
        let edges = friends.enumerated().flatMap { member, others in others.map { (member, $0 - 1) } }
        #expect(edges.count == 78)
        let club = graph(34, edges)
        let found = Leiden(club).communities
        // The greatest modularity there is (U. Brandes and others, "On Modularity Clustering", 2008).
        #expect(modularity(club, found) > 0.4197)
        #expect(Set(found).count == 4)
        #expect(found[0] != found[33])
    }

    @Test("Cliques on a ring are found one by one, and what is alone stays alone")
    func cliques() {
        var edges: [(Int, Int)] = []
        for clique in 0..<12 {
            for left in 0..<5 { for right in (left + 1)..<5 { edges.append((5 * clique + left, 5 * clique + right)) } }
            edges.append((5 * clique, (5 * clique + 6) % 60))
        }
        let found = Leiden(graph(61, edges)).communities
        for clique in 0..<12 { #expect(Set(found[(5 * clique)..<(5 * clique + 5)]).count == 1) }
        #expect(Set(found).count == 13)
    }

    @Test("Every community hangs together, and no node would gain by moving")
    func randomGraphs() {
        var random = SeededRandom.fresh()
        for _ in 0..<40 {
            let count = Int.random(in: 1...60, using: &random)
            let edges = (0..<Int.random(in: 0...(3 * count), using: &random)).map { _ in
                (Int.random(in: 0..<count, using: &random), Int.random(in: 0..<count, using: &random))
            }
            let graph = graph(count, edges)
            let found = Leiden(graph).communities
            #expect(found.count == count && Leiden(graph).communities == found, "\(random)")
            for community in Set(found) {
                let members = found.indices.filter { found[$0] == community }
                #expect(reached(graph, from: members[0]) { found[$0] == community }.count == members.count, "\(random)")
            }
            guard graph.total > 0 else { continue }
            #expect(modularity(graph, found) >= modularity(graph, Array(0..<count)) - 1e-9, "\(random)")
        }
    }

    private func reached(_ graph: WeightedGraph, from start: Int, _ isIn: (Int) -> Bool) -> Set<Int> {
        var (seen, rest): (Set<Int>, [Int]) = ([start], [start])
        while let node = rest.popLast() {
            graph.forEachNeighbor(of: node) { neighbor, _ in
                if isIn(neighbor), seen.insert(neighbor).inserted { rest.append(neighbor) }
            }
        }
        return seen
    }

    @Test("Merging nodes keeps all weights")
    func merging() {
        let whole = graph(5, [(0, 1), (0, 1), (1, 2), (2, 3), (3, 4), (4, 0)])
        let merged = whole.merged([0, 0, 1, 1, 1], count: 2)
        #expect(merged.total == whole.total)
        #expect(merged.strengths == [6, 6])
        #expect(merged.neighbors == [1, 0] && merged.weights == [2, 2])
        #expect(merged.merged([0, 0], count: 1).strengths == [12])
    }
}
