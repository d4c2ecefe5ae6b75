/// A point with what it scores.
public struct ScoredSlot: Sendable, Hashable {
    /// Where the point is.
    public let slot: UInt32
    /// How well it fits: more is better.
    public let score: Float

    /// A slot and its score.
    public init(slot: UInt32, score: Float) {
        self.slot = slot
        self.score = score
    }
}

extension PayloadIndex {
    /// How many distinct words of a query count; the rest is passed over.
    public static let rankedWordLimit = 64

    /// The points whose texts fit a query best, by BM25: those with any of its words, the best first.
    ///
    /// - parameters:
    ///   - query: any text; its words are those of ``Tokenizer``, and repetitions count once.
    ///   - path: a field with an index of kind `text`.
    ///   - nodes: the slots that are wanted; nil means all. How rare a word is goes by all points nevertheless.
    ///   - limit: how many are wanted at most.
    ///   - ties: which of two slots with the same score comes first; by their numbers unless it is given.
    /// - returns: nil when the field has no index of kind `text`.
    public func rank(
        _ query: String, in path: PayloadPath, among nodes: NodeSet? = nil, limit: Int,
        breaking ties: SlotOrder = .bySlot
    ) -> [ScoredSlot]? {
        guard let index = index(of: path), index.field.kind == .text else { return nil }
        var seen: Set<[UInt8]> = []
        let words = Tokenizer.words(query).filter { seen.insert($0).inserted }.prefix(Self.rankedWordLimit)
        return WordRanking(index.words, Array(words)).rank(among: nodes, limit: limit, breaking: ties)
    }
}
