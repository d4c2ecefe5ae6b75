extension HNSWWriter {
    /// What must always hold and does not, for tests: nothing when all is well. It looks at the whole graph.
    func violations() -> [String] {
        let nodes = nodeLevels.indices.map(UInt32.init).filter { contains($0) }
        let dangling = nodes.flatMap(danglingLinks)
        // Where links lead nowhere, the rest cannot be followed.
        guard dangling.isEmpty else { return dangling }
        return nodes.flatMap(violationsOfLinks) + nodes.flatMap(violationsOfTree) + violationsOfEntry(nodes)
            + violationsOfReach(nodes) + violationsOfLabels()
            + (nodes.count == count ? [] : ["there are \(nodes.count) nodes, not \(count)"])
    }

    private func danglingLinks(of node: UInt32) -> [String] {
        (0...Int(nodeLevels[Int(node)])).flatMap { level in
            memory.links(node, level).nodes.filter { !contains($0) || nodeLevels[Int($0)] < level }
                .map { "node \(node), level \(level) links to \($0), which is not there" }
        }
    }

    private func violationsOfLinks(of node: UInt32) -> [String] {
        (0...Int(nodeLevels[Int(node)])).flatMap { level -> [String] in
            let links = memory.links(node, level).nodes
            let place = "node \(node), level \(level)"
            var found: [String] = []
            if links.contains(node) { found.append("\(place) links to itself") }
            if Set(links).count < links.count { found.append("\(place) has a neighbour twice: \(links)") }
            for link in links where !memory.links(link, level).contains(node) {
                found.append("\(place): \(link) does not link back")
            }
            return found
        }
    }

    private func violationsOfTree(of node: UInt32) -> [String] {
        var found: [String] = []
        let parent = parents[Int(node)]
        if parent != Self.none {
            if !contains(parent) { found.append("the parent \(parent) of \(node) is not there") }
            if !memory.links(node, 0).contains(parent) { found.append("\(node) does not link to its parent \(parent)") }
        }
        if children(of: node).count > childLimit { found.append("\(node) has more than \(childLimit) children") }
        return found
    }

    private func violationsOfEntry(_ nodes: [UInt32]) -> [String] {
        let roots = nodes.filter { parents[Int($0)] == Self.none }
        let highest = nodes.map { nodeLevels[Int($0)] }.max()
        let entry = memory.entry
        var found: [String] = []
        if roots.count != min(nodes.count, 1) { found.append("the tree has the roots \(roots)") }
        if entry?.level != highest.map(Int.init) { found.append("the entry has another level than \(highest ?? -1)") }
        if let entry, !contains(entry.node) || Int(nodeLevels[Int(entry.node)]) != entry.level {
            found.append("the entry \(entry.node) is not there or not of its level")
        }
        return found
    }

    /// Each node must be reached from the entry by links at level 0, by those of the tree alone too.
    private func violationsOfReach(_ nodes: [UInt32]) -> [String] {
        guard let entry = memory.entry else { return nodes.isEmpty ? [] : ["there are nodes and no entry"] }
        return [false, true].flatMap { onlyTree -> [String] in
            var reached: Set<UInt32> = [entry.node]
            var waiting = [entry.node]
            while let node = waiting.popLast() {
                for link in memory.links(node, 0).nodes where !onlyTree || isTreeLink(node, link) {
                    if reached.insert(link).inserted { waiting.append(link) }
                }
            }
            let lost = nodes.filter { !reached.contains($0) }
            return lost.isEmpty ? [] : ["\(lost) cannot be reached\(onlyTree ? " by the tree" : "")"]
        }
    }

    /// Each node must be found by its label, or be on its way out of the graph.
    private func violationsOfLabels() -> [String] {
        var found: [String] = []
        let labels = (0..<UInt32(memory.nodes.count)).filter { memory.nodes[$0] != Self.none }
        for label in labels where !isPlaced(memory.nodes[label]) || memory.labels[memory.nodes[label]] != label {
            found.append("label \(label) leads to \(memory.nodes[label]), which is not its node")
        }
        for node in nodeLevels.indices.map(UInt32.init) {
            let label = memory.labels[node]
            let isCurrent = label != Self.none && memory.nodes[label] == node
            let isReplaced = label != Self.none && replaced[label] == node && contains(node)
            let isLeaving = label == Self.none && leaving.contains(node) && contains(node)
            if isPlaced(node) != (isCurrent || isReplaced || isLeaving) {
                found.append("node \(node) with label \(label) stands for nothing, or stands for it twice")
            }
            if !isPlaced(node), memory.unlinked.contains(node) { found.append("\(node) is to be linked and not there") }
        }
        if labels.count != memory.count { found.append("there are \(labels.count) labels, not \(memory.count)") }
        return found
    }
}
