/// What a caller writes: vectors under labels. They are found at once and linked later.
///
/// A label leads to its newest node. A linked node that is replaced goes on standing for its label in the graph until
/// the newer one is linked, so that a search that comes to it there finds the label; it is ranked by the newest vector.
extension HNSWWriter {
    /// Stores a vector under a label, in the place of the one that is there.
    mutating func set(_ vector: [Float], label: UInt32) {
        memory.nodes.grow(to: Int(label) + 1)
        let node = place(vector, label: label)
        let old = memory.nodes[label]
        memory.nodes[label] = node
        if old == Self.none {
            memory.addToCount(1)
        } else if memory.unlinked.contains(old) {
            retire(old)
        } else {
            replaced[label] = old
        }
    }

    /// Takes a label out.
    ///
    /// - returns: whether it was there.
    mutating func remove(label: UInt32) -> Bool {
        let node = memory.nodes[label]
        guard node != Self.none else { return false }
        memory.nodes[label] = Self.none
        memory.addToCount(-1)
        if memory.unlinked.contains(node) { retire(node) } else { leave(node) }
        if let old = replaced.removeValue(forKey: label) { leave(old) }
        return true
    }

    private mutating func leave(_ node: UInt32) {
        memory.labels[node] = Self.none
        leaving.append(node)
    }

    /// How many writes the graph does not have in it yet.
    var waitingCount: Int { memory.unlinked.count + leaving.count }

    /// Brings one of the writes into the graph that are not in it yet.
    ///
    /// - returns: whether there was one.
    mutating func linkNext() -> Bool {
        if let node = leaving.popLast() {
            remove(node)
            return true
        }
        guard let node = memory.unlinked.next(from: nextToLink) else { return false }
        nextToLink = node &+ 1
        link(node)
        if let old = replaced.removeValue(forKey: memory.labels[node]) { remove(old) }
        return true
    }
}
