import Core

/// How words stand in the full-text table: each with its tenant before it.
///
/// So the list of documents of a word is that of one tenant. A search cannot reach another tenant's documents, and how
/// many those are does not matter to it.
struct TextTerms {
    /// The number of the tenant and a character that no word has, because it is of the private use area.
    private let prefix: [UInt8]

    init(_ tenant: Tenant) {
        prefix = Array("\(String(tenant.number, radix: 36))\u{E000}".utf8)
    }

    /// The words of a field, separated by spaces, and how many they are.
    func column(_ text: String) -> (terms: [UInt8], count: Int) {
        var terms: [UInt8] = []
        var count = 0
        terms.reserveCapacity(text.utf8.count * 2)
        Tokenizer.forEachWord(text) { word, _ in
            if count > 0 { terms.append(UInt8(ascii: " ")) }
            terms += prefix
            terms += word
            count += 1
        }
        return (terms, count)
    }

    /// A query in the language of the full-text table.
    ///
    /// It is made of folded words alone, each within quotation marks, so nothing that somebody typed has a meaning in
    /// it.
    func expression(_ query: TextQuery) -> [UInt8] {
        var expression: [UInt8] = []
        for phrase in query.phrases {
            expression += "\"".utf8
            for (index, word) in phrase.words.enumerated() {
                if index > 0 { expression.append(UInt8(ascii: " ")) }
                expression += prefix
                expression += word
            }
            expression += (phrase.isPrefix ? "\"* " : "\" ").utf8
        }
        return expression
    }
}
