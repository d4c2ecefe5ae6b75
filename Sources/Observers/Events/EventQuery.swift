import Core

/// What is looked for in events: every word must be found, in any place. Case and diacritics do not matter.
/// `ship*` finds every word that begins so.
struct EventQuery: Sendable, Equatable {
    /// How many words a query has at most.
    static let wordLimit = 16
    /// How many letters the beginning of a word has at least.
    static let beginningMinimum = 2

    /// Words that must be there as they are.
    private(set) var words: [String] = []
    /// Beginnings of words.
    private(set) var beginnings: [String] = []

    /// Whether it looks for no word, so nothing is found.
    var isEmpty: Bool { words.isEmpty && beginnings.isEmpty }

    /// Reads what somebody typed.
    ///
    /// - throws: ``Failure`` of kind `invalid` at `?q` when it has too many words or too short a beginning.
    init(_ text: String) throws {
        for part in text.split(whereSeparator: \.isWhitespace) {
            var found = EventWords.words(part)
            if part.last == "*", let beginning = found.popLast() {
                guard beginning.unicodeScalars.count >= Self.beginningMinimum else {
                    throw Failure.invalid(
                        at: "?q", "must have \(Self.beginningMinimum) letters or more before each *")
                }
                beginnings.append(beginning)
            }
            words += found
        }
        guard words.count + beginnings.count <= Self.wordLimit else {
            throw Failure.invalid(at: "?q", "must have \(Self.wordLimit) words at most")
        }
    }
}
