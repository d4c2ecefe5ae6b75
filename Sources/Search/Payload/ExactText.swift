/// Text that equals another byte by byte. `String` takes canonically equivalent texts for equal, and payloads do not.
public struct ExactText: Hashable, Sendable {
    let text: String

    /// A text that is compared by its bytes.
    public init(_ text: String) { self.text = text }

    public static func == (left: ExactText, right: ExactText) -> Bool { areSame(left.text, right.text) }

    public func hash(into hasher: inout Hasher) {
        if text.utf8.withContiguousStorageIfAvailable({ hasher.combine(bytes: UnsafeRawBufferPointer($0)) }) == nil {
            for byte in text.utf8 { hasher.combine(byte) }
        }
    }

    /// Whether two texts have the same bytes.
    static func areSame(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        let same = left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { right in left.elementsEqual(right) }
        }
        return (same ?? nil) ?? left.utf8.elementsEqual(right.utf8)
    }

    /// Whether a text begins with some bytes.
    static func hasPrefix(_ text: String, _ prefix: [UInt8]) -> Bool {
        var text = text
        return text.withUTF8 { $0.count >= prefix.count && $0[..<prefix.count].elementsEqual(prefix) }
    }

    /// Whether a text has another in it, byte by byte.
    static func contains(_ text: String, _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count >= part.count else { return false }
            for start in 0...(bytes.count - part.count) where bytes[start] == first {
                if bytes[start..<(start + part.count)].elementsEqual(part) { return true }
            }
            return false
        }
    }
}
