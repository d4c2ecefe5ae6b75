/// The words of the texts of a field, by slot, in memory.
struct WordIndex: Sendable {
    /// What stands in a slot.
    private struct Document: Sendable {
        /// The numbers of its words.
        var words: [UInt32] = []
        /// How many words it has, with repetitions.
        var length: UInt32 = 0
    }

    private var words = NumberedTable<ExactText, WordPostings>(empty: WordPostings())
    private var documents = ChunkedArray(empty: Document(), shift: 5)
    /// The slots with several texts: their words stand together, which says nothing of one text alone.
    private(set) var several = SlotSet()
    /// How many slots have a word.
    private(set) var count = 0
    private var totalLength = 0

    /// How many words a text of a slot has on the average.
    var meanLength: Double { count == 0 ? 0 : Double(totalLength) / Double(count) }

    /// Where a word stands.
    func postings(of word: [UInt8]) -> WordPostings {
        let key = ExactText(String(decoding: word, as: UTF8.self))
        return words.number(of: key).map { words.value($0) } ?? WordPostings()
    }

    /// Puts texts in the place of those that a slot had. Words that stay as often as they were among as many cost a
    /// look.
    mutating func set(_ texts: [String], at slot: UInt32) {
        let (counts, length) = Self.words(of: texts)
        let old = documents[Int(slot)]
        guard length > 0 || old.length > 0 else { return }
        var new = Document(length: UInt32(clamping: length))
        for (word, count) in counts {
            let number = words.assign(word)
            new.words.append(number)
            let entry = WordPostings.Entry(slot, count: count, length: length)
            let before = words.value(number).entry(of: slot)
            guard before != entry else { continue }
            words.update(number) { postings in
                if before != nil { postings.remove(slot) }
                postings.insert(entry)
            }
        }
        let kept = Set(new.words)
        for number in old.words where !kept.contains(number) { remove(slot, from: number) }
        documents.update(Int(slot)) { $0 = new }
        if texts.count > 1, length > 0 { several.insert(slot) } else { several.remove(slot) }
        count += (new.length > 0 ? 1 : 0) - (old.length > 0 ? 1 : 0)
        totalLength += Int(new.length) - Int(old.length)
    }

    private static func words(of texts: [String]) -> (counts: [ExactText: Int], length: Int) {
        var counts: [ExactText: Int] = [:]
        var length = 0
        for text in texts {
            Tokenizer.forEachWord(text) { word, _ in
                counts[ExactText(String(decoding: word, as: UTF8.self)), default: 0] += 1
                length += 1
            }
        }
        return (counts, length)
    }

    private mutating func remove(_ slot: UInt32, from number: UInt32) {
        let isUnused = words.update(number) { postings in
            postings.remove(slot)
            return postings.count == 0
        }
        if isUnused { words.release(number) }
    }

    /// How many bytes of memory it takes, about. It looks at each word.
    var byteCount: Int {
        var bytes = words.byteCount + documents.byteCount + several.byteCount
        words.forEach { _, postings in bytes += postings.byteCount + 64 }
        documents.forEachChunk { _, chunk in
            for document in chunk where document.length > 0 { bytes += 32 + document.words.capacity * 4 }
        }
        return bytes
    }
}
