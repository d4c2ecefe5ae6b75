/// A value that a query is given beside its text, or that an answer has.
///
/// FalkorDB reads what a query is given as text, so what is written here must end where it is meant to end whatever is
/// in it ("Query parameters" of its documentation, and its `param_parser.c`): within quotes only the quote, the
/// backslash and the byte 0 mean anything, and the last cannot be written at all.
enum CypherValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([CypherValue])
    case map([Member])
    case vector([Float])

    /// A member of a map. Its name is one of ours.
    struct Member: Sendable, Equatable {
        let name: String
        let value: CypherValue

        init(_ name: StaticString, _ value: CypherValue) { (self.name, self.value) = ("\(name)", value) }

        /// A member whose name is that of a place: `p0`, `p1`.
        init(_ place: Int, _ value: CypherValue) { (name, self.value) = ("p\(place)", value) }
    }

    /// Any text as a key that is compared (``CypherKey``).
    static func key(_ text: String) -> CypherValue { .text(CypherKey.encode(text)) }

    /// Texts as keys.
    static func keys(_ texts: some Sequence<String>) -> CypherValue { .list(texts.map(key)) }

    /// Writes it as the parser of parameters reads it.
    func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .integer(let value): bytes += String(value).utf8
        // There is no way to write one that is not finite.
        case .number(let value): bytes += value.isFinite ? Array("\(value)".utf8) : Array("null".utf8)
        case .text(let text): Self.write(text, to: &bytes)
        case .list(let values): Self.write(values, between: "[", "]", to: &bytes) { $0.write(to: &$1) }
        case .map(let members):
            Self.write(members, between: "{", "}", to: &bytes) { member, bytes in
                bytes += member.name.utf8
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
        case .vector(let components):
            Self.write(components, between: "[", "]", to: &bytes) { component, bytes in
                bytes += (component.isFinite ? "\(component)" : "0.0").utf8
            }
        }
    }

    private static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(quote)
        for byte in text.utf8 {
            switch byte {
            case quote, UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            // It would end the whole query. Keys have none, and in other texts it stands for no word.
            case 0: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        bytes.append(quote)
    }

    private static func write<T>(
        _ values: [T], between start: StaticString, _ end: StaticString, to bytes: inout [UInt8],
        _ body: (T, inout [UInt8]) -> Void
    ) {
        bytes += "\(start)".utf8
        for (place, value) in values.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            body(value, &bytes)
        }
        bytes += "\(end)".utf8
    }

    private static let quote = UInt8(ascii: "'")
}

/// Texts as FalkorDB compares them.
///
/// Its index of a property takes white space off both ends of a text, takes a text apart at the byte 1, has no empty
/// text, and ends at the byte 0; and what the index finds is not compared again. So a key has something before and
/// behind it, and neither of these bytes in it. Keys have the order of their texts.
enum CypherKey {
    private static let start: Unicode.Scalar = "="
    private static let escape: Unicode.Scalar = "\u{2}"

    /// The key of a text: another one for each.
    static func encode(_ text: String) -> String {
        var key = String.UnicodeScalarView()
        key.append(start)
        for scalar in text.unicodeScalars {
            if scalar.value <= escape.value {
                key.append(escape)
                key.append(Unicode.Scalar(UInt8(ascii: "0") + UInt8(scalar.value)))
            } else {
                key.append(scalar)
            }
        }
        // Less than any other that may stand here, so that a text stands before those that go on.
        key.append(escape)
        return String(key)
    }

    /// The text of a key; of what is none, as it is.
    static func decode(_ key: String) -> String {
        let scalars = key.unicodeScalars
        guard scalars.first == start, scalars.last == escape, scalars.count > 1 else { return key }
        var text = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in scalars.dropFirst().dropLast() {
            if isEscaped {
                text.append(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value &- 48)))
                isEscaped = false
            } else if scalar == escape {
                isEscaped = true
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }
}
