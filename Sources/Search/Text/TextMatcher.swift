import Core
import Storage

/// Finds the documents that fit a query, and how well, in the lists of its words.
struct TextMatcher {
    /// A document that fits.
    struct Match {
        let number: Int64
        let score: Double
    }

    private let tenant: Tenant
    private let transaction: any ReadTransaction

    init(_ tenant: Tenant, in transaction: any ReadTransaction) {
        self.tenant = tenant
        self.transaction = transaction
    }

    /// The best documents that fit a query, the best first and of equal ones the newest.
    func best(_ query: TextQuery) throws -> [Match] {
        var matches: [Match]?
        for phrase in query.phrases {
            let found = try find(phrase, within: matches)
            matches = matches.map { Self.common($0, found) } ?? found
            if matches?.isEmpty != false { return [] }
        }
        var best = BestMatches(limit: query.limit)
        var ranked = 0
        for match in (matches ?? []).reversed()
        where query.active.map({ TextRowNumber.isActive(match.number) == $0 }) ?? true {
            best.add(match)
            ranked += 1
            if ranked == TextIndex.rankLimit { break }
        }
        return best.matches
    }

    /// The documents of both lists, each with the sum of its scores.
    private static func common(_ left: [Match], _ right: [Match]) -> [Match] {
        var common: [Match] = []
        var index = 0
        for match in left {
            while index < right.count, right[index].number < match.number { index += 1 }
            guard index < right.count else { break }
            if right[index].number == match.number {
                common.append(Match(number: match.number, score: match.score + right[index].score))
            }
        }
        return common
    }

    /// The documents of a phrase by ascending number. When there are candidates, others may be missing.
    private func find(_ phrase: TextQuery.Phrase, within candidates: [Match]?) throws -> [Match] {
        guard let last = phrase.words.last else { return [] }
        guard phrase.words.count > 1 else {
            return try findWord(last, isPrefix: phrase.isPrefix, within: candidates)
        }
        // Where the words so far end.
        var ends: [Occurrence]?
        for (index, word) in phrase.words.enumerated() {
            let isPrefix = phrase.isPrefix && index == phrase.words.count - 1
            let found = try occurrences(word, isPrefix: isPrefix, within: candidates)
            ends = ends.map { Occurrence.following($0, in: found) } ?? found
        }
        return Self.score(ends ?? [])
    }

    private func findWord(_ word: [UInt8], isPrefix: Bool, within candidates: [Match]?) throws -> [Match] {
        var found: [(number: Int64, weight: Int)] = []
        try forEachEntry(word, isPrefix: isPrefix, within: candidates) { entry in
            var places = PlaceReader(entry.places)
            var weight = 0
            while try places.next() != nil { weight += TextRanking.weight(places.field) }
            found.append((entry.number, weight))
        }
        // Of several words with the same beginning each has its list. Sorting merges them, and one document of several
        // words becomes one.
        if isPrefix { found.sort { $0.number < $1.number } }
        return Self.score(found)
    }

    /// Documents with the weights of their words, those of one document next to each other.
    private static func score(_ found: [(number: Int64, weight: Int)]) -> [Match] {
        var matches: [Match] = []
        matches.reserveCapacity(found.count)
        var index = 0
        while index < found.count {
            let number = found[index].number
            var weight = 0
            while index < found.count, found[index].number == number {
                weight += found[index].weight
                index += 1
            }
            matches.append(Match(number: number, score: TextRanking.score(of: number, weight: weight)))
        }
        return matches
    }

    private static func score(_ occurrences: [Occurrence]) -> [Match] {
        score(occurrences.map { (number: $0.number, weight: TextRanking.weight($0.field)) })
    }

    private func occurrences(
        _ word: [UInt8], isPrefix: Bool, within candidates: [Match]?
    ) throws -> [Occurrence] {
        var found: [Occurrence] = []
        try forEachEntry(word, isPrefix: isPrefix, within: candidates) { entry in
            var places = PlaceReader(entry.places)
            while let place = try places.next() {
                found.append(Occurrence(number: entry.number, field: places.field, place: place))
            }
        }
        if isPrefix { found.sort(by: <) }
        return found
    }

    /// Calls the closure with the entries of a word, or of every word with a beginning, list by list. Blocks without a
    /// candidate are passed over.
    private func forEachEntry(
        _ word: [UInt8], isPrefix: Bool, within candidates: [Match]?, _ body: (PostingReader.Entry) throws -> Void
    ) throws {
        var query: SQL = "SELECT first, last, entries FROM postings WHERE tenant = \(tenant)"
        if isPrefix {
            // No byte of a word is as great as this one.
            query +=
                " AND word >= \(SQLValue.bytes(word)) AND word < \(SQLValue.bytes(word + [0xFF])) ORDER BY word, first"
        } else {
            query += " AND word = \(SQLValue.bytes(word)) ORDER BY first"
        }
        try transaction.forEachRow(query) { row in
            let first = row.integer(0)
            if let candidates, !Self.isAny(of: candidates, from: first, through: row.integer(1)) { return true }
            let failure: (any Error)? = row.withBytes(2) { bytes in
                var reader = PostingReader(bytes, first: first)
                do {
                    while let entry = try reader.next() { try body(entry) }
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { throw failure }
            return true
        }
    }

    private static func isAny(of candidates: [Match], from first: Int64, through last: Int64) -> Bool {
        var low = 0
        var high = candidates.count
        while low < high {
            let middle = (low + high) / 2
            if candidates[middle].number < first { low = middle + 1 } else { high = middle }
        }
        return low < candidates.count && candidates[low].number <= last
    }
}

/// One place of a word.
private struct Occurrence: Comparable {
    let number: Int64
    let field: Int
    let place: Int

    static func < (left: Occurrence, right: Occurrence) -> Bool {
        (left.number, left.field, left.place) < (right.number, right.field, right.place)
    }

    /// Those of a sorted list that stand right after one of another.
    static func following(_ ends: [Occurrence], in list: [Occurrence]) -> [Occurrence] {
        var following: [Occurrence] = []
        var index = 0
        for end in ends {
            let wanted = Occurrence(number: end.number, field: end.field, place: end.place + 1)
            while index < list.count, list[index] < wanted { index += 1 }
            guard index < list.count else { break }
            if list[index] == wanted { following.append(wanted) }
        }
        return following
    }
}

/// The best of many matches.
private struct BestMatches {
    private let limit: Int
    /// The best first.
    private(set) var matches: [TextMatcher.Match] = []

    init(limit: Int) { self.limit = limit }

    /// Takes a match whose number is less than that of any before.
    mutating func add(_ match: TextMatcher.Match) {
        if matches.count == limit {
            guard let worst = matches.last, worst.score < match.score else { return }
            matches.removeLast()
        }
        var index = matches.count
        while index > 0, matches[index - 1].score < match.score { index -= 1 }
        matches.insert(match, at: index)
    }
}
