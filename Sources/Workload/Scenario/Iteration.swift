import Core

/// What one run through a flow fills its templates with.
struct Iteration {
    /// A number that no other iteration of the run has.
    let number: Int
    /// When it began.
    let startedAt: Timestamp
    /// Which row of each data set it has.
    let rows: [Int]
    /// What its steps have saved so far.
    var saved: [[UInt8]]
    /// What it draws numbers from.
    var random: SplitMix64

    /// A random UUID (RFC 9562, version 4).
    mutating func uuid() -> String {
        let high = (random.next() & ~0xF000) | 0x4000
        let low = (random.next() & ~(3 << 62)) | (2 << 62)
        let digits = Self.digits(high) + Self.digits(low)
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: digits[$0], as: UTF8.self) }
        return parts.joined(separator: "-")
    }

    private static func digits(_ value: UInt64) -> [UInt8] {
        (0..<16).map { place in
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * place)) & 15
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
    }
}
