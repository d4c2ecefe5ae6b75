/// In which order slots come that score the same.
public struct SlotOrder: Sendable {
    private let ranks: [UInt32]
    private let isBefore: @Sendable (UInt32, UInt32) -> Bool

    /// By the numbers of the slots themselves.
    public static let bySlot = SlotOrder(ranks: []) { $0 < $1 }

    /// An order that is known as numbers, as far as it is.
    ///
    /// - parameters:
    ///   - ranks: the place of each slot in the order; of later slots nothing is known.
    ///   - isBefore: which of two slots comes first, of any. It says the same as the places.
    public init(ranks: [UInt32], isBefore: @escaping @Sendable (UInt32, UInt32) -> Bool) {
        self.ranks = ranks
        self.isBefore = isBefore
    }

    /// Whether one slot comes before another.
    @inline(__always)
    func isBefore(_ left: UInt32, _ right: UInt32) -> Bool {
        if Int(left) < ranks.count, Int(right) < ranks.count { return ranks[Int(left)] < ranks[Int(right)] }
        return isBefore(left, right)
    }

    /// Whether one slot scores more than another, or as much and comes first.
    @inline(__always)
    func isBetter(_ left: ScoredSlot, _ right: ScoredSlot) -> Bool {
        left.score == right.score ? isBefore(left.slot, right.slot) : left.score > right.score
    }
}
