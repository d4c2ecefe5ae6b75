/// CRC-32C, the cyclic redundancy check with Castagnoli's polynomial 0x1EDC6F41 (Castagnoli, Bräuer and Herrmann, IEEE
/// Transactions on Communications 41(6), 1993; RFC 3720, section 12.1, with test values in appendix B.4): it notices
/// every error of up to 32 neighbouring bits, and of few bits anywhere in a block.
///
/// Eight bytes at a time, by eight tables (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for
/// High-Performance CRC Generation", IEEE Transactions on Computers 57(11), 2008).
struct Checksum {
    /// The polynomial with its bits in the order in which they are sent.
    private static let polynomial: UInt32 = 0x82F6_3B78
    private static let tables: [UInt32] = makeTables()

    private var state: UInt32 = .max

    /// The checksum of what was added.
    var value: UInt32 { ~state }

    /// The checksum of some bytes.
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = Checksum()
        checksum.add(bytes)
        return checksum.value
    }

    /// Adds bytes to those before.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        Self.tables.withUnsafeBufferPointer { tables in
            var state = state
            var index = 0
            while index &+ 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let mixed = word ^ UInt64(state)
                state = 0
                for place in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> UInt64(8 &* place)) & 0xFF
                    state ^= tables[(7 &- place) << 8 | byte]
                }
                index &+= 8
            }
            for byte in bytes[index...] {
                state = tables[Int((state ^ UInt32(byte)) & 0xFF)] ^ (state >> 8)
            }
            self.state = state
        }
    }

    /// Table 0 has the check of one byte; each of the others, that of a byte with one more byte of zeros behind it.
    private static func makeTables() -> [UInt32] {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var state = UInt32(byte)
            for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ polynomial : state >> 1 }
            tables[byte] = state
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }
}
