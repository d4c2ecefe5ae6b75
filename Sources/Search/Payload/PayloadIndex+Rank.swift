import Foundation

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
    ///   - tie: which of two slots with the same score comes first; by their numbers unless it is given.
    /// - returns: nil when the field has no index of kind `text`.
    public func rank(
        _ query: String, in path: PayloadPath, among nodes: NodeSet? = nil, limit: Int,
        breaking tie: @escaping (UInt32, UInt32) -> Bool = { $0 < $1 }
    ) -> [ScoredSlot]? {
        guard let index = index(of: path), index.field.kind == .text else { return nil }
        var seen: Set<[UInt8]> = []
        let words = Tokenizer.words(query).filter { seen.insert($0).inserted }.prefix(Self.rankedWordLimit)
        return WordRanking(index.words, Array(words)).rank(among: nodes, limit: limit, breaking: tie)
    }
}

/// BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.5).
///
/// The weight of a word is ln(1 + (N - n + 0.5) / (n + 0.5)), of N texts and n with the word: theirs, without the one,
/// can be below zero, and no word should count against a text.
struct WordRanking {
    /// How soon more of the same word counts for less.
    static let k1 = 1.2
    /// How much the length of a text counts.
    static let b = 0.75

    private let index: WordIndex
    private let postings: [WordPostings]
    private let weights: [Double]

    init(_ index: WordIndex, _ words: [[UInt8]]) {
        self.index = index
        postings = words.map { index.postings(of: $0) }.filter { $0.count > 0 }
        let total = Double(index.count)
        weights = postings.map { log(1 + (total - Double($0.count) + 0.5) / (Double($0.count) + 0.5)) }
    }

    func rank(
        among nodes: NodeSet?, limit: Int, breaking tie: @escaping (UInt32, UInt32) -> Bool
    ) -> [ScoredSlot] {
        var best = Best<ScoredSlot>(limit) { left, right in
            left.score == right.score ? tie(left.slot, right.slot) : left.score > right.score
        }
        // Few slots are asked for their words; else the lists of words are gone through.
        let total = postings.reduce(0) { $0 + $1.count }
        if let nodes, nodes.count * postings.count * 16 < total {
            for slot in nodes {
                let score = score(slot)
                if score > 0 { best.insert(ScoredSlot(slot: slot, score: Float(score))) }
            }
        } else {
            merge { slot, score in
                if nodes?.contains(slot) ?? true { best.insert(ScoredSlot(slot: slot, score: Float(score))) }
            }
        }
        return best.sorted()
    }

    private func score(_ slot: UInt32) -> Double {
        let factor = lengthFactor(slot)
        var score = 0.0
        for (place, postings) in postings.enumerated() {
            let count = postings.count(in: slot)
            if count > 0 { score += weights[place] * Double(count) / (Double(count) + factor) }
        }
        return score
    }

    /// k1 ((1 - b) + b * length / mean length).
    @inline(__always)
    private func lengthFactor(_ slot: UInt32) -> Double {
        Self.k1 * (1 - Self.b + Self.b * Double(index.length(slot)) / max(1, index.meanLength))
    }

    /// Goes through all lists together, slot by slot.
    private func merge(_ body: (UInt32, Double) -> Void) {
        var cursors = postings.map { WordCursor($0) }
        while true {
            var slot = UInt32.max
            for cursor in cursors { if let entry = cursor.entry { slot = min(slot, entry.slot) } }
            guard slot != .max else { return }
            let factor = lengthFactor(slot)
            var score = 0.0
            for place in cursors.indices {
                guard let entry = cursors[place].entry, entry.slot == slot else { continue }
                score += weights[place] * Double(entry.count) / (Double(entry.count) + factor)
                cursors[place].advance()
            }
            body(slot, score)
        }
    }
}
