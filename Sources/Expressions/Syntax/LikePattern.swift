/// The pattern of `like`: `%` stands for any characters or none, `_` for exactly one.
struct LikePattern: Sendable {
    /// The bytes that must be there, and the two signs below.
    private let items: [UInt16]

    private static let anything: UInt16 = 256
    private static let oneCharacter: UInt16 = 257

    /// Reads a pattern. Returns nil when an escape stands before anything else than `%`, `_` or itself.
    init?(_ text: some Sequence<UInt8>, escape: UInt8) {
        var items: [UInt16] = []
        var isEscaped = false
        for byte in text {
            let isSign = byte == UInt8(ascii: "%") || byte == UInt8(ascii: "_")
            if isEscaped {
                guard isSign || byte == escape else { return nil }
                items.append(UInt16(byte))
                isEscaped = false
            } else if byte == escape {
                isEscaped = true
            } else if isSign {
                items.append(byte == UInt8(ascii: "%") ? Self.anything : Self.oneCharacter)
            } else {
                items.append(UInt16(byte))
            }
        }
        guard !isEscaped else { return nil }
        self.items = items
    }

    /// Whether the whole of a text, in UTF-8, is as the pattern says.
    ///
    /// After a failure only the last `%` is tried at the next character: those before it have their match already.
    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var item = 0
        var position = 0
        var retry: (item: Int, position: Int)?
        while position < text.count {
            if item < items.count, items[item] == Self.anything {
                item += 1
                retry = (item, position)
            } else if item < items.count, items[item] == Self.oneCharacter {
                item += 1
                position = Self.end(ofCharacterAt: position, in: text)
            } else if item < items.count, items[item] == UInt16(text[position]) {
                item += 1
                position += 1
            } else if let (start, from) = retry {
                item = start
                position = Self.end(ofCharacterAt: from, in: text)
                retry = (start, position)
            } else {
                return false
            }
        }
        return items[item...].allSatisfy { $0 == Self.anything }
    }

    private static func end(ofCharacterAt position: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var end = position + 1
        while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }
}
