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
    /// - throws: ``Failure`` `invalid_query` at `?q` when it has too many words or too short a beginning.
    init(_ text: String) throws {
        for part in text.split(whereSeparator: \.isWhitespace) {
            var found = EventWords.words(part)
            if part.last == "*", let beginning = found.popLast() {
                guard beginning.unicodeScalars.count >= Self.beginningMinimum else {
                    throw Self.refusal("There must be \(Self.beginningMinimum) letters or more before each *.")
                }
                beginnings.append(beginning)
            }
            words += found
        }
        guard words.count + beginnings.count <= Self.wordLimit else {
            throw Self.refusal("There may be \(Self.wordLimit) words at most.")
        }
    }

    private static func refusal(_ message: String) -> Failure {
        Failure(
            .malformed, code: "invalid_query", "The query has parameters that are not acceptable; see errors.",
            errors: [.init(pointer: "?q", message: message)])
    }
}
