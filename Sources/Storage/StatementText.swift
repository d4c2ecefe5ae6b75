/// The text of a statement as a key of those that are prepared.
///
/// Texts have up to thousands of characters, and a request looks up a dozen of them. So the hash takes in only the
/// length and a few characters, which tells the texts of one program apart; equality looks at all of them.
struct StatementText: Hashable {
    let text: String

    private static let sampleCount = 16

    func hash(into hasher: inout Hasher) {
        let samples = text.utf8.withContiguousStorageIfAvailable { Self.samples(of: $0) }
        hasher.combine(text.utf8.count)
        hasher.combine(samples?.0 ?? 0)
        hasher.combine(samples?.1 ?? 0)
    }

    /// Characters from all over a text, eight to a word.
    private static func samples(of text: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64) {
        var words: (UInt64, UInt64) = (0, 0)
        for sample in 0..<sampleCount {
            let place = text.count * sample / sampleCount
            guard place < text.count else { break }
            words = (words.0 << 8 | words.1 >> 56, words.1 << 8 | UInt64(text[place]))
        }
        return words
    }
}
