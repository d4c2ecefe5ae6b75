/// The labels that may be the nearest to a query, whichever way they are found.
extension HNSWMemory {
    /// How many candidates are ranked by their vectors: the more, the broader the search is meant to be. Codes of few
    /// components tell less, and their vectors are soon read.
    private func rankedCount(k: Int, breadth: Int) -> Int {
        max(k * min(max(512 / parameters.dimensions, 2), 16), breadth / 2)
    }

    /// The node that stands for a label.
    func node(of label: UInt32) -> UInt32? {
        let node = nodes[label]
        return node == SharedNumbers.none ? nil : node
    }

    /// The labels that have a vector, among some or all.
    func labels(among allowed: NodeSet?) -> [UInt32] {
        var found: [UInt32] = []
        forEachNode(among: allowed) { _, label in found.append(label) }
        return found
    }

    /// Makes the code of a query.
    func encode(_ query: [Float], _ scratch: inout SearchScratch) {
        guard let quantizer else { return }
        if scratch.code.count != codeBytes { scratch.code = [Int8](repeating: 0, count: codeBytes) }
        scratch.code.withUnsafeMutableBufferPointer { quantizer.encode(query, count: query.count, into: $0) }
    }

    /// The labels among which those nearest to a query are, the likely nearest first.
    ///
    /// - parameters:
    ///   - breadth: how many candidates are kept, unless the search says it.
    func candidates(
        _ query: [Float], _ search: VectorSearch, _ breadth: Int, _ scratch: inout SearchScratch
    ) -> [UInt32] {
        let k = min(search.k, count)
        guard k > 0 else { return [] }
        encode(query, &scratch)
        let code = scratch.code
        if quantizer == nil || search.isExact && keepsVectors {
            scan(among: search.allowed, limit: k, &scratch) {
                Neighbor($1, floatDistance: distance(query, $0, code: code))
            }
            return scratch.nearest.contents.sorted().map(\.node)
        }
        return code.withUnsafeBufferPointer { code in
            guard let code = code.baseAddress else { return [] }
            let breadth = max(search.breadth ?? breadth, k)
            let limit = rankedCount(k: k, breadth: breadth)
            return candidates(code, search, limit: limit, breadth: breadth, &scratch)
        }
    }

    private func candidates(
        _ code: UnsafePointer<Int8>, _ search: VectorSearch, limit: Int, breadth: Int, _ scratch: inout SearchScratch
    ) -> [UInt32] {
        let linked = count - min(count, unlinked.count)
        let allowed = search.allowed.map { allowed in search.allowedCount ?? allowed.count }
        let plan = SearchPlan.choose(linked: linked, allowed: allowed ?? linked, breadth: breadth, m: parameters.m)
        if case .graph(let visits) = plan {
            let recent = recentCandidates(code, search.allowed, limit: limit)
            if searchGraph(code, search.allowed, breadth: breadth, visits: visits, &scratch) {
                return (scratch.nearest.contents + recent).sorted().prefix(limit).map { labels[$0.node] }
            }
        }
        scan(among: search.allowed, limit: limit, &scratch) { Neighbor($1, distance: distance(code, $0)) }
        return scratch.nearest.contents.sorted().map(\.node)
    }

    /// The best of the nodes that are not linked yet. It must be asked before the graph is: a node that is linked
    /// meanwhile is found twice then, and not never.
    private func recentCandidates(_ code: UnsafePointer<Int8>, _ allowed: NodeSet?, limit: Int) -> [Neighbor] {
        guard unlinked.count > 0 else { return [] }
        var nearest = NeighborHeap(nearestFirst: false)
        unlinked.forEach { node in
            let label = labels[node]
            guard label != SharedNumbers.none, allowed?.contains(label) ?? true else { return }
            nearest.offer(Neighbor(node, distance: distance(code, node)), limit: limit)
        }
        return nearest.contents
    }

    /// Finds candidates in the graph, unless it has to look at too many nodes. They are in `scratch.nearest` then.
    func searchGraph(
        _ code: UnsafePointer<Int8>, _ allowed: NodeSet?, breadth: Int, visits: Int, _ scratch: inout SearchScratch
    ) -> Bool {
        guard let entry else { return false }
        let start = searchStart(code, entry, &scratch)
        guard let allowed else {
            let filter = LabelledNodes(labels: labels)
            return searchLayer(code, from: start, ef: breadth, level: 0, filter, &scratch)
        }
        let filter = AllowedNodes(labels: labels, allowed: allowed)
        return searchLayer(code, from: start, ef: breadth, level: 0, visits: visits, filter, &scratch)
    }

    /// How many nodes are kept while the start of a search is looked for on the level above the lowest.
    private static let startBreadth = 8

    /// The node of the lowest level where a search begins. The level above it is not searched for the one nearest node,
    /// as the levels over that one are: where clusters lie far apart, one alone is caught in a cluster that is not the
    /// query's, and the lowest level may have no link that leads out of it.
    private func searchStart(
        _ code: UnsafePointer<Int8>, _ entry: Entry, _ scratch: inout SearchScratch
    ) -> Neighbor {
        let start = descend(code, from: entry, through: 2)
        guard entry.level > 0 else { return start }
        searchLayer(code, from: start, ef: Self.startBreadth, level: 1, AllNodes(), &scratch)
        return scratch.nearest.contents.min() ?? start
    }

    /// How many nodes are fetched at a time before they are looked at.
    private static let fetched = 16

    /// Looks at the node of each label that is allowed, and leaves the nearest labels in `scratch.nearest`.
    @inline(__always)
    func scan(
        among allowed: NodeSet?, limit: Int, _ scratch: inout SearchScratch,
        _ neighbor: (_ node: UInt32, _ label: UInt32) -> Neighbor
    ) {
        scratch.clear()
        scratch.batch.removeAll(keepingCapacity: true)
        forEachNode(among: allowed) { node, label in
            if quantizer == nil { prefetchVector(node) } else { prefetchCode(node) }
            scratch.batch.append((node, label))
            guard scratch.batch.count == Self.fetched else { return }
            for (node, label) in scratch.batch { scratch.nearest.offer(neighbor(node, label), limit: limit) }
            scratch.batch.removeAll(keepingCapacity: true)
        }
        for (node, label) in scratch.batch { scratch.nearest.offer(neighbor(node, label), limit: limit) }
    }

    /// Goes through labels and not through nodes: each label has one node at any time, so one that is replaced
    /// meanwhile is met once.
    @inline(__always)
    private func forEachNode(among allowed: NodeSet?, _ body: (_ node: UInt32, _ label: UInt32) -> Void) {
        func visit(_ label: UInt32) {
            let node = nodes[label]
            if node != SharedNumbers.none { body(node, label) }
        }
        if let allowed {
            for label in allowed { visit(label) }
        } else {
            for label in 0..<UInt32(nodes.count) { visit(label) }
        }
    }
}
