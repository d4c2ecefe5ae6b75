/// Insertion (algorithm 1 of Malkov and Yashunin) with the choice of neighbours by a heuristic (their algorithm 4).
extension HNSWWriter {
    /// Links a node that was placed.
    ///
    /// All neighbours are chosen before any of them hears of the node, and they hear of it from level 0 upwards, so a
    /// search that comes to it finds its links.
    mutating func link(_ node: UInt32) {
        defer { markLinked(node) }
        let level = Int(nodeLevels[Int(node)])
        guard let entry = memory.entry else {
            memory.setEntry(HNSWMemory.Entry(node: node, level: level))
            return
        }
        let code = memory.code(node)
        let top = min(level, entry.level)
        var chosen = [[Neighbor]](repeating: [], count: top + 1)
        var start = memory.descend(code, from: entry, through: top + 1)
        for level in stride(from: top, through: 0, by: -1) {
            memory.searchLayer(
                code, from: start, ef: memory.parameters.efConstruction, level: level, AllNodes(), &scratch)
            let candidates = scratch.nearest.contents.sorted()
            start = candidates.first ?? start
            chosen[level] = select(candidates, limit: memory.parameters.m)
            if level == 0 { adopt(node, among: candidates, &chosen[0]) }
        }
        for (level, neighbors) in chosen.enumerated() {
            for neighbor in neighbors { memory.links(node, level).add(neighbor.node) }
        }
        for (level, neighbors) in chosen.enumerated() {
            for neighbor in neighbors { connect(neighbor.node, to: node, level) }
        }
        if level > entry.level { memory.setEntry(HNSWMemory.Entry(node: node, level: level)) }
    }

    /// Gives a new node a parent, which is made one of its neighbours.
    private mutating func adopt(_ node: UInt32, among candidates: [Neighbor], _ chosen: inout [Neighbor]) {
        let parent =
            candidates.first { hasRoomForChild($0.node) }?.node
            ?? candidates.first.map { descendant(of: $0.node, near: node) } ?? Self.none
        parents[Int(node)] = parent
        guard parent != Self.none, !chosen.contains(where: { $0.node == parent }) else { return }
        chosen.append(Neighbor(parent, distance: memory.distance(memory.code(node), parent)))
    }

    /// A node below another in the tree, or that one, that has room for a child: a node without children has.
    func descendant(of ancestor: UInt32, near node: UInt32) -> UInt32 {
        let code = memory.code(node)
        var current = ancestor
        while true {
            let children = children(of: current)
            let neighbors = children.map { Neighbor($0, distance: memory.distance(code, $0)) }
            guard children.count >= childLimit, let nearest = neighbors.min() else { return current }
            current = nearest.node
        }
    }

    /// Chooses neighbours from candidates, the nearest first: one is taken when it is nearer than to any that was taken
    /// before, so that they lie in different directions.
    ///
    /// - parameters:
    ///   - limit: how many are taken by that rule at most.
    ///   - isKept: which are taken in any case.
    func select(
        _ candidates: [Neighbor], limit: Int, keeping isKept: (UInt32) -> Bool = { _ in false }
    ) -> [Neighbor] {
        var chosen: [Neighbor] = []
        chosen.reserveCapacity(limit)
        var reserved = candidates.count { isKept($0.node) }
        for candidate in candidates {
            let kept = isKept(candidate.node)
            if kept {
                reserved -= 1
            } else if chosen.count + reserved >= limit || !isApart(candidate, from: chosen) {
                continue
            }
            chosen.append(candidate)
        }
        return chosen
    }

    /// Whether a candidate is nearer to what it is a candidate for than to any of some nodes.
    @inline(__always)
    private func isApart(_ candidate: Neighbor, from nodes: [Neighbor]) -> Bool {
        let code = memory.code(candidate.node)
        for node in nodes where memory.distance(code, node.node) < candidate.distance { return false }
        return true
    }

    /// Puts a new node into the list of a neighbour that is in the list of the node. When that is full, what is not
    /// worth its place is cut, which may be the new node.
    func connect(_ neighbor: UInt32, to node: UInt32, _ level: Int) {
        let links = memory.links(neighbor, level)
        guard !links.add(node) else { return }
        let code = memory.code(neighbor)
        var candidates = (links.nodes + [node]).map { Neighbor($0, distance: memory.distance(code, $0)) }
        candidates.sort()
        let kept = select(candidates, limit: links.capacity) { level == 0 && isTreeLink(neighbor, $0) }
        cut(candidates, but: kept, of: neighbor, level, for: node)
    }

    private func cut(
        _ candidates: [Neighbor], but kept: [Neighbor], of neighbor: UInt32, _ level: Int, for node: UInt32
    ) {
        let links = memory.links(neighbor, level)
        var isWaiting = kept.contains { $0.node == node }
        var keptNodes = kept[...]
        for candidate in candidates {
            if candidate == keptNodes.first {
                keptNodes.removeFirst()
                continue
            }
            memory.links(candidate.node, level).remove(neighbor)
            guard candidate.node != node else { continue }
            // The new node takes the first slot that becomes free.
            links.replace(candidate.node, by: isWaiting ? node : LinkList.none)
            isWaiting = false
        }
    }
}
