/// Removal with repair: what a node held together is linked anew, so that no search has to go around what is gone.
extension HNSWWriter {
    /// With how many of the other neighbours of a removed node each of them is tried to be linked.
    private static let repairBreadth = 4

    /// Takes a node out of the graph. Searches that hold it may still find it.
    mutating func remove(_ node: UInt32) {
        moveChildren(of: node)
        for level in 0...Int(nodeLevels[Int(node)]) {
            let neighbors = memory.links(node, level).nodes
            for neighbor in neighbors { memory.links(neighbor, level).remove(node) }
            mend(neighbors, level)
        }
        // Nobody may come to it any more when its epoch ends.
        if memory.entry?.node == node { memory.setEntry(highestNode(but: node)) }
        retire(node)
    }

    /// The node of the greatest level, or nil in an empty graph. It looks at all nodes: one removal among all is the
    /// one of the entry.
    private func highestNode(but node: UInt32) -> HNSWMemory.Entry? {
        nodeLevels.indices.filter { $0 != Int(node) && contains(UInt32($0)) }.max { nodeLevels[$0] < nodeLevels[$1] }
            .map { HNSWMemory.Entry(node: UInt32($0), level: Int(nodeLevels[$0])) }
    }

    // MARK: The tree

    /// Gives each child of a node another parent, which is nowhere below the child.
    private mutating func moveChildren(of node: UInt32) {
        var orphans = children(of: node)
        for orphan in orphans { parents[Int(orphan)] = Self.none }
        var anchor = parents[Int(node)]
        parents[Int(node)] = Self.none
        if anchor == Self.none {
            // The root goes: one of its children becomes the root.
            guard let root = orphans.popLast() else { return }
            anchor = root
        }
        let relatives = memory.links(node, 0).nodes
        for orphan in orphans { move(orphan, from: node, relatives: relatives, anchor: anchor) }
    }

    /// Gives a node without a parent a new one: the nearest of its neighbours and those of its parent that is not
    /// below it, else a node below the anchor.
    private mutating func move(_ orphan: UInt32, from old: UInt32, relatives: [UInt32], anchor: UInt32) {
        let code = memory.code(orphan)
        let candidates = (memory.links(orphan, 0).nodes + relatives)
            .filter { $0 != orphan && $0 != old }
            .map { Neighbor($0, distance: memory.distance(code, $0)) }
            .sorted()
        let found = candidates.first { hasRoomForChild($0.node) && isOutside($0.node, the: orphan) }
        let parent = found?.node ?? descendant(of: anchor, near: orphan)
        parents[Int(orphan)] = parent
        guard !memory.links(parent, 0).contains(orphan) else { return }
        makeRoom(in: parent)
        memory.links(parent, 0).add(orphan)
        // The slot of the old parent, which goes, leads to the new one from now on. It may be taken already, by a child
        // that has found its new parent here.
        guard !memory.links(orphan, 0).replace(old, by: parent) else { return }
        makeRoom(in: orphan)
        memory.links(orphan, 0).add(parent)
    }

    /// How far up a node is looked for. A tree that is deeper than that holds vectors that stand in a row, as along a
    /// line; then the parent is chosen without looking.
    private static let depthLimit = 1_000

    /// Whether a node is surely not below another in the tree.
    private func isOutside(_ node: UInt32, the subtree: UInt32) -> Bool {
        var current = node
        for _ in 0..<Self.depthLimit {
            if current == subtree { return false }
            current = parents[Int(current)]
            if current == Self.none { return true }
        }
        return false
    }

    /// Empties a slot of a full list at level 0: the farthest neighbour that is not held by the tree goes.
    private func makeRoom(in node: UInt32) {
        let links = memory.links(node, 0)
        guard links.isFull else { return }
        let code = memory.code(node)
        let farthest = links.nodes.filter { !isTreeLink(node, $0) }
            .map { Neighbor($0, distance: memory.distance(code, $0)) }.max()
        guard let farthest else { return }
        links.remove(farthest.node)
        memory.links(farthest.node, 0).remove(node)
    }

    // MARK: The other links

    /// Links nodes that have lost a common neighbour with those nearest to them among the others, as far as there is
    /// room and no neighbour that they have lies in that direction.
    private func mend(_ nodes: [UInt32], _ level: Int) {
        for node in nodes {
            let code = memory.code(node)
            let links = memory.links(node, level)
            let others = nodes.filter { $0 != node }.map { Neighbor($0, distance: memory.distance(code, $0)) }
            for other in others.sorted().prefix(Self.repairBreadth) {
                let back = memory.links(other.node, level)
                guard !links.isFull, !back.isFull, !links.contains(other.node) else { continue }
                let otherCode = memory.code(other.node)
                guard links.nodes.allSatisfy({ memory.distance(otherCode, $0) >= other.distance }) else { continue }
                links.add(other.node)
                back.add(node)
            }
        }
    }
}
