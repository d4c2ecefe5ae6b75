/// Reads JSON (RFC 8259) strictly: UTF-8 only, no comments, no trailing commas, no duplicate names, one value.
public struct JSONParser {
    let rest: UnsafeBufferPointer<UInt8>
    var position = 0
    private var depth = 0

    /// How deeply arrays and objects may be nested.
    public static let depthLimit = 64
    /// How many members an object may have.
    public static let memberLimit = 10_000

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        rest = bytes
    }

    /// Reads one value and nothing after it.
    ///
    /// - throws: ``Failure`` of kind `malformed`, code `malformed_json`, naming line and column.
    public static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws -> JSONValue {
        try parse(bytes) { try $0.value() }
    }

    /// Reads one value by a closure and nothing after it.
    static func parse<T>(_ bytes: UnsafeBufferPointer<UInt8>, _ read: (inout JSONParser) throws -> T) throws -> T {
        var parser = JSONParser(bytes)
        parser.skipSpace()
        let value = try read(&parser)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.failure("there is more after the end of the value") }
        return value
    }

    /// Reads one value and nothing after it.
    ///
    /// - throws: ``Failure`` of kind `malformed`, code `malformed_json`, naming line and column.
    public static func parse(_ bytes: [UInt8]) throws -> JSONValue {
        try bytes.withUnsafeBufferPointer { try parse($0) }
    }

    mutating func value() throws -> JSONValue {
        guard let byte = peek() else { throw failure("the text ends where a value is expected") }
        switch byte {
        case UInt8(ascii: "{"): return try .object(object())
        case UInt8(ascii: "["): return try .array(array())
        case UInt8(ascii: "\""): return try .string(string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try .number(number())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw failure("a value is expected")
        }
    }

    private mutating func object() throws -> JSONObject {
        var object = JSONObject()
        try members { name, parser in object.members.append(.init(name, try parser.value())) }
        return object
    }

    /// Reads an object, each of whose values the closure reads.
    mutating func members(_ member: (String, inout JSONParser) throws -> Void) throws {
        try descend()
        var names = MemberNames()
        skipSpace()
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                guard peek() == UInt8(ascii: "\"") else { throw failure("a member's name in quotes is expected") }
                let name = try string()
                skipSpace()
                guard take(UInt8(ascii: ":")) else { throw failure("a colon is expected after a member's name") }
                skipSpace()
                guard names.insert(name) else {
                    throw failure("the member \"\(name.prefix(64))\" stands here twice")
                }
                guard names.count <= Self.memberLimit else {
                    throw failure("an object has more than \(Self.memberLimit) members")
                }
                try member(name, &self)
                skipSpace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw failure("a comma or a closing brace is expected") }
        }
        depth -= 1
    }

    private mutating func array() throws -> [JSONValue] {
        var values: [JSONValue] = []
        try elements { values.append(try $0.value()) }
        return values
    }

    /// Reads an array, each of whose elements the closure reads.
    mutating func elements(_ element: (inout JSONParser) throws -> Void) throws {
        try descend()
        skipSpace()
        if !take(UInt8(ascii: "]")) {
            repeat {
                skipSpace()
                try element(&self)
                skipSpace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw failure("a comma or a closing bracket is expected") }
        }
        depth -= 1
    }

    private mutating func descend() throws {
        position += 1
        depth += 1
        guard depth <= Self.depthLimit else { throw failure("values are nested deeper than \(Self.depthLimit) levels") }
    }

    private mutating func number() throws -> String {
        String(decoding: UnsafeBufferPointer(rebasing: rest[try numberBytes()]), as: UTF8.self)
    }

    /// Goes over a number and says where it stands.
    mutating func numberBytes() throws -> Range<Int> {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let leadingZero = peek() == UInt8(ascii: "0")
        let whole = skipDigits()
        guard whole == 1 || (whole > 1 && !leadingZero) else { throw failure("this is not a number") }
        if take(UInt8(ascii: ".")) {
            guard skipDigits() > 0 else { throw failure("digits are expected after the point") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard skipDigits() > 0 else { throw failure("digits are expected in the exponent") }
        }
        return start..<position
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func string() throws -> String {
        position += 1
        let start = position
        let isASCII = try skipPlainText()
        let text = try text(start..<position, isASCII: isASCII)
        return take(UInt8(ascii: "\"")) ? text : try escapedString(after: text)
    }

    /// Goes on to a quote or an escape. Returns whether all of the text up to there is ASCII.
    private mutating func skipPlainText() throws -> Bool {
        var bits: UInt8 = 0
        while let byte = peek() {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return bits < 0x80 }
            guard byte >= 0x20 else { throw failure("a control character in a string must be escaped") }
            bits |= byte
            position += 1
        }
        throw failure("the text ends within a string")
    }

    /// Goes on with a string at its first escape.
    private mutating func escapedString(after text: String) throws -> String {
        var result = text
        while !take(UInt8(ascii: "\"")) {
            if take(UInt8(ascii: "\\")) {
                result.unicodeScalars.append(try escape())
            } else {
                let start = position
                let isASCII = try skipPlainText()
                result += try self.text(start..<position, isASCII: isASCII)
            }
        }
        return result
    }

    private mutating func escape() throws -> Unicode.Scalar {
        guard let byte = peek() else { throw failure("the text ends within an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("this escape is unknown")
        }
    }

    private mutating func unicodeEscape() throws -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw failure("half of a surrogate pair is missing")
        }
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw failure("half of a surrogate pair is missing") }
        return scalar
    }

    private mutating func hexadecimal() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("four hexadecimal digits are expected")
            }
            position += 1
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private func text(_ range: Range<Int>, isASCII: Bool) throws -> String {
        let bytes = UnsafeBufferPointer(rebasing: rest[range])
        let text = String(decoding: bytes, as: UTF8.self)
        // Decoding puts U+FFFD in place of what is not valid, so the text has other bytes then.
        guard isASCII || text.utf8.elementsEqual(bytes) else { throw failure("this string is not valid UTF-8") }
        return text
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard take(text.utf8Start[index]) else { throw failure("a value is expected") }
        }
        return value
    }

    @inline(__always)
    func peek() -> UInt8? {
        position < rest.count ? rest[position] : nil
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    @inline(__always)
    mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    func failure(_ reason: String) -> Failure {
        let before = rest[..<min(position, rest.count)]
        let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
        let column = position - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        return Failure(
            .malformed, code: "malformed_json", "The body is not valid JSON: line \(line), column \(column): \(reason)."
        )
    }
}

/// The names of the members of an object so far: by a look at each while they are few, by a set beyond.
private struct MemberNames {
    private var few: [String] = []
    private var many = Set<String>()

    var count: Int { many.isEmpty ? few.count : many.count }

    /// Adds a name.
    ///
    /// - returns: whether it is new.
    mutating func insert(_ name: String) -> Bool {
        guard few.count == 16 else {
            if few.contains(name) { return false }
            few.append(name)
            return true
        }
        if many.isEmpty { many.formUnion(few) }
        return many.insert(name).inserted
    }
}
