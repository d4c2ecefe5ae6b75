import Core

/// Goes once over the bytes of a JSON value, keeps the values of the fields of a ``PathTree``, and builds no tree.
///
/// What nobody looks for is passed over by its quotes and brackets alone, so not every mistake in it is noticed.
struct JSONScanner {
    /// The bytes, and at least eight more behind the value.
    private let bytes: UnsafeBufferPointer<UInt8>
    private let tree: PathTree
    /// Where the value of each node of the tree goes.
    private let values: UnsafeMutableBufferPointer<Value>
    private let end: Int
    private(set) var position: Int
    /// The nodes whose texts have escapes, which are still to be decoded.
    private(set) var escaped: [Int] = []

    /// The bytes are not valid JSON.
    struct Malformed: Error {
        /// The byte where that was seen.
        let position: Int
    }

    /// A scanner of a part of some bytes. The values must all be missing.
    init(
        _ bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>, for tree: PathTree,
        into values: UnsafeMutableBufferPointer<Value>
    ) {
        self.bytes = bytes
        self.tree = tree
        self.values = values
        position = range.lowerBound
        end = range.upperBound
    }

    /// Reads one value and nothing after it.
    mutating func document() throws(Malformed) {
        skipSpace()
        try value(at: 0)
        skipSpace()
        guard position == end else { throw Malformed(position: position) }
    }

    /// Reads the next element of an array. Returns false at the end of the array.
    ///
    /// - parameter isFirst: whether it is the first one; the scanner then stands after the bracket.
    mutating func element(isFirst: Bool) throws(Malformed) -> Bool {
        guard try nextItem(isFirst: isFirst, closing: UInt8(ascii: "]")) else { return false }
        try value(at: 0)
        return true
    }

    private mutating func value(at node: Int) throws(Malformed) {
        guard values[node].isMissing else { throw Malformed(position: position) }
        let start = position
        switch peek() {
        case UInt8(ascii: "{"):
            if tree.nodes[node].members.isEmpty { try skipNested() } else { try object(at: node) }
            values[node] = .object(start..<position)
        case UInt8(ascii: "["):
            if tree.nodes[node].elements.isEmpty { try skipNested() } else { try array(at: node) }
            values[node] = .array(start..<position)
        case UInt8(ascii: "\""):
            let hasEscapes = try skipText()
            values[node] = .text(start + 1..<position - 1)
            if hasEscapes { escaped.append(node) }
        case UInt8(ascii: "t"): values[node] = try word("true", .boolean(true))
        case UInt8(ascii: "f"): values[node] = try word("false", .boolean(false))
        case UInt8(ascii: "n"): values[node] = try word("null", .null)
        default: values[node] = try number()
        }
    }

    private mutating func object(at node: Int) throws(Malformed) {
        position += 1
        var isFirst = true
        while try nextItem(isFirst: isFirst, closing: UInt8(ascii: "}")) {
            isFirst = false
            let start = position
            guard peek() == UInt8(ascii: "\"") else { throw Malformed(position: position) }
            let hasEscapes = try skipText()
            let child = try member(start..<position, hasEscapes: hasEscapes, of: tree.nodes[node].members)
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw Malformed(position: position) }
            skipSpace()
            if child >= 0 { try value(at: child) } else { try skipValue() }
        }
    }

    private mutating func array(at node: Int) throws(Malformed) {
        position += 1
        var index = 0
        while try nextItem(isFirst: index == 0, closing: UInt8(ascii: "]")) {
            var child = -1
            for edge in tree.nodes[node].elements where tree.elements[edge].index == index {
                child = tree.elements[edge].node
            }
            if child >= 0 { try value(at: child) } else { try skipValue() }
            index += 1
        }
    }

    /// Goes on to the next member or element. Returns false after the closing bracket.
    private mutating func nextItem(isFirst: Bool, closing: UInt8) throws(Malformed) -> Bool {
        skipSpace()
        if take(closing) { return false }
        guard isFirst || take(UInt8(ascii: ",")) else { throw Malformed(position: position) }
        skipSpace()
        return true
    }

    /// The node that a member leads to, or -1 when nobody looks for it.
    private func member(
        _ quoted: Range<Int>, hasEscapes: Bool, of edges: Range<Int>
    ) throws(Malformed) -> Int {
        if hasEscapes { return try escapedMember(quoted, of: edges) }
        let start = quoted.lowerBound + 1
        let count = quoted.count - 2
        let prefix = self.prefix(start, count: count)
        for index in edges {
            let edge = tree.members[index]
            guard edge.prefix == prefix, edge.name.count == count else { continue }
            var rest = 8
            while rest < count, bytes[start + rest] == tree.names[edge.name.lowerBound + rest] { rest += 1 }
            if rest >= count { return edge.node }
        }
        return -1
    }

    private func escapedMember(_ quoted: Range<Int>, of edges: Range<Int>) throws(Malformed) -> Int {
        guard let name = Self.decoded(UnsafeBufferPointer(rebasing: bytes[quoted])) else {
            throw Malformed(position: quoted.lowerBound)
        }
        for index in edges where tree.names[tree.members[index].name].elementsEqual(name.utf8) {
            return tree.members[index].node
        }
        return -1
    }

    /// The text of a string with its quotes, or nil when it is malformed.
    static func decoded(_ quoted: UnsafeBufferPointer<UInt8>) -> String? {
        guard case .string(let text) = try? JSONParser.parse(quoted) else { return nil }
        return text
    }

    /// The first bytes of a name, at most eight, the first one lowest.
    private func prefix(_ start: Int, count: Int) -> UInt64 {
        let word = word(at: start)
        return count >= 8 ? word : word & ((1 << UInt64(count * 8)) - 1)
    }
}

