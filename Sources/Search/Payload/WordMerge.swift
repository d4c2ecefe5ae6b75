/// Goes through the lists of words together, slot by slot, and leaves out what cannot be among the best any more
/// (MaxScore: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995): the words that count least are
/// not gone through once all of them together are too few, but looked for in the slots of the others.
struct WordMerge {
    private let ranking: WordRanking
    private let nodes: NodeSet?
    private let ties: SlotOrder
    /// The places of the words in the query, those that count least first. All else here is by this order.
    private let order: [Int]
    private var cursors: [WordCursor]
    /// What a text has at most from a word and all that count less than it.
    private var sums: [Double] = []
    /// From where on words are gone through.
    private var first = 0
    /// What a text must score at least.
    private var least = -Double.infinity
    /// What each word counts for in the text that is looked at, by its place in the query.
    private var parts: [Double]
    private(set) var best: Best<ScoredSlot>

    init(_ ranking: WordRanking, among nodes: NodeSet?, breaking ties: SlotOrder, _ best: Best<ScoredSlot>) {
        self.ranking = ranking
        self.nodes = nodes
        self.ties = ties
        self.best = best
        let words = ranking.words
        order = words.indices.sorted { (words[$0].bound, $0) < (words[$1].bound, $1) }
        cursors = order.map { WordCursor(words[$0].postings) }
        for place in order { sums.append((sums.last ?? 0) + words[place].bound) }
        parts = [Double](repeating: 0, count: words.count)
    }

    mutating func run() {
        while first < order.count - 1, passTogether() {}
        if first < order.count { passLast() }
    }

    /// What a text has at most from the words that are not gone through.
    private var rest: Double { first > 0 ? sums[first - 1] : 0 }

    private func part(_ number: Int, _ entry: WordPostings.Entry) -> Double { ranking.part(order[number], entry) }

    /// Goes through several lists until one of them needs it no more, or the least is another.
    ///
    /// - returns: whether there may be more.
    private mutating func passTogether() -> Bool {
        // How long a text may be that has only one of the words.
        let longest = order.map { ranking.lengths($0, for: least - rest) }
        let known = least
        while least == known {
            var (slot, holder, isShared) = (UInt32.max, first, false)
            for number in first..<order.count {
                guard let entry = cursors[number].entry, entry.slot <= slot else { continue }
                (isShared, slot, holder) = (entry.slot == slot, entry.slot, number)
            }
            guard slot != .max, let alone = cursors[holder].entry else {
                first = order.count
                return false
            }
            if !isShared, alone.length > longest[holder][min(alone.count, WordRanking.countLimit)] {
                cursors[holder].advance()
                continue
            }
            for place in parts.indices { parts[place] = 0 }
            var sum = 0.0
            for number in first..<order.count {
                guard let entry = cursors[number].entry, entry.slot == slot else { continue }
                cursors[number].advance()
                parts[order[number]] = part(number, entry)
                sum += parts[order[number]]
            }
            if nodes?.contains(slot) ?? true { add(slot, sum) }
        }
        return true
    }

    /// Goes through the one list that is left. Most of the time is spent here: what it has alone is mostly too few.
    private mutating func passLast() {
        let last = order.count - 1
        var cursor = cursors[last]
        while first < order.count, let peak = cursor.peak {
            guard part(last, peak) + rest >= least else {
                cursor.skipBlock()
                continue
            }
            let (block, known) = (cursor.blockNumber, least)
            let longest = ranking.lengths(order[last], for: least - rest)
            while least == known, let entry = cursor.entry, cursor.blockNumber == block {
                cursor.advance()
                guard entry.length <= longest[min(entry.count, WordRanking.countLimit)],
                    nodes?.contains(entry.slot) ?? true
                else { continue }
                for place in parts.indices { parts[place] = 0 }
                parts[order[last]] = part(last, entry)
                add(entry.slot, parts[order[last]])
            }
        }
    }

    /// Adds a slot of which the parts of the words that are gone through are known.
    private mutating func add(_ slot: UInt32, _ known: Double) {
        var (number, sum) = (first, known)
        while number > 0, sum + sums[number - 1] >= least {
            number -= 1
            cursors[number].advance(to: slot)
            guard let entry = cursors[number].entry, entry.slot == slot else { continue }
            parts[order[number]] = part(number, entry)
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
}
