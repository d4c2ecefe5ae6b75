import Core

/// Short numbers that people read aloud, for orders, shipments and returns: a prefix and ten characters that ascend
/// with time, so that their index grows at its right edge.
///
/// They spell the milliseconds since 2026 (40 bits) and the identifier's counter within its millisecond (10 bits) in
/// Crockford's base 32. Two servers may make the same one; the unique index refuses the second, which tries again.
enum DocumentNumber {
    /// How many numbers are tried before it is a failure.
    static let attempts = 10
    private static let epochMilliseconds: UInt64 = 1_767_225_600_000

    /// The number of a thing with an identifier, for example `SHP-00DXR3F6R0`.
    static func make(_ prefix: String, from identifier: Identifier) -> String {
        let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        let milliseconds = (identifier.high >> 16) &- epochMilliseconds
        let digits = milliseconds << 10 | (identifier.high & 0x3FF)
        return "\(prefix)-"
            + String(unsafeUninitializedCapacity: 10) { buffer in
                for place in 0..<10 {
                    buffer[place] = alphabet.utf8Start[Int(digits >> UInt64(45 - 5 * place) & 31)]
                }
                return 10
            }
    }

    /// Stores a thing under a number that is not taken, and returns the number.
    ///
    /// - parameter insert: stores it, and returns false when the number is taken.
    static func assign(
        _ prefix: String, from makeIdentifier: () -> Identifier, _ insert: (String) throws -> Bool
    ) throws -> String {
        for _ in 0..<attempts {
            let number = make(prefix, from: makeIdentifier())
            if try insert(number) { return number }
        }
        throw Failure.internal("\(attempts) numbers with the prefix \(prefix) were taken.")
    }
}
