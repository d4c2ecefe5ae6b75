public import Core

/// A value of an attribute as a text, in the order of the values: truths, then numbers, then what is neither a number
/// nor a text, then texts by their bytes.
///
/// Values of different kinds are never the same. Numbers are compared as what they are worth: `1` is `1.0`.
public struct AttributeValue: Sendable, Hashable, Comparable {
    /// How many bytes a text may have that others are compared with. Of longer ones so much is kept that they are
    /// another text, and come before or after as they do in full.
    public static let comparedBytes = 1_000

    /// What a value begins with, by its kind.
    enum Kind: UInt8 {
        case bool = 0x62  // b
        case number = 0x6E  // n
        case other = 0x6F  // o
        case text = 0x74  // t
    }

    private let exact: ExactText

    /// The value as a text: equal texts are equal values, and the order of their bytes is that of the values.
    public var text: String { exact.text }

    init(text: String) { exact = ExactText(text) }

    /// A value of JSON; nil for null, which is no value.
    public init?(_ value: JSONValue) {
        switch value {
        case .null: return nil
        case .bool(let flag): self.init(.bool, flag ? "1" : "0")
        case .number(let number): self.init(.number, Self.order(of: number))
        case .string(let text): self.init(.text, Self.kept(text))
        case .array, .object: self.init(.other, "")
        }
    }

    private init(_ kind: Kind, _ rest: some StringProtocol) {
        self.init(text: String(Unicode.Scalar(kind.rawValue)) + rest)
    }

    /// A text, cut where it is certain to differ from all that it can be compared with.
    private static func kept(_ text: String) -> Substring {
        // A scalar has four bytes at most, so what is left has more bytes than any text that it is compared with.
        guard text.utf8.count > comparedBytes + 4 else { return text[...] }
        var end = text.utf8.index(text.startIndex, offsetBy: comparedBytes + 4)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return text[..<end]
    }

    /// Whole numbers of 64 bits are exact: behind the nearest floating-point number stands how far they are from it.
    private static func order(of number: String) -> String {
        let near: Double
        var rest: Int64 = 0
        let float = Double(number) ?? .infinity
        if let integer = Int64(number) ?? Int64(exactly: float) {
            near = Double(integer)
            rest = integer &- (near < 0x1p63 ? Int64(near) : .min)
        } else {
            near = float
        }
        let order = UInt64(bitPattern: OrderKey.of(near)) ^ (1 << 63)
        return hexadecimal(order, digits: 16) + hexadecimal(UInt64(rest + 0x8000), digits: 4)
    }

    private static func hexadecimal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    public static func < (left: AttributeValue, right: AttributeValue) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension AttributeValue {
    /// All values.
    static let all = AttributeValue(text: "")..<AttributeValue(text: "~")

    /// All values of the kind of this one.
    var alike: Range<AttributeValue> {
        let first = text.unicodeScalars.first?.value ?? 0
        func bound(_ scalar: UInt32) -> AttributeValue {
            AttributeValue(text: String(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar))))
        }
        return bound(first)..<bound(first + 1)
    }

    /// The least text that comes after this one.
    var next: AttributeValue { AttributeValue(text: text + "\0") }
}
