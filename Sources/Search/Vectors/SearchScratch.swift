/// What a search notes down while it goes: used again for the next one, so that a search allocates next to nothing.
struct SearchScratch {
    /// The nodes whose distance is known.
    private(set) var visited = NodeSet()
    private var visitedNodes: [UInt32] = []
    var visitedCount: Int { visitedNodes.count }
    /// The nodes whose links are still to be followed.
    var frontier = NeighborHeap(nearestFirst: true)
    /// The best nodes so far.
    var nearest = NeighborHeap(nearestFirst: false)
    /// The neighbours of a node that were not visited before.
    var fresh: [UInt32] = []
    /// The labels that are scanned next, and their nodes.
    var batch: [(node: UInt32, label: UInt32)] = []
    /// The code of the query.
    var code: [Int8] = []

    /// Notes that the distance of a node is known.
    ///
    /// - returns: whether that is new.
    @inline(__always)
    mutating func visit(_ node: UInt32) -> Bool {
        guard visited.insert(node) else { return false }
        visitedNodes.append(node)
        return true
    }

    /// Forgets a search, in a time that depends on how far it went and not on the size of the graph.
    mutating func clear() {
        for node in visitedNodes { visited.remove(node) }
        visitedNodes.removeAll(keepingCapacity: true)
        frontier.removeAll()
        nearest.removeAll()
    }
}
