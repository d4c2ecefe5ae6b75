/// What is read from a file becomes a graph again, after all that a writer and searches rely on was looked at: a file
/// with right checksums may still have been written by a defect.
extension HNSWWriter {
    /// Notes the label of a node that was read.
    ///
    /// - returns: false when the label has such a node already.
    mutating func restore(_ record: VectorIndexRecord) -> Bool {
        let node = append(level: record.level, parent: record.parent, isUnlinked: record.isUnlinked)
        guard isPlaced(node) else { return true }
        memory.labels[node] = record.label
        if record.isCurrent {
            guard memory.nodes[record.label] == Self.none else { return false }
            memory.nodes[record.label] = node
            memory.addToCount(1)
        } else if record.label == Self.none {
            leaving.append(node)
        } else {
            return replaced.updateValue(node, forKey: record.label) == nil
        }
        return true
    }

    /// What is wrong with a graph that was read, or nil. With it the entry is set.
    func faultOfRestored() -> String? {
        let nodes = nodeLevels.indices.map(UInt32.init).filter { contains($0) }
        for node in nodes {
            for level in 0...Int(nodeLevels[Int(node)]) where !hasSoundLinks(node, level) {
                return "the links of node \(node) are unsound"
            }
        }
        for (label, _) in replaced {
            guard let newer = node(of: label), memory.unlinked.contains(newer) else { return "a label has an old node" }
        }
        guard isTree(nodes) else { return "its tree is unsound" }
        let highest = nodes.max { nodeLevels[Int($0)] < nodeLevels[Int($1)] }
        memory.setEntry(highest.map { HNSWMemory.Entry(node: $0, level: Int(nodeLevels[Int($0)])) })
        return nil
    }

    private func node(of label: UInt32) -> UInt32? { memory.node(of: label) }

    /// Whether each link leads to another node of the level, which links back, and none twice.
    private func hasSoundLinks(_ node: UInt32, _ level: Int) -> Bool {
        let links = memory.links(node, level)
        for slot in 0..<links.capacity {
            let link = links[slot]
            guard link != Self.none else { continue }
            guard link != node, contains(link), Int(nodeLevels[Int(link)]) >= level else { return false }
            guard memory.links(link, level).contains(node) else { return false }
            for other in 0..<slot where links[other] == link { return false }
        }
        return true
    }

    /// Whether the parents make one tree of all nodes, along links, with no more children than a node may have.
    private func isTree(_ nodes: [UInt32]) -> Bool {
        var children = [Int](repeating: 0, count: nodeLevels.count)
        var roots = 0
        for node in nodes {
            let parent = parents[Int(node)]
            guard parent != Self.none else {
                roots += 1
                continue
            }
            guard memory.links(node, 0).contains(parent) else { return false }
            children[Int(parent)] += 1
            guard children[Int(parent)] <= childLimit else { return false }
        }
        return roots == min(nodes.count, 1) && !hasCycle(nodes)
    }

    /// Whether a node is its own ancestor.
    private func hasCycle(_ nodes: [UInt32]) -> Bool {
        // Nodes that are known to lead to the root, and those on the way up that is being gone.
        var isSafe = [Bool](repeating: false, count: nodeLevels.count)
        var isOnWay = isSafe
        for node in nodes {
            var way: [UInt32] = []
            var current = node
            while current != Self.none, !isSafe[Int(current)] {
                guard !isOnWay[Int(current)] else { return true }
                isOnWay[Int(current)] = true
                way.append(current)
                current = parents[Int(current)]
            }
            for node in way { isSafe[Int(node)] = true }
        }
        return false
    }
}
