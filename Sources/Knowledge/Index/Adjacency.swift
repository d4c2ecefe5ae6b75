import Search

/// Which edges lead from and to each node: most of them in compressed rows, and what has changed since those were made
/// beside them. A value: searches hold it as it was.
struct Adjacency: Sendable {
    /// An edge at one of its ends.
    struct Link: Sendable, Hashable {
        /// The slot of the edge.
        let edge: UInt32
        /// The slot of the node at the other end.
        let node: UInt32
        /// Whether the edge goes from here to there.
        let isOutgoing: Bool
    }

    /// The nodes that an edge relates, by their slots.
    struct Ends: Sendable, Hashable {
        let source: UInt32
        let target: UInt32
    }

    private var rows = CompressedRows()
    /// What was added since the rows were made, by node.
    private var added = ChunkedArray<[Link]>(empty: [], shift: 5)
    private(set) var addedCount = 0
    private var ends = ChunkedArray<Ends?>(empty: nil, shift: 8)
    /// How many edges there are.
    private(set) var count = 0

    /// The ends of the edge at a slot; nil when there is none.
    @inline(__always)
    func ends(of edge: UInt32) -> Ends? { ends[Int(edge)] }

    /// Calls the closure with each link of a node, in the order in which they came.
    @inline(__always)
    func forEachLink(of node: UInt32, _ body: (Link) -> Void) {
        for index in rows.range(of: node) {
            let link = rows.links[index]
            if isCurrent(link, at: node) { body(link) }
        }
        for link in added[Int(node)] where isCurrent(link, at: node) { body(link) }
    }

    /// How many links a node has. An edge from a node to itself is two.
    func degree(of node: UInt32) -> Int {
        var count = 0
        forEachLink(of: node) { _ in count += 1 }
        return count
    }

    /// A link stays where it is when its edge goes, and is passed over.
    @inline(__always)
    private func isCurrent(_ link: Link, at node: UInt32) -> Bool {
        let expected = link.isOutgoing ? Ends(source: node, target: link.node) : Ends(source: link.node, target: node)
        return ends[Int(link.edge)] == expected
    }

    /// Takes over an edge, which may have led elsewhere before.
    mutating func set(_ edge: UInt32, _ new: Ends) {
        let old = ends[Int(edge)]
        guard old != new else { return }
        remove(edge)
        // What was there once may still stand there, passed over until now.
        if !hasLink(edge, to: new) {
            added.update(Int(new.source)) { $0.append(Link(edge: edge, node: new.target, isOutgoing: true)) }
            added.update(Int(new.target)) { $0.append(Link(edge: edge, node: new.source, isOutgoing: false)) }
            addedCount += 2
        }
        ends.update(Int(edge)) { $0 = new }
        count += 1
    }

    /// Forgets an edge.
    mutating func remove(_ edge: UInt32) {
        guard ends[Int(edge)] != nil else { return }
        ends.update(Int(edge)) { $0 = nil }
        count -= 1
    }

    private func hasLink(_ edge: UInt32, to ends: Ends) -> Bool {
        let link = Link(edge: edge, node: ends.target, isOutgoing: true)
        return rows.range(of: ends.source).contains { rows.links[$0] == link } || added[Int(ends.source)].contains(link)
    }

    /// Whether so much stands beside the rows that they should be made anew.
    var shouldCompress: Bool { addedCount > 1_024 + rows.links.count / 4 }

    /// Makes the rows anew of all that there is.
    ///
    /// - parameter nodeLimit: beyond the slots of all nodes.
    mutating func compress(nodeLimit: UInt32) {
        var links: [Link] = []
        links.reserveCapacity(2 * count)
        var starts: [UInt32] = [0]
        starts.reserveCapacity(Int(nodeLimit) + 1)
        for node in 0..<nodeLimit {
            forEachLink(of: node) { links.append($0) }
            starts.append(UInt32(links.count))
        }
        rows = CompressedRows(starts: starts, links: links)
        added = ChunkedArray(empty: [], shift: 5)
        addedCount = 0
    }
}

/// The links of all nodes, one node after the other.
private struct CompressedRows: Sendable {
    /// Where those of each node begin, and at the end where there are no more.
    var starts: [UInt32] = []
    var links: [Adjacency.Link] = []

    @inline(__always)
    func range(of node: UInt32) -> Range<Int> {
        guard Int(node) + 1 < starts.count else { return 0..<0 }
        return Int(starts[Int(node)])..<Int(starts[Int(node) + 1])
    }
}
