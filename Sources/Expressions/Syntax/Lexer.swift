import Core

/// Cuts the text of a condition into tokens.
struct Lexer {
    private let source: SourceText
    /// The first byte that was not read yet.
    private(set) var position: Int

    /// Reads from a byte of a text.
    init(_ source: SourceText, from position: Int = 0) {
        self.source = source
        self.position = position
    }

    /// The next token; ``Token/Kind/end`` again and again at the end.
    mutating func next() throws(Failure) -> Token {
        while let byte = peek(), byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
        let start = position
        guard let byte = peek() else { return Token(kind: .end, place: start..<start) }
        let kind: Token.Kind
        if byte.isDigit {
            kind = try number()
        } else if byte.beginsWord {
            kind = .word(word())
        } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
            kind = .text(try text(until: byte))
        } else if let symbol = Token.Symbol.allCases.first(where: {
            source.bytes[start...].starts(with: $0.rawValue.utf8)
        }) {
            position += symbol.rawValue.utf8.count
            kind = .symbol(symbol)
        } else {
            throw source.failure(at: start, "the character `\(character(at: start))` has no meaning here")
        }
        return Token(kind: kind, place: start..<position)
    }

    private mutating func word() -> String {
        let start = position
        while let byte = peek(), byte.continuesWord { position += 1 }
        return source[start..<position]
    }

    /// A number, or a duration when a unit follows it at once.
    private mutating func number() throws(Failure) -> Token.Kind {
        let start = position
        skipDigits()
        if peek() == UInt8(ascii: "."), peek(1)?.isDigit == true {
            position += 1
            skipDigits()
        }
        let text = source[start..<position]
        guard let byte = peek(), byte.beginsWord else { return .number(text) }
        let unit = word()
        guard let seconds = Self.units[unit] else {
            throw source.failure(
                at: start, "`\(text)\(unit)` is neither a number nor a duration; durations are whole: 7d, 12h, 30m, 45s"
            )
        }
        guard let amount = Int64(text), amount <= Timestamp.latest.microseconds / 1_000_000 / seconds else {
            throw source.failure(at: start, "a duration is a whole number of its unit, and shorter than 8000 years")
        }
        return .duration(amount * seconds * 1_000_000)
    }

    private static let units: [String: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]

    private mutating func skipDigits() {
        while let byte = peek(), byte.isDigit { position += 1 }
    }

    private mutating func text(until quote: UInt8) throws(Failure) -> String {
        let start = position
        position += 1
        var bytes: [UInt8] = []
        while let byte = peek() {
            position += 1
            if byte == quote { return String(decoding: bytes, as: UTF8.self) }
            bytes += byte == UInt8(ascii: "\\") ? try escape() : [byte]
        }
        throw source.failure(at: start, "this text has no closing \(quote == UInt8(ascii: "'") ? "'" : "\"")")
    }

    /// What an escape stands for. The escapes of `like` keep their backslash, since the pattern reads them.
    private mutating func escape() throws(Failure) -> [UInt8] {
        let start = position - 1
        guard let byte = peek() else { throw source.failure(at: start, "the text ends within an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "%"), UInt8(ascii: "_"): return [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "u"):
            let digits = source[position..<position + 4]
            guard digits.utf8.count == 4, !digits.hasPrefix("+"), let code = UInt32(digits, radix: 16),
                let scalar = Unicode.Scalar(code)
            else { throw source.failure(at: start, "four hexadecimal digits of a character are expected after \\u") }
            position += 4
            return Array(String(scalar).utf8)
        default:
            throw source.failure(at: start, "this escape is unknown; a backslash is written as two")
        }
    }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < source.bytes.count ? source.bytes[position + ahead] : nil
    }

    private func character(at offset: Int) -> Character {
        String(decoding: source.bytes[offset...], as: UTF8.self).first ?? " "
    }
}

extension UInt8 {
    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

    /// Whether names may begin with it: letters, the underscore, and whatever is not ASCII.
    var beginsWord: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 || self == UInt8(ascii: "_") || self >= 0x80 }

    var continuesWord: Bool { beginsWord || isDigit }
}
