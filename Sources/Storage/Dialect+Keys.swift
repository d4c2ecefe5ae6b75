/// How a query is asked for each of some keys: in the common dialect these stand in braces (`\(each:)` of ``SQL``).
extension Dialect {
    private static let marker = "= {each "

    /// A statement in the form in which the engine looks up the keys in braces one by one.
    func lookingUpEachKey(_ text: String) -> String {
        var text = text
        while let marker = text.firstRange(of: Self.marker), let end = text[marker.upperBound...].firstIndex(of: "}") {
            let keys = text[marker.upperBound..<end]
            switch self {
            case .sqlite: text.replaceSubrange(marker.lowerBound...end, with: "IN (\(keys))")
            case .postgres: text = Self.inSubquery(text, marker.lowerBound...end, keys)
            }
        }
        return text
    }

    /// As long as PostgreSQL has no statistics of a table, it takes the first column of a key, such as the tenant, for
    /// one that leaves a row of two hundred. For a list of keys it would read all rows with that column and pass over
    /// those that are not in the list, and it keeps a plan made for a small table while the table grows. So the query
    /// runs once for each key, as a subquery that `OFFSET 0` keeps the planner from dissolving. Keys ascend, so that
    /// those who lock their rows do not wait in a circle.
    private static func inSubquery(
        _ text: String, _ condition: ClosedRange<String.Index>, _ keys: Substring
    ) -> String {
        let query = query(around: condition, in: text)
        let (before, after) = (text[..<condition.lowerBound], text[condition.upperBound...].dropFirst())
        let rows = keys.split(separator: ", ").map { "(\($0))" }.joined(separator: ", ")
        return text[..<query.lowerBound] + """
            SELECT of_key.* FROM \
            (SELECT DISTINCT value FROM (VALUES \(rows)) AS all_keys (value) ORDER BY value) AS each_key \
            CROSS JOIN LATERAL (\(before[query.lowerBound...])= each_key.value\(after[..<query.upperBound]) OFFSET 0) \
            AS of_key
            """ + text[query.upperBound...]
    }

    /// The innermost query that a condition belongs to, up to the parenthesis that ends it.
    private static func query(around condition: ClosedRange<String.Index>, in text: String) -> Range<String.Index> {
        var depth = 0
        // Parentheses within the query that the condition stands in.
        var around = 0
        let start = text[..<condition.lowerBound].indices.last { index in
            switch text[index] {
            case ")": depth += 1
            case "(" where depth > 0: depth -= 1
            case "(": around += 1
            default: return depth == 0 && text[index...].hasPrefix("SELECT ")
            }
            return false
        }
        depth = 0
        let end = text[condition.upperBound...].indices.first { index in
            switch text[index] {
            case "(": depth += 1
            case ")" where depth > 0: depth -= 1
            case ")" where around > 0: around -= 1
            case ")": return true
            default: break
            }
            return false
        }
        return (start ?? text.startIndex)..<(end ?? text.endIndex)
    }
}
