public import Core

/// The name of a schema of a PostgreSQL database, or nothing for the one that the server uses by itself.
///
/// It means the same with and without quotes, so that whoever looks at the tables by hand need not think of any.
public struct SchemaName: SettingValue, Equatable {
    /// The name; empty for none.
    public let text: String

    /// How many bytes PostgreSQL keeps of a name.
    private static let limit = 63

    public static var kind: String {
        "the name of a schema: lower-case letters, digits and underscores, \(limit) at most, no digit first, not pg_…"
    }

    public init?(text: String) {
        let bytes = Array(text.utf8)
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let isMadeOfThese = bytes.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "_") }
        // PostgreSQL keeps names that begin so for itself.
        guard bytes.count <= Self.limit, isMadeOfThese, !text.hasPrefix("pg_"),
            bytes.first.map({ !digits.contains($0) }) ?? true
        else { return nil }
        self.text = text
    }

    private init(known text: String) { self.text = text }

    /// The schema that the server uses by itself: the first of its `search_path` that there is, mostly `public`.
    public static let ofServer = SchemaName(known: "")
    /// The schema that Millrace has in a database that belongs to others.
    public static let millrace = SchemaName(known: "millrace")

    public static func < (left: SchemaName, right: SchemaName) -> Bool { left.text < right.text }
}
