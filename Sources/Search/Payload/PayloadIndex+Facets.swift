/// How many points have a value.
public struct PayloadFacet: Sendable, Hashable {
    /// The value.
    public let value: PayloadScalar
    /// How many points have it.
    public let count: Int
}

extension PayloadIndex {
    /// How many points have each value of a field: the most frequent first, equally frequent ones by their value.
    ///
    /// - parameters:
    ///   - nodes: the slots that count; nil means all.
    ///   - limit: how many values are wanted at most.
    /// - returns: nil when the field has no index of values: one of kind `keyword`, `uuid`, `bool`, or `integer` with
    ///   look-ups.
    public func facets(of path: PayloadPath, among nodes: NodeSet? = nil, limit: Int) -> [PayloadFacet]? {
        guard let index = index(of: path) else { return nil }
        switch index.field.kind {
        case .keyword, .uuid: return index.keywords.facets(among: nodes, limit: limit) { .text($0.text) }
        case .bool: return index.flags.facets(among: nodes, limit: limit) { .bool($0) }
        case .integer where index.field.isLookedUp:
            return index.integers.facets(among: nodes, limit: limit) { .integer($0) }
        default: return nil
        }
    }

    /// A number for the value that a point has of a keyword field, the same for all points with the same value. It
    /// means nothing beyond this copy of the index.
    ///
    /// - returns: nil when it has none, or the field has no index of keywords.
    public func valueNumber(of path: PayloadPath, at slot: UInt32) -> UInt32? {
        var number: UInt32?
        index(of: path)?.keywords.forEachNumber(slot) { number = $0 }
        return number
    }
}

extension ValueIndex {
    fileprivate func facets(
        among nodes: NodeSet?, limit: Int, _ scalar: @escaping (Key) -> PayloadScalar
    ) -> [PayloadFacet] {
        var best = Best<PayloadFacet>(limit) { left, right in
            left.count == right.count ? left.value.precedes(right.value) : left.count > right.count
        }
        guard let nodes else {
            forEach { key, slots in best.insert(PayloadFacet(value: scalar(key), count: slots.count)) }
            return best.sorted()
        }
        for (number, count) in counts(among: nodes) {
            if let key = key(number) { best.insert(PayloadFacet(value: scalar(key), count: count)) }
        }
        return best.sorted()
    }

    /// How many of some slots have each value, by its number.
    private func counts(among nodes: NodeSet) -> [(UInt32, Int)] {
        guard nodes.count * 8 > Int(numberLimit) else {
            var counts: [UInt32: Int] = [:]
            for slot in nodes { forEachNumber(slot) { counts[$0, default: 0] += 1 } }
            return counts.map { ($0.key, $0.value) }
        }
        var counts = [Int](repeating: 0, count: Int(numberLimit))
        for slot in nodes { forEachNumber(slot) { counts[Int($0)] += 1 } }
        return counts.enumerated().filter { $0.element > 0 }.map { (UInt32($0.offset), $0.element) }
    }
}

extension PayloadScalar {
    fileprivate func precedes(_ other: PayloadScalar) -> Bool {
        switch (self, other) {
        case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.integer(let left), .integer(let right)): left < right
        case (.bool(let left), .bool(let right)): !left && right
        default: false
        }
    }
}
