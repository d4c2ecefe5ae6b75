import Core

/// What to look for: every word and every phrase of it must be found.
///
/// `red shoes` finds both words in any order and place, `"red shoes"` one after the other, `sho*` every word that
/// begins so. The last word matches as a beginning too, because its writer may not be done. Case and diacritics do not
/// matter. A word with something between its letters, `wi-fi`, is a phrase of its parts. Nothing else has a meaning, so
/// no text is wrong.
public struct TextQuery: Sendable {
    /// How many characters a query has at most.
    public static let lengthLimit = 256
    /// How many words a query has at most.
    public static let wordLimit = 16
    /// How many hits a query returns.
    public static let limits = 1...100
    /// How many bytes the beginning of a word has at least: every shorter one is looked for as a whole word.
    static let prefixMinimum = 2

    /// Words that stand one after the other.
    struct Phrase: Sendable, Hashable {
        /// The words, folded by ``Tokenizer``.
        var words: [[UInt8]]
        /// Whether the last of them may go on.
        var isPrefix: Bool
    }

    /// How many hits are wanted.
    public let limit: Int
    /// Whether only active documents are wanted, or only those that are not; nil for both.
    public let active: Bool?
    let phrases: [Phrase]

    /// Reads what somebody typed.
    ///
    /// - throws: ``Failure`` `invalid_request` when it is too long, has too many words or none, or the limit is not
    ///   held.
    public init(_ text: String, limit: Int = 20, active: Bool? = nil) throws {
        guard Self.limits.contains(limit) else {
            throw Failure.invalid(
                at: "?limit", "must be from \(Self.limits.lowerBound) to \(Self.limits.upperBound)")
        }
        guard text.unicodeScalars.count <= Self.lengthLimit else {
            throw Failure.invalid(at: "?q", "must have \(Self.lengthLimit) characters at most")
        }
        self.limit = limit
        self.active = active
        phrases = Self.parse(text)
        guard !phrases.isEmpty else {
            throw Failure.invalid(at: "?q", "must have a letter or a digit")
        }
        guard phrases.reduce(0, { $0 + $1.words.count }) <= Self.wordLimit else {
            throw Failure.invalid(at: "?q", "must have \(Self.wordLimit) words at most")
        }
    }

    private static func parse(_ text: String) -> [Phrase] {
        var phrases: [Phrase] = []
        // What stands between two quotation marks has an odd index.
        let parts = text.split(omittingEmptySubsequences: false) { "\"“”„«»".contains($0) }
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            if !index.isMultiple(of: 2) {
                phrases.append(phrase(part, isPrefix: isLast))
                continue
            }
            let words = part.split { $0.isWhitespace }
            for (place, word) in words.enumerated() {
                phrases.append(phrase(word, isPrefix: word.last == "*" || (isLast && place == words.count - 1)))
            }
        }
        var seen: Set<Phrase> = []
        return phrases.filter { !$0.words.isEmpty && seen.insert($0).inserted }
    }

    private static func phrase(_ text: Substring, isPrefix: Bool) -> Phrase {
        let words = Tokenizer.words(String(text))
        return Phrase(words: words, isPrefix: isPrefix && (words.last?.count ?? 0) >= prefixMinimum)
    }
}
