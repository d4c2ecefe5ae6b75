import ChangeLog
import Core
import Storage

/// What counts once.
struct Credit: Hashable, Sendable {
    let user: String
    let item: ItemKey
    /// The answer, as interactions name it.
    let recommendation: String
    let kind: String

    /// How many of a user's latest interactions with an item are looked at: one that comes after so many others counts
    /// again.
    static let lookback = 1_000

    /// What the table has that counts for the same as some interactions.
    static func counted(_ followed: [FollowedAnswer], in unit: UnitOfWork) throws -> Set<Credit> {
        let questions = Array(Set(followed.flatMap { one in one.alikeTypes.map { Question(followed: one, type: $0) } }))
        var found: Set<Credit> = []
        for start in stride(from: 0, to: questions.count, by: Question.chunk) {
            let part = questions[start..<min(start + Question.chunk, questions.count)]
            let numbers = try unit.transaction.rows(Question.query(part, of: unit.tenant)) { Int($0.integer(0)) }
            for number in numbers { found.formUnion(questions[number].followed.credits(of: questions[number].type)) }
        }
        return found
    }
}

/// Whether a user did something of a type with an item after an answer, and named it.
private struct Question: Hashable {
    let followed: FollowedAnswer
    let type: String

    /// How many are asked at once.
    static let chunk = 512

    /// The numbers of the questions to which the answer is yes.
    ///
    /// Each is one walk along an index that ends where something is found, so nothing else is read of what users did.
    /// The last one is repeated until their number is a power of two, since each number of them is a statement that is
    /// prepared and kept.
    static func query(_ questions: ArraySlice<Question>, of tenant: Tenant) -> SQL {
        var rows: [SQL] = zip(questions.indices, questions).map { $1.row($0) }
        let size = 1 << (Int.bitWidth - (rows.count - 1).leadingZeroBitCount)
        rows += repeatElement(rows[rows.count - 1], count: size - rows.count)
        var query: SQL = """
            WITH wanted (number, user_id, entity_type, entity_id, answer, since, named, custom) AS (VALUES \(rows[0])
            """
        for row in rows.dropFirst() { query += ", \(row)" }
        query += """
            ) SELECT w.number FROM wanted w WHERE EXISTS (
                SELECT 1 FROM (
                    SELECT x.recommendation_id, x.interaction_type FROM interactions x
                    WHERE x.tenant = \(tenant) AND x.user_id = w.user_id AND x.entity_type = w.entity_type
                        AND x.entity_id = w.entity_id AND x.interacted_at >= w.since
                    ORDER BY x.interacted_at DESC, x.id DESC LIMIT \(Credit.lookback)) AS latest
                WHERE latest.recommendation_id = w.answer
                    AND (latest.interaction_type = w.named OR latest.interaction_type = w.custom
                        OR w.named = '"rating"' AND latest.interaction_type LIKE '{"rating":%'))
            """
        return query
    }

    /// It with a number, as a row of a query.
    private func row(_ number: Int) -> SQL {
        let forms = [InteractionKind.named(type), .custom(type)].map { SQLValue.utf8(JSONWriter.bytes(of: $0)) }
        return """
            (CAST(\(number) AS BIGINT), \(followed.user), \(followed.item.type), \(followed.item.id), \
            \(followed.text), CAST(\(followed.start) AS BIGINT), \(forms[0]), \(forms[1]))
            """
    }
}
