import ChangeLog
import Core
import Search

/// Asks changes themselves for the words of a query. They are the words by which the event index knows them, so what is
/// found does not depend on where it is looked for.
struct EventTextFilter {
    /// A run of letters and digits that must occur in a change, which is quicker to see than its words.
    private struct Part {
        let bytes: [UInt8]
        let isBeginning: Bool

        func matches(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
            isBeginning ? word.starts(with: bytes) : word.elementsEqual(bytes)
        }
    }

    private let query: EventQuery
    private let parts: [Part]

    init(_ query: EventQuery) {
        self.query = query
        // An identifier is one word, and has several parts.
        let whole = query.words.flatMap(Tokenizer.words).map { Part(bytes: $0, isBeginning: false) }
        let cut = query.beginnings.flatMap { beginning in
            let parts = Tokenizer.words(beginning)
            return parts.indices.map { Part(bytes: parts[$0], isBeginning: $0 == parts.count - 1) }
        }
        parts = whole + cut
    }

    /// Whether a change has all words of the query.
    func matches(_ change: Change) -> Bool {
        guard !query.isEmpty, mayMatch(change) else { return false }
        do {
            return try EventWords(change).match(query)
        } catch {
            // What cannot be read has no words, in the index neither.
            return false
        }
    }

    /// Whether each part occurs in the text of a change, names of members included.
    private func mayMatch(_ change: Change) -> Bool {
        var missing = parts
        let circumstances = [change.entityType, change.operation.rawValue, "\(change.entity)", change.actor]
        Tokenizer.forEachWord(circumstances.joined(separator: " ")) { word, _ in
            missing.removeAll { $0.matches(word) }
        }
        for image in [change.after, change.before].compactMap({ $0 }) where !missing.isEmpty {
            // An escape stands for something else.
            guard !image.contains(UInt8(ascii: "\\")) else { return true }
            image.withUnsafeBufferPointer { bytes in
                Tokenizer.forEachWord(bytes) { word, _ in
                    missing.removeAll { $0.matches(word) }
                }
            }
        }
        return missing.isEmpty
    }
}
