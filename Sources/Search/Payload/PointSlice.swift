import Core

/// One of several parts of all points, by a hash of their ids, so that several readers share a scroll.
///
/// The hash is that of Qdrant, so its clients find the same points in a slice: SipHash-2-4 with a key of zeros
/// (Aumasson and Bernstein 2012) over the eight bytes of a number, the least significant first, or those of a UUID.
public struct PointSlice: Sendable {
    let total: UInt64
    let index: UInt64

    /// Part `index` of `total`, counted from zero. Returns nil when there is no such part.
    public init?(index: Int64, of total: Int64) {
        guard total >= 1, index >= 0, index < total else { return nil }
        self.total = UInt64(total)
        self.index = UInt64(index)
    }

    /// Whether a point is in this part.
    func contains(_ key: PointKey) -> Bool {
        let bytes: [UInt8] =
            switch key {
            case .number(let number): withUnsafeBytes(of: number.littleEndian, Array.init)
            case .uuid, .text: Array(key.bytes.dropFirst())
            }
        return SipHash.hash(bytes) % total == index
    }
}

/// SipHash-2-4 with a key of zeros.
enum SipHash {
    static func hash(_ bytes: [UInt8]) -> UInt64 {
        var state = State()
        var start = 0
        while start + 8 <= bytes.count {
            state.compress(word(bytes[start..<(start + 8)]))
            start += 8
        }
        state.compress(word(bytes[start...]) | UInt64(bytes.count & 0xFF) << 56)
        state.third ^= 0xFF
        for _ in 0..<4 { state.round() }
        return state.first ^ state.second ^ state.third ^ state.fourth
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private struct State {
        // The letters of "somepseudorandomlygeneratedbytes", as the algorithm has them.
        var first: UInt64 = 0x736F_6D65_7073_6575
        var second: UInt64 = 0x646F_7261_6E64_6F6D
        var third: UInt64 = 0x6C79_6765_6E65_7261
        var fourth: UInt64 = 0x7465_6462_7974_6573

        mutating func compress(_ word: UInt64) {
            fourth ^= word
            round()
            round()
            first ^= word
        }

        mutating func round() {
            first &+= second
            second = rotate(second, 13) ^ first
            first = rotate(first, 32)
            third &+= fourth
            fourth = rotate(fourth, 16) ^ third
            first &+= fourth
            fourth = rotate(fourth, 21) ^ first
            third &+= second
            second = rotate(second, 17) ^ third
            third = rotate(third, 32)
        }

        private func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }
    }
}
