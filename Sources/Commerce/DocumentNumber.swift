import Core

/// Short numbers that people read aloud: a prefix and eight characters without the letters I, L, O and U.
///
/// The alphabet is Crockford's base 32. Forty random bits make a repetition rare, and a unique index makes it harmless:
/// whoever stores a number that is taken tries ``attempts`` times.
enum DocumentNumber {
    /// How many numbers are tried before it is a failure. Ten in a row that are taken do not happen by chance.
    static let attempts = 10

    /// A number from the random end of an identifier.
    static func make(_ prefix: String, from identifier: Identifier) -> String {
        let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        var text = prefix + "-"
        for digit in 0..<8 {
            let index = Int(identifier.low >> UInt64(5 * digit) & 31)
            text.unicodeScalars.append(Unicode.Scalar(alphabet.utf8Start[index]))
        }
        return text
    }

    /// Stores a thing under a number that is not taken.
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
