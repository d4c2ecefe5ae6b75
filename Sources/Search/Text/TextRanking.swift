import CSQLite
import Core

/// The function `text_rank(terms)` of the full-text table: how well a row fits.
///
/// It is BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) with two
/// simplifications that make it five times as fast as the one that comes with SQLite. The rarity of words is left out:
/// every word must match, so it would say little. The length of a document comes from its row number,
/// where ``TextRowNumber`` has put it, and not from a table of lengths.
enum TextRanking {
    /// How soon more of the same word stops to matter (the k1 of BM25).
    private static let saturation = 1.2
    /// How much the length of a document matters (the b of BM25).
    private static let lengthInfluence = 0.75
    /// The factor of each length of ``TextRowNumber``, in the denominator of BM25.
    private static let lengthFactors: [Double] = (0...TextRowNumber.longest).map { length in
        saturation * (1 - lengthInfluence + lengthInfluence * Double(length) / TextRowNumber.typicalLength)
    }
    private static let weights = TextField.allCases.map(\.weight)

    /// Registers the function with a connection.
    static func register(_ handle: OpaquePointer) throws {
        guard let api = try fullTextAPI(handle) else {
            throw Failure(
                .unavailable, code: "full_text_missing",
                "This SQLite library is built without FTS5. Install one that has it, such as libsqlite3-0 of Debian.")
        }
        let code = api.pointee.xCreateFunction(
            api, "text_rank", nil,
            { extensionAPI, context, result, _, _ in
                guard let extensionAPI, let context else { return }
                sqlite3_result_double(result, TextRanking.score(extensionAPI, context))
            }, nil)
        guard code == SQLITE_OK else { throw Failure.internal("text_rank cannot be registered (\(code)).") }
    }

    private static func score(_ api: UnsafePointer<Fts5ExtensionApi>, _ context: OpaquePointer) -> Double {
        let lengthFactor = lengthFactors[TextRowNumber.length(of: api.pointee.xRowid(context))]
        var score = 0.0
        for phrase in 0..<api.pointee.xPhraseCount(context) {
            var iterator = Fts5PhraseIter()
            var column: Int32 = -1
            var offset: Int32 = -1
            var frequency = 0.0
            guard api.pointee.xPhraseFirst(context, phrase, &iterator, &column, &offset) == SQLITE_OK else { continue }
            while column >= 0 {
                frequency += weights[Int(column)]
                api.pointee.xPhraseNext(context, &iterator, &column, &offset)
            }
            score += frequency * (saturation + 1) / (frequency + lengthFactor)
        }
        return score
    }

    /// The way to the full-text engine of a connection, which hands its address to a query that asks for it.
    private static func fullTextAPI(_ handle: OpaquePointer) throws -> UnsafeMutablePointer<fts5_api>? {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, nil) == SQLITE_OK else { return nil }
        var api: UnsafeMutablePointer<fts5_api>?
        withUnsafeMutablePointer(to: &api) { place in
            _ = sqlite3_bind_pointer(statement, 1, place, "fts5_api_ptr", nil)
            _ = sqlite3_step(statement)
        }
        return api
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
}
