import Foundation

/// What becomes of each character before words are compared: lower case, without diacritics; or the end of a word.
enum CharacterFolding {
    /// A character that belongs to no word.
    static let separator: UInt32 = 0
    /// A mark that goes away.
    static let nothing: UInt32 = 1

    /// What a character becomes.
    static func fold(_ scalar: Unicode.Scalar) -> UInt32 {
        let value = scalar.value
        if value < UInt32(table.count) { return table[Int(value)] }
        return compute(scalar)
    }

    /// The folding of every character of the scripts that have letters with diacritics.
    private static let table: [UInt32] = (0..<UInt32(0x2100)).map { value in
        Unicode.Scalar(value).map(compute) ?? separator
    }

    private static func compute(_ scalar: Unicode.Scalar) -> UInt32 {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            return letter(scalar)
        // Marks of other scripts carry vowels, without which their words would be confused.
        case .nonspacingMark, .spacingMark, .enclosingMark: return isDiacritic(scalar) ? nothing : scalar.value
        default: return separator
        }
    }

    /// A letter or digit: the first scalar of its decomposition when all others are diacritics, in lower case.
    private static func letter(_ scalar: Unicode.Scalar) -> UInt32 {
        let decomposed = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
        let hasDiacritics = decomposed.count > 1 && decomposed.dropFirst().allSatisfy(isDiacritic)
        let base = hasDiacritics ? decomposed.first ?? scalar : scalar
        return base.properties.lowercaseMapping.unicodeScalars.first?.value ?? base.value
    }

    /// Whether a mark is one of those that stand above and below letters of the Latin, Greek and Cyrillic scripts.
    private static func isDiacritic(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0300...0x036F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: true
        default: false
        }
    }
}
