/// The one writer of a graph: what it knows beside the memory that it shares with searches.
///
/// Links have no direction: when a node is in the list of another, that one is in its list. So whoever takes a node
/// out finds all links to it in its own list. At level 0 some links are a **tree**: each node but one has a parent,
/// and a link between parent and child is never cut while both are there. So whatever is cut elsewhere, each node can
/// be reached.
struct HNSWWriter {
    /// What stands for no parent.
    static let none = LinkList.none

    let memory: HNSWMemory
    var levels: RandomLevels
    var scratch = SearchScratch()
    /// The parent of each node in the tree of level 0.
    var parents: [UInt32] = []
    /// The level of each node, or -1 where there is none.
    private(set) var nodeLevels: [Int8] = []
    /// How many nodes are linked.
    private(set) var count = 0
    private var freeNodes: [UInt32] = []
    /// Rows for links above level 0 that can be used again, by how many stand together.
    private var freeRows: [Int: [UInt32]] = [:]
    private(set) var upperRowCount: UInt32 = 0
    private var upperRow: [UInt32: UInt32] = [:]
    /// Nodes that were taken out, with the epoch that ended then.
    private var retired: [(node: UInt32, level: Int, epoch: UInt64)] = []
    /// Linked nodes that no label has any more, which are still to be taken out.
    var leaving: [UInt32] = []
    /// The linked node of a label that has a newer one: it goes when that is linked.
    var replaced: [UInt32: UInt32] = [:]
    /// Where the next node that is to be linked is looked for.
    var nextToLink: UInt32 = 0
    /// Whether the codes fit what is written.
    private(set) var fitness: CodeFitness?

    init(_ memory: HNSWMemory, quantile: Double = ScalarQuantizer.defaultQuantile) {
        self.memory = memory
        fitness = memory.quantizer.map { CodeFitness(bound: $0.bound, quantile: quantile) }
        levels = RandomLevels(seed: memory.parameters.seed, m: memory.parameters.m)
    }

    /// Whether there can be one more node.
    var hasRoom: Bool { nodeLevels.count < RowMemory.rowLimit || !freeNodes.isEmpty }

    /// The memory that nodes take up.
    var bytes: VectorIndexBytes { memory.bytes(nodes: nodeLevels.count, upperRows: Int(upperRowCount)) }

    /// The greatest number of children a node has in the tree: half of its slots, so that there are always links that
    /// may be cut for others.
    var childLimit: Int { memory.parameters.m }

    /// Whether there is such a node in the graph.
    func contains(_ node: UInt32) -> Bool { isPlaced(node) && !memory.unlinked.contains(node) }

    /// Whether there is such a node, linked or not.
    func isPlaced(_ node: UInt32) -> Bool { node < nodeLevels.count && nodeLevels[Int(node)] >= 0 }

    /// Whether a link may not be cut.
    @inline(__always)
    func isTreeLink(_ left: UInt32, _ right: UInt32) -> Bool {
        parents[Int(left)] == right || parents[Int(right)] == left
    }

    func children(of node: UInt32) -> [UInt32] {
        memory.links(node, 0).nodes.filter { parents[Int($0)] == node }
    }

    func hasRoomForChild(_ node: UInt32) -> Bool { children(of: node).count < childLimit }

    /// Writes a vector as a node of a random level that nothing leads to yet. Searches look at it from now on.
    mutating func place(_ vector: [Float], label: UInt32) -> UInt32 {
        reclaim()
        let level = levels.next()
        let node = freeNodes.popLast() ?? UInt32(nodeLevels.count)
        open(node, level: level)
        memory.write(vector, to: node)
        fitness?.note(vector)
        memory.labels[node] = label
        memory.unlinked.insert(node)
        return node
    }

    private mutating func open(_ node: UInt32, level: Int) {
        let row = takeRows(level)
        memory.open(node, level: level, upperRow: row)
        if Int(node) == nodeLevels.count {
            nodeLevels.append(Int8(level))
            parents.append(Self.none)
        } else {
            nodeLevels[Int(node)] = Int8(level)
            parents[Int(node)] = Self.none
        }
        if level > 0 { upperRow[node] = row }
    }

    /// Notes that links lead to a node now.
    mutating func markLinked(_ node: UInt32) {
        memory.unlinked.remove(node)
        count += 1
    }

    /// Adds the next node that was read from a file, or a number that no node has.
    ///
    /// - returns: its number.
    mutating func append(level: Int8, parent: UInt32, isUnlinked: Bool) -> UInt32 {
        let node = UInt32(nodeLevels.count)
        guard level >= 0 else {
            nodeLevels.append(level)
            parents.append(Self.none)
            memory.labels.grow(to: nodeLevels.count)
            freeNodes.append(node)
            return node
        }
        open(node, level: Int(level))
        parents[Int(node)] = parent
        if isUnlinked { memory.unlinked.insert(node) } else { count += 1 }
        return node
    }

    private mutating func takeRows(_ level: Int) -> UInt32 {
        guard level > 0 else { return 0 }
        if let row = freeRows[level]?.popLast() { return row }
        defer { upperRowCount += UInt32(level) }
        return upperRowCount
    }

    /// Forgets a node to which no link and no label leads any more. Its number is used again when no search can hold
    /// it; those that do still find the label by it.
    mutating func retire(_ node: UInt32) {
        if memory.unlinked.contains(node) { memory.unlinked.remove(node) } else { count -= 1 }
        memory.unfilled.remove(node)
        retired.append((node, Int(nodeLevels[Int(node)]), memory.readers.endEpoch()))
        nodeLevels[Int(node)] = -1
        parents[Int(node)] = Self.none
    }

    private mutating func reclaim() {
        guard let first = retired.first else { return }
        let oldest = memory.readers.oldestEpoch()
        guard first.epoch < oldest else { return }
        let reusable = retired.prefix { $0.epoch < oldest }
        for (node, level, _) in reusable {
            freeNodes.append(node)
            if let row = upperRow.removeValue(forKey: node) { freeRows[level, default: []].append(row) }
        }
        retired.removeFirst(reusable.count)
    }
}
