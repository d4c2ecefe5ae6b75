import Synchronization

/// A set of nodes that one writer changes while others go through it, without a lock.
final class SharedNodeSet: @unchecked Sendable {
    /// One bit for each node.
    private let words = SharedNumbers(filler: 0)
    private let size = Atomic<Int>(0)

    /// How many nodes are in the set.
    var count: Int { size.load(ordering: .acquiring) }

    func contains(_ node: UInt32) -> Bool { words[node >> 5] >> (node & 31) & 1 == 1 }

    /// Adds a node. Only the writer.
    func insert(_ node: UInt32) {
        guard !contains(node) else { return }
        words.grow(to: Int(node >> 5) + 1)
        words[node >> 5] |= 1 &<< (node & 31)
        size.wrappingAdd(1, ordering: .releasing)
    }

    /// Takes a node out. Only the writer.
    func remove(_ node: UInt32) {
        guard contains(node) else { return }
        words[node >> 5] &= ~(1 &<< (node & 31))
        size.wrappingSubtract(1, ordering: .releasing)
    }

    /// Hands over each node, the smallest first. One that comes or goes meanwhile may be among them or not.
    @inline(__always)
    func forEach(_ body: (UInt32) -> Void) {
        guard count > 0 else { return }
        for index in 0..<UInt32(words.count) {
            var word = words[index]
            while word != 0 {
                body(index << 5 | UInt32(word.trailingZeroBitCount))
                word &= word &- 1
            }
        }
    }

    /// The smallest node from one on, or the smallest of all when there is none.
    func next(from start: UInt32) -> UInt32? {
        let limit = UInt32(words.count)
        guard count > 0, limit > 0 else { return nil }
        let first = min(start >> 5, limit - 1)
        let beyond = words[first] & (.max &<< (start & 31))
        if start >> 5 == first, beyond != 0 { return first << 5 | UInt32(beyond.trailingZeroBitCount) }
        for step in 1...limit {
            let index = (first + step) % limit
            let word = words[index]
            if word != 0 { return index << 5 | UInt32(word.trailingZeroBitCount) }
        }
        return nil
    }
}
