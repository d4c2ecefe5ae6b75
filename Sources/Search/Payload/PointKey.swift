public import Core

/// The identity of a point within its collection.
public enum PointKey: Sendable {
    /// A number, as Qdrant's clients use them.
    case number(UInt64)
    /// A UUID of any version.
    case uuid(Identifier)
    /// Any other text, as memories have them.
    case text(String)

    /// Which JSON values are keys.
    public enum Form: Sendable {
        /// Numbers and UUIDs, as Qdrant has them.
        case numberOrUUID
        /// Any text, which stays as it is even if it looks like a UUID.
        case text
    }

    /// How many bytes a text has at most.
    public static let textLimit = 1024

    /// Reads a key from JSON: a whole number from 0 to 2^64 - 1, a UUID in any of its usual forms, or a text.
    ///
    /// Returns nil for what is no key of this form.
    public init?(_ value: JSONValue, _ form: Form) {
        switch (form, value) {
        case (.numberOrUUID, .number(let text)):
            guard let number = UInt64(text) else { return nil }
            self = .number(number)
        case (.numberOrUUID, .string(let text)):
            guard let uuid = Self.uuid(text) else { return nil }
            self = .uuid(uuid)
        case (.text, .string(let text)):
            guard (1...Self.textLimit).contains(text.utf8.count) else { return nil }
            self = .text(text)
        default: return nil
        }
    }

    /// A UUID with or without hyphens, in braces, or after `urn:uuid:`.
    private static func uuid(_ text: String) -> Identifier? {
        if let plain = Identifier(text) { return plain }
        if text.hasPrefix("urn:uuid:") { return Identifier(text.dropFirst(9)) }
        if text.hasPrefix("{"), text.hasSuffix("}") { return Identifier(text.dropFirst().dropLast()) }
        guard text.utf8.count == 32 else { return nil }
        var hyphenated = ""
        for (index, character) in text.enumerated() {
            if [8, 12, 16, 20].contains(index) { hyphenated.append("-") }
            hyphenated.append(character)
        }
        return Identifier(hyphenated)
    }
}

extension PointKey: Hashable {
    public static func == (left: PointKey, right: PointKey) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): left == right
        case (.uuid(let left), .uuid(let right)): left == right
        case (.text(let left), .text(let right)): ExactText.areSame(left, right)
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .number(let number): hasher.combine(number)
        case .uuid(let uuid): hasher.combine(uuid)
        case .text(let text): hasher.combine(ExactText(text))
        }
    }
}

extension PointKey {
    private static let numberTag: UInt8 = 1
    private static let uuidTag: UInt8 = 2
    private static let textTag: UInt8 = 3

    /// The key as bytes, whose lexicographic order is that of keys: numbers ascending, then UUIDs, then texts.
    public var bytes: [UInt8] {
        switch self {
        case .number(let number):
            return [Self.numberTag] + withUnsafeBytes(of: number.bigEndian, Array.init)
        case .uuid(let uuid):
            return [Self.uuidTag] + withUnsafeBytes(of: uuid.high.bigEndian, Array.init)
                + withUnsafeBytes(of: uuid.low.bigEndian, Array.init)
        case .text(let text):
            return [Self.textTag] + Array(text.utf8)
        }
    }

    /// Reads what ``bytes`` gave. Returns nil for any other bytes.
    public init?(bytes: some Collection<UInt8>) {
        let rest = Array(bytes.dropFirst())
        switch (bytes.first, rest.count) {
        case (Self.numberTag, 8): self = .number(rest.reduce(0) { $0 << 8 | UInt64($1) })
        case (Self.uuidTag, 16):
            guard let uuid = rest.withUnsafeBytes({ Identifier(bytes: $0) }) else { return nil }
            self = .uuid(uuid)
        case (Self.textTag, _):
            guard let text = String(validating: rest, as: UTF8.self) else { return nil }
            self = .text(text)
        default: return nil
        }
    }
}

extension PointKey: Comparable {
    public static func < (left: PointKey, right: PointKey) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): left < right
        case (.uuid(let left), .uuid(let right)): left < right
        case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        default: left.rank < right.rank
        }
    }

    private var rank: UInt8 {
        switch self {
        case .number: Self.numberTag
        case .uuid: Self.uuidTag
        case .text: Self.textTag
        }
    }
}

extension PointKey: JSONEncodable, CustomStringConvertible {
    public func write(to json: inout JSONWriter) {
        switch self {
        case .number(let number): json.raw(String(number).utf8)
        case .uuid(let uuid): json.value(uuid)
        case .text(let text): json.value(text)
        }
    }

    public var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .uuid(let uuid): "\(uuid)"
        case .text(let text): text
        }
    }
}
