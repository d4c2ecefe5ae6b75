/// Which nodes a search may find. It goes through the others nevertheless.
protocol NodeFilter {
    func allows(_ node: UInt32) -> Bool
}

/// Lets a search find every node.
struct AllNodes: NodeFilter {
    @inline(__always)
    func allows(_ node: UInt32) -> Bool { true }
}

/// Lets a search find the nodes that stand for a label.
struct LabelledNodes: NodeFilter {
    let labels: SharedNumbers

    @inline(__always)
    func allows(_ node: UInt32) -> Bool { labels[node] != SharedNumbers.none }
}

/// Lets a search find the nodes that stand for one of some labels.
struct AllowedNodes: NodeFilter {
    let labels: SharedNumbers
    let allowed: NodeSet

    @inline(__always)
    func allows(_ node: UInt32) -> Bool { allowed.contains(labels[node]) }
}

/// The searches of Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical
/// Navigable Small World graphs", IEEE TPAMI 42(4), 2020 (published online 2018).
extension HNSWMemory {
    /// Goes to the node nearest to a code from level to level, at each until no neighbour is nearer (algorithm 5, first
    /// part, with `ef` 1).
    ///
    /// - parameters:
    ///   - last: the last level that is gone through.
    func descend(_ code: UnsafePointer<Int8>, from entry: Entry, through last: Int) -> Neighbor {
        var nearest = Neighbor(entry.node, distance: distance(code, entry.node))
        for level in stride(from: entry.level, through: last, by: -1) {
            var isNearer = true
            while isNearer {
                isNearer = false
                let links = links(nearest.node, level)
                for slot in 0..<links.capacity {
                    let link = links[slot]
                    guard link != LinkList.none else { continue }
                    let neighbor = Neighbor(link, distance: distance(code, link))
                    guard neighbor < nearest else { continue }
                    nearest = neighbor
                    isNearer = true
                }
            }
        }
        return nearest
    }

    /// Finds the `ef` nodes nearest to a code at a level, among those that a filter allows (algorithm 2). They are in
    /// `scratch.nearest` then.
    ///
    /// - parameters:
    ///   - visits: how many nodes may be looked at.
    /// - returns: whether it came to its end with so many.
    @discardableResult
    func searchLayer(
        _ code: UnsafePointer<Int8>, from start: Neighbor, ef: Int, level: Int, visits: Int = .max,
        _ filter: some NodeFilter, _ scratch: inout SearchScratch
    ) -> Bool {
        scratch.clear()
        _ = scratch.visit(start.node)
        scratch.frontier.push(start)
        if filter.allows(start.node) { scratch.nearest.push(start) }
        while let next = scratch.frontier.pop() {
            if scratch.nearest.count >= ef, let farthest = scratch.nearest.top, farthest < next { break }
            guard scratch.visitedCount <= visits else { return false }
            collectFresh(next.node, level, &scratch)
            for node in scratch.fresh {
                let neighbor = Neighbor(node, distance: distance(code, node))
                let farthest = scratch.nearest.count >= ef ? scratch.nearest.top : nil
                if let farthest, farthest < neighbor { continue }
                scratch.frontier.push(neighbor)
                guard filter.allows(node) else { continue }
                if farthest == nil {
                    scratch.nearest.push(neighbor)
                } else {
                    scratch.nearest.replaceTop(by: neighbor)
                }
            }
        }
        return true
    }

    /// Notes the neighbours of a node that were not visited yet, and asks for their codes.
    @inline(__always)
    private func collectFresh(_ node: UInt32, _ level: Int, _ scratch: inout SearchScratch) {
        scratch.fresh.removeAll(keepingCapacity: true)
        let links = links(node, level)
        for slot in 0..<links.capacity {
            let link = links[slot]
            guard link != LinkList.none, scratch.visit(link) else { continue }
            prefetchCode(link)
            scratch.fresh.append(link)
        }
    }
}
