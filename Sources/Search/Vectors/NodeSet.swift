/// A set of node numbers, one bit for each.
public struct NodeSet: Sendable {
    private(set) var words: [UInt64]

    /// A set without nodes.
    public init() { words = [] }

    /// A set of nodes.
    public init(_ nodes: some Sequence<UInt32>) {
        words = []
        for node in nodes { insert(node) }
    }

    /// A set of nodes in ascending order, with memory for just those.
    public init(ascending nodes: [UInt32]) {
        words = [UInt64](repeating: 0, count: nodes.last.map { Int($0 >> 6) + 1 } ?? 0)
        for node in nodes { insert(node) }
    }

    /// Whether a node is in the set.
    @inline(__always)
    public func contains(_ node: UInt32) -> Bool {
        let word = Int(node >> 6)
        return word < words.count && words[word] >> UInt64(node & 63) & 1 == 1
    }

    /// Adds a node.
    ///
    /// - returns: whether it was not there yet.
    @discardableResult
    @inline(__always)
    public mutating func insert(_ node: UInt32) -> Bool {
        let word = Int(node >> 6)
        if word >= words.count { grow(to: word + 1) }
        let bit: UInt64 = 1 &<< UInt64(node & 63)
        defer { words[word] |= bit }
        return words[word] & bit == 0
    }

    /// Adds nodes below a limit that the closure names one by one. Whether the memory is shared, and whether there is
    /// enough, is looked at once and not for each of them.
    @inline(__always)
    public mutating func insert<Result>(below limit: UInt32, _ body: (Marks) throws -> Result) rethrows -> Result {
        reserve(words: Int(limit + 63) >> 6)
        return try words.withUnsafeMutableBufferPointer { try body(Marks(words: $0)) }
    }

    /// The memory of a set while nodes are added to it.
    public struct Marks {
        let words: UnsafeMutableBufferPointer<UInt64>

        /// Adds a node below the limit.
        ///
        /// - returns: whether it was not there yet.
        @inline(__always)
        public func insert(_ node: UInt32) -> Bool {
            let word = Int(node >> 6)
            let bit: UInt64 = 1 &<< UInt64(node & 63)
            guard words[word] & bit == 0 else { return false }
            words[word] |= bit
            return true
        }
    }

    /// Makes room for so many words at least, and for twice as many as there were.
    private mutating func grow(to count: Int) {
        words += [UInt64](repeating: 0, count: Swift.max(count - words.count, words.count))
    }

    /// Takes a node out.
    @inline(__always)
    public mutating func remove(_ node: UInt32) {
        let word = Int(node >> 6)
        if word < words.count { words[word] &= ~(1 &<< UInt64(node & 63)) }
    }
}

extension NodeSet {
    /// How many nodes are in the set. It is counted: a word for each 64 numbers.
    public var count: Int {
        words.withUnsafeBufferPointer { words in
            var count = 0
            for word in words { count &+= word.nonzeroBitCount }
            return count
        }
    }

    /// Whether no node is in the set.
    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Adds the nodes of another set.
    public mutating func formUnion(_ other: NodeSet) {
        insert(words: other.words, from: 0)
    }

    /// Keeps only the nodes that are in another set too.
    public mutating func formIntersection(_ other: NodeSet) {
        if words.count > other.words.count { words.removeLast(words.count - other.words.count) }
        for index in words.indices { words[index] &= other.words[index] }
    }

    /// Takes out the nodes of another set.
    public mutating func subtract(_ other: NodeSet) {
        for index in 0..<Swift.min(words.count, other.words.count) { words[index] &= ~other.words[index] }
    }

    /// The nodes of both sets.
    public func union(_ other: NodeSet) -> NodeSet {
        var result = self
        result.formUnion(other)
        return result
    }

    /// The nodes that are in both sets.
    public func intersection(_ other: NodeSet) -> NodeSet {
        var result = self
        result.formIntersection(other)
        return result
    }

    /// The nodes that are not in the other set.
    public func subtracting(_ other: NodeSet) -> NodeSet {
        var result = self
        result.subtract(other)
        return result
    }

    /// The first nodes in ascending order, no more of them than there are.
    public func first(_ count: Int) -> [UInt32] {
        [UInt32](unsafeUninitializedCapacity: count) { nodes, found in
            words.withUnsafeBufferPointer { words in
                for index in words.indices {
                    var rest = words[index]
                    while rest != 0 {
                        guard found < count else { return }
                        nodes.initializeElement(at: found, to: UInt32(index << 6 | rest.trailingZeroBitCount))
                        found += 1
                        rest &= rest &- 1
                    }
                }
            }
        }
    }

    /// Calls the closure with each node in ascending order, as long as it returns true.
    @inline(__always)
    public func forEach(while body: (UInt32) throws -> Bool) rethrows {
        for (index, word) in words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                guard try body(UInt32(index << 6 | rest.trailingZeroBitCount)) else { return }
                rest &= rest &- 1
            }
        }
    }

    /// Keeps the nodes for which the closure returns true.
    @inline(__always)
    mutating func keep(where isKept: (UInt32) -> Bool) {
        for index in words.indices {
            var rest = words[index]
            var kept = rest
            while rest != 0 {
                let bit = rest & (0 &- rest)
                if !isKept(UInt32(index << 6 | rest.trailingZeroBitCount)) { kept &= ~bit }
                rest &= rest &- 1
            }
            words[index] = kept
        }
    }

    /// Has memory for 64 times so many nodes at least.
    mutating func reserve(words count: Int) {
        if count > words.count { words += [UInt64](repeating: 0, count: count - words.count) }
    }

    /// Adds those of 64 nodes, from `64 * word`, whose bits are set. There must be memory for them.
    @inline(__always)
    mutating func insert(bits: UInt64, at word: Int) {
        words[word] |= bits
    }

    /// Adds the nodes of words of bits, from `64 * first`.
    mutating func insert(words other: [UInt64], from first: Int) {
        reserve(words: first + other.count)
        words.withUnsafeMutableBufferPointer { words in
            for index in other.indices { words[first + index] |= other[index] }
        }
    }

    /// How many bytes of memory the set takes.
    public var byteCount: Int { words.capacity * 8 }
}

extension NodeSet: Sequence {
    /// Gives the nodes in ascending order.
    public struct Iterator: IteratorProtocol {
        private let words: [UInt64]
        private var index = 0
        private var rest: UInt64

        init(_ words: [UInt64]) {
            self.words = words
            rest = words.first ?? 0
        }

        /// The next node, or nil at the end.
        public mutating func next() -> UInt32? {
            while rest == 0 {
                index += 1
                guard index < words.count else { return nil }
                rest = words[index]
            }
            defer { rest &= rest &- 1 }
            return UInt32(index << 6 | rest.trailingZeroBitCount)
        }
    }

    public func makeIterator() -> Iterator { Iterator(words) }

    public var underestimatedCount: Int { 0 }
}

extension NodeSet: Equatable {
    public static func == (left: NodeSet, right: NodeSet) -> Bool {
        let shared = Swift.min(left.words.count, right.words.count)
        return left.words[..<shared] == right.words[..<shared] && left.words[shared...].allSatisfy { $0 == 0 }
            && right.words[shared...].allSatisfy { $0 == 0 }
    }
}
