import Foundation

/// BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, section 3.5).
///
/// The weight of a word is ln(1 + (N - n + 0.5) / (n + 0.5)), of N texts and n with the word: theirs, without the one,
/// can be below zero, and no word should count against a text.
struct WordRanking {
    /// How soon more of the same word counts for less.
    static let k1 = 1.2
    /// How much the length of a text counts.
    static let b = 0.75

    /// A word of the query.
    struct Word {
        let postings: WordPostings
        let weight: Double
        /// No text has more for this word.
        var bound = 0.0
    }

    /// What is added to the count of a word to divide by it: so much for each text, and so much for each of its words;
    /// k1 ((1 - b) + b * length / mean length).
    private let base = k1 * (1 - b)
    private let slope: Double
    private(set) var words: [Word]

    init(_ index: WordIndex, _ query: [[UInt8]]) {
        slope = Self.k1 * Self.b / max(1, index.meanLength)
        let total = Double(index.count)
        words = query.map { index.postings(of: $0) }.filter { $0.count > 0 }.map { postings in
            let count = Double(postings.count)
            return Word(postings: postings, weight: log(1 + (total - count + 0.5) / (count + 0.5)))
        }
        for place in words.indices {
            let postings = words[place].postings
            words[place].bound = part(
                place, WordPostings.Entry(0, count: postings.largestCount, length: postings.shortestLength))
        }
    }

    /// The slots that fit best, the best first.
    func rank(among nodes: NodeSet?, limit: Int, breaking ties: SlotOrder) -> [ScoredSlot] {
        var best = Best<ScoredSlot>(limit, by: ties.isBetter)
        // Few slots are asked for their words; else the lists of words are gone through.
        let total = words.reduce(0) { $0 + $1.postings.count }
        if let nodes, nodes.count * words.count * 16 < total {
            for slot in nodes {
                let score = score(slot)
                if score > 0 { best.insert(ScoredSlot(slot: slot, score: Float(score))) }
            }
        } else {
            var merge = WordMerge(self, among: nodes, breaking: ties, best)
            merge.run()
            best = merge.best
        }
        return best.sorted()
    }

    private func score(_ slot: UInt32) -> Double {
        var score = 0.0
        for place in words.indices {
            if let entry = words[place].postings.entry(of: slot) { score += part(place, entry) }
        }
        return score
    }

    /// What a word counts for in a text: with how often it stands there, and how long the text is.
    @inline(__always)
    func part(_ place: Int, _ entry: WordPostings.Entry) -> Double {
        words[place].weight * Double(entry.count) / (Double(entry.count) + base + slope * Double(entry.length))
    }

    /// Below so many of a word it is known how long a text may be.
    static let countLimit = 15

    /// How long a text may be, by how often the word stands in it, so that the word counts for so much: to compare
    /// that costs less than the division. It may say a little too much.
    func lengths(_ place: Int, for wanted: Double) -> [Int] {
        (0...Self.countLimit).map { count in
            guard wanted > 0, count < Self.countLimit else { return .max }
            let count = Double(count)
            let length = (words[place].weight * count / wanted - count - base) / slope
            return length < 1e6 ? Int(max(length, -2)) + 1 : .max
        }
    }
}
