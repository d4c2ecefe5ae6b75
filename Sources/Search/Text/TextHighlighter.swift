/// Marks the words of a text that a query found.
///
/// It is done here and for the returned hits alone: the lists of words know how many words come before one, and not
/// where in the text it stands.
struct TextHighlighter {
    /// How much of a field is looked at, in UTF-8 bytes.
    static let lookLimit = 8_192
    /// A field of more words than this is shown in part.
    static let wholeLimit = 40
    /// How many words of a long field are shown, and how many of them before the first word found.
    static let shownWords = 30
    static let wordsBefore = 6

    /// A phrase, and after which of its words the text stands now.
    private struct Matcher {
        let phrase: TextQuery.Phrase
        /// Bit n is set when the last n + 1 words of the text are the first n + 1 words of the phrase.
        var progress: UInt32 = 0

        /// Takes the next word of the text. Returns how many words are found with it: those of the phrase, or none.
        mutating func take(_ word: UnsafeBufferPointer<UInt8>) -> Int {
            let last = phrase.words.count - 1
            let candidates = progress << 1 | 1
            progress = 0
            for (index, wanted) in phrase.words.enumerated() where candidates & (1 << UInt32(index)) != 0 {
                let isFound = index == last && phrase.isPrefix ? word.starts(with: wanted) : word.elementsEqual(wanted)
                if isFound { progress |= 1 << UInt32(index) }
            }
            return progress & (1 << UInt32(last)) != 0 ? last + 1 : 0
        }
    }

    private var matchers: [Matcher]
    /// Whether a word of the query begins with a byte: most words of a text do not need a closer look.
    private let firstBytes: [Bool]
    /// Where the words of the text stand.
    private var ranges: [Range<Int>] = []
    /// Which of them are found.
    private var isFound: [Bool] = []

    init(_ query: TextQuery) {
        matchers = query.phrases.map { Matcher(phrase: $0) }
        var firstBytes = [Bool](repeating: false, count: 256)
        for word in query.phrases.flatMap(\.words) { word.first.map { firstBytes[Int($0)] = true } }
        self.firstBytes = firstBytes
    }

    /// The text as HTML with the words found within `<mark>…</mark>`, or nil when none is.
    mutating func highlight(_ text: UnsafeRawBufferPointer) -> String? {
        var end = min(text.count, Self.lookLimit)
        // A cut within a character goes back to its start.
        while end < text.count, end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        let looked = UnsafeRawBufferPointer(rebasing: text[..<end]).assumingMemoryBound(to: UInt8.self)
        guard find(in: looked) else { return nil }
        return render(looked, isCut: text.count > looked.count)
    }

    /// Notes the words of a text and which of them are found. Returns whether any is.
    private mutating func find(in text: UnsafeBufferPointer<UInt8>) -> Bool {
        ranges.removeAll(keepingCapacity: true)
        isFound.removeAll(keepingCapacity: true)
        var isWithinPhrase = false
        var isAnyFound = false
        for index in matchers.indices { matchers[index].progress = 0 }
        Tokenizer.forEachWord(text) { word, range in
            ranges.append(range)
            isFound.append(false)
            guard isWithinPhrase || firstBytes[Int(word[0])] else { return }
            isWithinPhrase = false
            for index in matchers.indices {
                let count = matchers[index].take(word)
                for back in 0..<count { isFound[isFound.count - 1 - back] = true }
                isAnyFound = isAnyFound || count > 0
                isWithinPhrase = isWithinPhrase || matchers[index].progress != 0
            }
        }
        return isAnyFound
    }

    private func render(_ text: UnsafeBufferPointer<UInt8>, isCut: Bool) -> String {
        let isWhole = ranges.count <= Self.wholeLimit && !isCut
        let first = isFound.firstIndex(of: true) ?? 0
        let start = isWhole ? 0 : max(0, first - Self.wordsBefore)
        let end = isWhole ? ranges.count : min(ranges.count, start + Self.shownWords)
        var html: [UInt8] = []
        html.reserveCapacity(512)
        if start > 0 { html += "… ".utf8 }
        var position = start > 0 ? ranges[start].lowerBound : 0
        for index in start..<end where isFound[index] {
            Self.append(text[position..<ranges[index].lowerBound], to: &html)
            html += "<mark>".utf8
            Self.append(text[ranges[index]], to: &html)
            html += "</mark>".utf8
            position = ranges[index].upperBound
        }
        Self.append(text[position..<(isWhole ? text.count : ranges[end - 1].upperBound)], to: &html)
        if !isWhole, end < ranges.count || isCut { html += " …".utf8 }
        return String(decoding: html, as: UTF8.self)
    }

    /// Writes text as HTML: what has a meaning there loses it.
    private static func append(_ text: Slice<UnsafeBufferPointer<UInt8>>, to html: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "&"): html += "&amp;".utf8
            case UInt8(ascii: "<"): html += "&lt;".utf8
            case UInt8(ascii: ">"): html += "&gt;".utf8
            case UInt8(ascii: "\""): html += "&quot;".utf8
            case UInt8(ascii: "'"): html += "&#39;".utf8
            default: html.append(byte)
            }
        }
    }
}
