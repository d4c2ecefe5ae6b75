/// Which of the 16,384 parts of a cluster a key belongs to (Redis cluster specification, "Key distribution model").
enum HashSlot {
    static let count = 16_384

    /// The slot of a key. Of a key with a part in braces only that part counts, so that keys can be kept together.
    static func of(_ key: String) -> Int {
        let bytes = Array(key.utf8)
        guard let start = bytes.firstIndex(of: UInt8(ascii: "{")) else { return slot(bytes[...]) }
        let rest = bytes[(start + 1)...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "}")), end > rest.startIndex else { return slot(bytes[...]) }
        return slot(rest[..<end])
    }

    private static func slot(_ bytes: ArraySlice<UInt8>) -> Int {
        var sum: UInt16 = 0
        for byte in bytes { sum = sum << 8 ^ table[Int(UInt8(truncatingIfNeeded: sum >> 8) ^ byte)] }
        return Int(sum) % count
    }

    /// CRC-16/XMODEM: the polynomial 0x1021, beginning with 0.
    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte) << 8) { sum, _ in sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
    }
}
