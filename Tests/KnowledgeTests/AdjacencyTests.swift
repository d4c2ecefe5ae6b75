import Search
import TestKit
import Testing

@testable import Knowledge

@Suite("The links of a graph")
struct AdjacencyTests {
    private typealias Ends = Adjacency.Ends

    @Test("An edge is found at both ends, until it leads elsewhere or goes")
    func moves() {
        var adjacency = Adjacency()
        adjacency.set(7, Ends(source: 1, target: 2))
        #expect(links(adjacency, 1) == [.init(edge: 7, node: 2, isOutgoing: true)])
        #expect(links(adjacency, 2) == [.init(edge: 7, node: 1, isOutgoing: false)])
        adjacency.set(7, Ends(source: 1, target: 3))
        #expect(links(adjacency, 1) == [.init(edge: 7, node: 3, isOutgoing: true)])
        #expect(links(adjacency, 2).isEmpty)
        adjacency.remove(7)
        #expect(links(adjacency, 1).isEmpty && links(adjacency, 3).isEmpty)
        #expect(adjacency.count == 0 && adjacency.ends(of: 7) == nil)
    }

    @Test("An edge from a node to itself is there twice, once each way")
    func loop() {
        var adjacency = Adjacency()
        adjacency.set(0, Ends(source: 4, target: 4))
        #expect(adjacency.degree(of: 4) == 2)
        adjacency.compress(nodeLimit: 5)
        #expect(adjacency.degree(of: 4) == 2)
    }

    @Test("Random histories come to what a plain list of edges says, and copies stay as they were")
    func randomHistories() {
        var random = SeededRandom.fresh()
        for _ in 0..<30 {
            var adjacency = Adjacency()
            var edges: [UInt32: Ends] = [:]
            var copies: [(Adjacency, [UInt32: Ends])] = []
            for step in 0..<400 {
                let edge = UInt32.random(in: 0..<60, using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<6:
                    let ends = Ends(
                        source: .random(in: 0..<12, using: &random), target: .random(in: 0..<12, using: &random))
                    adjacency.set(edge, ends)
                    edges[edge] = ends
                case 6..<9:
                    adjacency.remove(edge)
                    edges[edge] = nil
                default:
                    adjacency.compress(nodeLimit: 12)
                }
                if step % 100 == 50 { copies.append((adjacency, edges)) }
                #expect(adjacency.count == edges.count)
            }
            for (adjacency, edges) in copies + [(adjacency, edges)] {
                for node in UInt32(0)..<12 {
                    #expect(Set(links(adjacency, node)) == expected(edges, node), "seed \(random.seed)")
                    #expect(adjacency.degree(of: node) == links(adjacency, node).count)
                }
            }
        }
    }

    private func links(_ adjacency: Adjacency, _ node: UInt32) -> [Adjacency.Link] {
        var links: [Adjacency.Link] = []
        adjacency.forEachLink(of: node) { links.append($0) }
        return links
    }

    private func expected(_ edges: [UInt32: Ends], _ node: UInt32) -> Set<Adjacency.Link> {
        var links: Set<Adjacency.Link> = []
        for (edge, ends) in edges {
            if ends.source == node { links.insert(.init(edge: edge, node: ends.target, isOutgoing: true)) }
            if ends.target == node { links.insert(.init(edge: edge, node: ends.source, isOutgoing: false)) }
        }
        return links
    }
}
