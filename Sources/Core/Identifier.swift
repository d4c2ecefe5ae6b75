/// A 128-bit identifier in the UUID version 7 layout (RFC 9562, section 5.7).
///
/// Identifiers made by one ``IdentifierGenerator`` ascend, so an index on them grows at its right edge and sorting by
/// identifier is sorting by time of creation.
public struct Identifier: Hashable, Sendable {
    /// The first eight bytes in network order: 48 bits of Unix milliseconds, the version, 12 bits of counter.
    public let high: UInt64
    /// The last eight bytes in network order: the variant and 62 random bits.
    public let low: UInt64

    /// An identifier of the given halves, whatever its version.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The smallest version 7 identifier of a millisecond: the lower bound of a search by time of creation.
    public init(lowestAt time: Timestamp) {
        let milliseconds = UInt64(max(0, time.microseconds / 1000))
        self.init(high: (milliseconds << 16) | 0x7000, low: 0x8000_0000_0000_0000)
    }

    /// Reads the text form: 32 hexadecimal digits in five groups (8-4-4-4-12), either case.
    ///
    /// Returns nil for any other text.
    public init?(_ text: some StringProtocol) {
        // Callers in other modules do not get a version of generic code for their type, so the work is done on bytes.
        guard
            let parsed = text.utf8.withContiguousStorageIfAvailable({ Self(utf8: $0) })
                ?? Array(text.utf8).withUnsafeBufferPointer({ Self(utf8: $0) })
        else { return nil }
        self = parsed
    }

    private init?(utf8: UnsafeBufferPointer<UInt8>) {
        guard utf8.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for (index, byte) in utf8.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard let nibble = Self.nibble(byte) else { return nil }
                if digits < 16 { high = high << 4 | nibble } else { low = low << 4 | nibble }
                digits += 1
            }
        }
        self.init(high: high, low: low)
    }

    /// Reads the 16 bytes of the binary form. Returns nil for any other length.
    public init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        self.init(
            high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// The 16 bytes of the binary form, in network order.
    public var bytes: (UInt64, UInt64) { (high.bigEndian, low.bigEndian) }

    /// The moment of creation that the identifier carries, to the millisecond.
    public var time: Timestamp { Timestamp(microseconds: Int64(high >> 16) * 1000) }

    private static func nibble(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension Identifier: CustomStringConvertible {
    /// The text form in lower case, for example `0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11`.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            write(to: buffer)
            return 36
        }
    }

    /// Writes the 36 bytes of the text form into the start of a buffer.
    func write(to buffer: UnsafeMutableBufferPointer<UInt8>) {
        let hexadecimal: StaticString = "0123456789abcdef"
        var position = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                buffer[position] = UInt8(ascii: "-")
                position += 1
            }
            let half = index < 16 ? high : low
            let nibble = Int(half >> UInt64(60 - 4 * (index & 15)) & 0xF)
            buffer[position] = hexadecimal.utf8Start[nibble]
            position += 1
        }
    }
}

extension Identifier: Comparable {
    public static func < (left: Identifier, right: Identifier) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}
