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
    private struct Word {
        let postings: WordPostings
        let weight: Double
        /// No text has more for this word.
        var bound = 0.0
    }

    /// What is added to the count of a word to divide by it: so much for each text, and so much for each of its words;
    /// k1 ((1 - b) + b * length / mean length).
    private let base = k1 * (1 - b)
    private let slope: Double
    private var words: [Word]

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
            merge(among: nodes, breaking: ties, into: &best)
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
    private func part(_ place: Int, _ entry: WordPostings.Entry) -> Double {
        words[place].weight * Double(entry.count) / (Double(entry.count) + base + slope * Double(entry.length))
    }

    /// Goes through the lists together, slot by slot, and leaves out what cannot be among the best any more (MaxScore:
    /// Turtle and Flood, "Query evaluation: strategies and optimizations", 1995): the words that count least are not
    /// gone through once all of them together are too few, but looked for in the slots of the others.
    private func merge(among nodes: NodeSet?, breaking ties: SlotOrder, into best: inout Best<ScoredSlot>) {
        let order = words.indices.sorted { (words[$0].bound, $0) < (words[$1].bound, $1) }
        var cursors = order.map { WordCursor(words[$0].postings) }
        // What a text has at most from a word and all that count less than it.
        var sums: [Double] = []
        for place in order { sums.append((sums.last ?? 0) + words[place].bound) }
        var parts = [Double](repeating: 0, count: words.count)
        var first = 0
        var least = -Double.infinity
        // Adds a slot of which the parts of the words from `first` on are known.
        func add(_ slot: UInt32, _ known: Double) {
            var (number, sum) = (first, known)
            while number > 0, sum + sums[number - 1] >= least {
                number -= 1
                cursors[number].advance(to: slot)
                guard let entry = cursors[number].entry, entry.slot == slot else { continue }
                parts[order[number]] = part(order[number], entry)
                sum += parts[order[number]]
            }
            guard number == 0, sum >= least else { return }
            // In the order of the query, so that a score does not depend on what else was found.
            let scored = ScoredSlot(slot: slot, score: Float(parts.reduce(0, +)))
            if let worst = best.worst, !ties.isBetter(scored, worst) { return }
            best.insert(scored)
            guard let worst = best.worst else { return }
            // Scores are compared as they are rounded.
            least = Double(worst.score) * (1 - 1e-6)
            while first < order.count, sums[first] < least { first += 1 }
        }
        while first < order.count - 1 {
            var slot = UInt32.max
            for number in first..<order.count {
                if let entry = cursors[number].entry { slot = min(slot, entry.slot) }
            }
            guard slot != .max else { return }
            let isWanted = nodes?.contains(slot) ?? true
            for place in parts.indices { parts[place] = 0 }
            var sum = 0.0
            for number in first..<order.count {
                guard let entry = cursors[number].entry, entry.slot == slot else { continue }
                cursors[number].advance()
                parts[order[number]] = part(order[number], entry)
                sum += parts[order[number]]
            }
            if isWanted { add(slot, sum) }
        }
        guard let last = order.last else { return }
        var cursor = cursors[order.count - 1]
        // Most of the time is spent here: one list is gone through, and what it has alone is mostly too few.
        while first < order.count, let peak = cursor.peak {
            let rest = first > 0 ? sums[first - 1] : 0
            guard part(last, peak) + rest >= least else {
                cursor.skipBlock()
                continue
            }
            let (block, known) = (cursor.blockNumber, least)
            let longest = lengths(last, for: least - rest)
            while least == known, let entry = cursor.entry, cursor.blockNumber == block {
                cursor.advance()
                guard entry.length <= longest[min(entry.count, Self.countLimit)], nodes?.contains(entry.slot) ?? true
                else { continue }
                let part = part(last, entry)
                for place in parts.indices { parts[place] = 0 }
                parts[last] = part
                add(entry.slot, part)
            }
        }
    }

    /// Below so many of a word it is known how long a text may be.
    private static let countLimit = 15

    /// How long a text may be, by how often the word stands in it, so that the word counts for so much: to compare
    /// that costs less than the division. It may say a little too much.
    private func lengths(_ place: Int, for wanted: Double) -> [Int] {
        (0...Self.countLimit).map { count in
            guard wanted > 0, count < Self.countLimit else { return .max }
            let count = Double(count)
            let length = (words[place].weight * count / wanted - count - base) / slope
            return length < 1e6 ? Int(max(length, -2)) + 1 : .max
        }
    }
}
