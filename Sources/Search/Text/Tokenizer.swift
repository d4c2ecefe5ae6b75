/// Splits text into words: runs of letters and digits, in lower case and without diacritics.
///
/// An index and its queries, and the highlights, are made with the same words. When its rules change, ``TextIndex``
/// has to get another version.
public enum Tokenizer {
    /// How many bytes of a word count. The rest of a longer word is passed over, in the index and in queries alike.
    static let wordLimit = 64

    /// Calls the closure with each word and the place in the UTF-8 of the text that it was made from.
    ///
    /// The bytes of the word are valid within the closure only.
    public static func forEachWord(
        _ text: String, _ body: (_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Void
    ) {
        var text = text
        text.withUTF8 { forEachWord($0, body) }
    }

    /// Calls the closure with each word of a text that is at hand as valid UTF-8.
    public static func forEachWord(
        _ utf8: UnsafeBufferPointer<UInt8>, _ body: (_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: wordLimit) { forEachWord(utf8, into: $0, body) }
    }

    /// The words of a text, each as UTF-8.
    public static func words(_ text: String) -> [[UInt8]] {
        var words: [[UInt8]] = []
        forEachWord(text) { word, _ in words.append(Array(word)) }
        return words
    }

    private static func forEachWord(
        _ utf8: UnsafeBufferPointer<UInt8>, into word: UnsafeMutableBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>, Range<Int>) -> Void
    ) {
        var length = 0
        var start = 0
        var index = 0
        while index < utf8.count {
            let (folded, size) = character(utf8, at: index)
            if folded == CharacterFolding.separator {
                if length > 0 { body(UnsafeBufferPointer(rebasing: word[..<length]), start..<index) }
                length = 0
            } else if folded != CharacterFolding.nothing {
                if length == 0 { start = index }
                append(folded, to: word, &length)
            }
            index += size
        }
        if length > 0 { body(UnsafeBufferPointer(rebasing: word[..<length]), start..<utf8.count) }
    }

    /// What the character at a place becomes, and how many bytes it has.
    @inline(__always)
    private static func character(_ utf8: UnsafeBufferPointer<UInt8>, at index: Int) -> (UInt32, Int) {
        let byte = utf8[index]
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): return (UInt32(byte), 1)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return (UInt32(byte | 0x20), 1)
        case 0..<0x80: return (CharacterFolding.separator, 1)
        default: break
        }
        // In valid UTF-8 the first byte tells the length and the rest is there; what a damaged file holds may end
        // early.
        let length = byte >= 0xF0 ? 4 : (byte >= 0xE0 ? 3 : 2)
        guard index + length <= utf8.count else { return (CharacterFolding.separator, 1) }
        var value = UInt32(byte) & (0xFF >> UInt32(length + 1))
        for offset in 1..<length { value = value << 6 | UInt32(utf8[index + offset] & 0x3F) }
        return (Unicode.Scalar(value).map(CharacterFolding.fold) ?? CharacterFolding.separator, length)
    }

    /// Puts a character at the end of a word, unless the word is full.
    @inline(__always)
    private static func append(_ folded: UInt32, to word: UnsafeMutableBufferPointer<UInt8>, _ length: inout Int) {
        if folded < 0x80 {
            guard length < wordLimit else { return }
            word[length] = UInt8(folded)
            length += 1
        } else if let scalar = Unicode.Scalar(folded) {
            let encoded = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            guard length + encoded.count <= wordLimit else { return }
            for byte in encoded {
                word[length] = byte
                length += 1
            }
        }
    }
}