/// Going past values.
extension JSONScanner {
    private mutating func skipValue() throws(Malformed) {
        switch peek() {
        case UInt8(ascii: "{"), UInt8(ascii: "["): try skipNested()
        case UInt8(ascii: "\""): _ = try skipText()
        case UInt8(ascii: "t"): _ = try word("true", .null)
        case UInt8(ascii: "f"): _ = try word("false", .null)
        case UInt8(ascii: "n"): _ = try word("null", .null)
        default: _ = try numberText()
        }
    }

    /// Goes past an array or object. The kinds of open brackets are bits, the innermost one lowest.
    private mutating func skipNested() throws(Malformed) {
        var kinds: UInt64 = 0
        var depth = 0
        repeat {
            guard position < end else { throw Malformed(position: end) }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                _ = try skipText()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= JSONParser.depthLimit else { throw Malformed(position: position) }
                kinds = kinds << 1 | (byte == UInt8(ascii: "{") ? 1 : 0)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard kinds & 1 == (byte == UInt8(ascii: "}") ? 1 : 0) else { throw Malformed(position: position) }
                kinds >>= 1
                depth -= 1
            default: break
            }
            position += 1
        } while depth > 0
    }

    /// Goes past a string. Returns whether it has escapes.
    private mutating func skipText() throws(Malformed) -> Bool {
        position += 1
        var hasEscapes = false
        while true {
            position = nextInText(from: position)
            guard position < end else { throw Malformed(position: end) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position += 2
            default:
                throw Malformed(position: position)
            }
        }
    }

    /// Where the next quote, backslash or control character stands, or a place behind the end.
    ///
    /// Eight bytes are looked at together. In each of the three words the high bit of a byte is set where the byte was
    /// found, and perhaps in bytes above the lowest such one, so the lowest bit of all is right (Sean Eron Anderson,
    /// "Bit Twiddling Hacks", "Determine if a word has a zero byte").
    @inline(__always)
    private func nextInText(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let high: UInt64 = 0x8080_8080_8080_8080
        var position = start
        while position < end {
            let word = self.word(at: position)
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let found =
                ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word)
                & high
            if found != 0 { return position + found.trailingZeroBitCount / 8 }
            position += 8
        }
        return position
    }

    /// The eight bytes at a place, the first one lowest.
    @inline(__always)
    private func word(at position: Int) -> UInt64 {
        UInt64(littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    private mutating func number() throws(Malformed) -> Value {
        let start = position
        let range = try numberText()
        let text = UnsafeBufferPointer(rebasing: bytes[range])
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
        // Only JSON refuses zeros before other digits; whatever else is wrong makes no number at all.
        let hasLeadingZero = digits.first == UInt8(ascii: "0") && digits.dropFirst().first?.isDigit == true
        if !hasLeadingZero, let number = ExactNumber(decimal: text) { return .number(number) }
        guard (try? JSONParser.parse(text)) != nil else { throw Malformed(position: start) }
        return .largeNumber(range)
    }

    /// Goes past a number, and whatever looks like one.
    private mutating func numberText() throws(Malformed) -> Range<Int> {
        let start = position
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                position += 1
            default:
                guard position > start else { throw Malformed(position: start) }
                return start..<position
            }
        }
        guard position > start else { throw Malformed(position: start) }
        return start..<position
    }

    private mutating func word(_ text: StaticString, _ value: Value) throws(Malformed) -> Value {
        for index in 0..<text.utf8CodeUnitCount {
            guard take(text.utf8Start[index]) else { throw Malformed(position: position) }
        }
        return value
    }

    @inline(__always)
    private func peek() -> UInt8? {
        position < end ? bytes[position] : nil
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    @inline(__always)
    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }
}
