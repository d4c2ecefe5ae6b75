import Telemetry

/// A statement as PostgreSQL takes it: with numbered places, and a name under which a connection has prepared it.
struct PostgresStatement {
    let name: String
    /// The text with `$1`, `$2` … in place of question marks.
    let text: String
    let placeCount: Int
    let duration: Histogram

    init(_ sql: SQL, name: String, duration: Histogram) {
        self.name = name
        self.duration = duration
        let numbered = Self.numbered(sql.text)
        text = Dialect.postgres.lookingUpEachKey(numbered.text)
        placeCount = numbered.count
    }

    /// Replaces each question mark with the next number, and tells how many there are.
    static func numbered(_ text: String) -> (text: String, count: Int) {
        var numbered = ""
        numbered.reserveCapacity(text.utf8.count + 64)
        var count = 0
        for part in text.split(separator: "?", omittingEmptySubsequences: false) {
            if count > 0 { numbered += "$\(count)" }
            numbered += part
            count += 1
        }
        return (numbered, count - 1)
    }
}
