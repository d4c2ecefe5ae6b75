/// How well a document fits a query.
///
/// It is BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) with two
/// simplifications. The rarity of words is left out: every word must match, so it would say little. The length of a
/// document comes from its row number, where ``TextRowNumber`` has put it, and not from a table of lengths.
enum TextRanking {
    /// How soon more of the same word stops to matter (the k1 of BM25).
    private static let saturation = 1.2
    /// How much the length of a document matters (the b of BM25).
    private static let lengthInfluence = 0.75
    /// The factor of each length of ``TextRowNumber``, in the denominator of BM25.
    private static let lengthFactors: [Double] = (0...TextRowNumber.longest).map { length in
        saturation * (1 - lengthInfluence + lengthInfluence * Double(length) / TextRowNumber.typicalLength)
    }

    /// How many times a word counts in the field of an index within ``TextField``: of the places in the file, so no
    /// more than four.
    @inline(__always)
    static func weight(_ field: Int) -> Int {
        switch field {
        case 0: 8
        case 1: 6
        case 2: 3
        default: 1
        }
    }

    /// What a word or phrase adds to the score of a document in which its places have a weight together.
    @inline(__always)
    static func score(of number: Int64, weight: Int) -> Double {
        let weight = Double(weight)
        return weight * (saturation + 1) / (weight + lengthFactors[TextRowNumber.length(of: number)])
    }
}

/// The row number of a document: ascending, and with what ranking and filtering need of it in its lowest bits, so that
/// neither looks at another table.
enum TextRowNumber {
    /// The longest length that is told apart from longer ones.
    static let longest = 127
    /// The length of a document that is neither short nor long: four words of title and twenty more.
    static let typicalLength = 10.0
    /// The bit that says whether a document is active.
    static let activeBit: Int64 = 1
    /// How many bits the length and the flag take.
    static let featureBits: Int64 = 8

    /// The row number of a document that comes after others.
    ///
    /// - parameter words: how many words each field has.
    static func make(sequence: Int64, words: [TextField: Int], isActive: Bool) -> Int64 {
        // A word of the title counts four times, so that a short title wins over a long one with the same words.
        let length = min(longest, words.reduce(0) { $0 + $1.value * ($1.key == .title ? 4 : 1) } / 4)
        return sequence << featureBits | Int64(length) << 1 | (isActive ? activeBit : 0)
    }

    /// The length that a row number carries.
    static func length(of number: Int64) -> Int { Int(number >> 1) & longest }

    /// Whether a row number is that of an active document.
    static func isActive(_ number: Int64) -> Bool { number & activeBit != 0 }
}
