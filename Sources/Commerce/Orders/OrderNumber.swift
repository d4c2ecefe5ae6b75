import Core

/// Order numbers: `M-` and ten characters that ascend with time, so that their index grows at its right edge.
///
/// They spell the milliseconds since 2026 (40 bits) and the identifier's counter within its millisecond (10 bits) in
/// Crockford's base 32. Two servers may make the same one; the unique index refuses the second, which tries again.
enum OrderNumber {
    /// How many numbers are tried before it is a failure.
    static let attempts = 10
    private static let epochMilliseconds: UInt64 = 1_767_225_600_000

    /// The number of an order with an identifier.
    static func make(from identifier: Identifier) -> String {
        let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        let milliseconds = (identifier.high >> 16) &- epochMilliseconds
        let digits = milliseconds << 10 | (identifier.high & 0x3FF)
        return String(unsafeUninitializedCapacity: 12) { buffer in
            buffer[0] = UInt8(ascii: "M")
            buffer[1] = UInt8(ascii: "-")
            for place in 0..<10 {
                buffer[2 + place] = alphabet.utf8Start[Int(digits >> UInt64(45 - 5 * place) & 31)]
            }
            return 12
        }
    }
}
