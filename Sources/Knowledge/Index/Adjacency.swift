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
    /// What was added since the rows were made.
    private var added = LinkChains()
    /// The edges that have gone or have led elsewhere since the rows were made: only their links have to be looked at
    /// twice.
    private var moved = NodeSet()
    private var ends = ChunkedArray<Ends?>(empty: nil, shift: 8)
    /// How often an edge has gone or led elsewhere since the rows were made: its links are passed over.
    private var movedCount = 0
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
        added.forEachLink(of: node) { link in
            if isCurrent(link, at: node) { body(link) }
        }
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
        guard moved.contains(link.edge) else { return true }
        let expected = link.isOutgoing ? Ends(source: node, target: link.node) : Ends(source: link.node, target: node)
        return ends[Int(link.edge)] == expected
    }

    /// Takes over an edge, which may have led elsewhere before.
    mutating func set(_ edge: UInt32, _ new: Ends) {
        let old = ends[Int(edge)]
        guard old != new else { return }
        remove(edge)
        // What was there once may still stand there, passed over until now.
        if !(moved.contains(edge) && hasLink(edge, to: new)) {
            added.append(Link(edge: edge, node: new.target, isOutgoing: true), to: new.source)
            added.append(Link(edge: edge, node: new.source, isOutgoing: false), to: new.target)
        }
        ends.update(Int(edge)) { $0 = new }
        count += 1
    }

    /// Forgets an edge.
    mutating func remove(_ edge: UInt32) {
        guard ends[Int(edge)] != nil else { return }
        ends.update(Int(edge)) { $0 = nil }
        moved.insert(edge)
        movedCount += 1
        count -= 1
    }

    private func hasLink(_ edge: UInt32, to ends: Ends) -> Bool {
        let link = Link(edge: edge, node: ends.target, isOutgoing: true)
        if rows.range(of: ends.source).contains(where: { rows.links[$0] == link }) { return true }
        var isAdded = false
        added.forEachLink(of: ends.source) { if $0 == link { isAdded = true } }
        return isAdded
    }

    /// Whether so much stands beside the rows that they should be made anew.
    var shouldCompress: Bool { changeCount > 1_024 + rows.links.count / 4 }

    /// Whether they should be made anew once nobody waits for it: what stands beside them is spread over the memory.
    var couldCompress: Bool { changeCount > rows.links.count / 64 }

    /// How many links have come and gone since the rows were made.
    private var changeCount: Int { added.count + 2 * movedCount }

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
        added = LinkChains()
        moved = NodeSet()
        movedCount = 0
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

/// Links of nodes in the order in which they came: all of them one after the other, each with the place of the next one
/// of its node. It has no lists of its own for nodes: copying a part of it, which a change after a copy does, copies
/// numbers.
private struct LinkChains: Sendable {
    private struct Entry: Sendable {
        var link: Adjacency.Link
        /// The place of the next link of the node, and one more; 0 at the end.
        var next: UInt32
    }

    /// The places of the first and of the last link of a node, and one more; 0 when it has none.
    private struct Chain: Sendable {
        var first: UInt32
        var last: UInt32
    }

    private var chains = ChunkedArray(empty: Chain(first: 0, last: 0), shift: 6)
    private var entries = ChunkedArray(
        empty: Entry(link: Adjacency.Link(edge: 0, node: 0, isOutgoing: true), next: 0), shift: 6)
    /// How many links there are.
    private(set) var count = 0

    @inline(__always)
    func forEachLink(of node: UInt32, _ body: (Adjacency.Link) -> Void) {
        guard count > 0 else { return }
        var place = chains[Int(node)].first
        while place > 0 {
            let entry = entries[Int(place) - 1]
            body(entry.link)
            place = entry.next
        }
    }

    mutating func append(_ link: Adjacency.Link, to node: UInt32) {
        entries.update(count) { $0 = Entry(link: link, next: 0) }
        count += 1
        let place = UInt32(count)
        let last = chains[Int(node)].last
        if last > 0 { entries.update(Int(last) - 1) { $0.next = place } }
        chains.update(Int(node)) { $0 = Chain(first: last > 0 ? $0.first : place, last: place) }
    }
}
