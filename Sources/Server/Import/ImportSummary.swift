/// What became of an import.
public struct ImportSummary: Sendable, Equatable {
    /// How many rows the file has.
    public internal(set) var read = 0
    /// How many are there now as the file says.
    public internal(set) var written = 0
    /// How many were there already.
    public internal(set) var unchanged = 0
    /// How many of the written were not there before; nil where that is not told.
    public internal(set) var created: Int?
    /// How many were not acceptable.
    public internal(set) var rejected = 0
    /// How many values had more decimals than fit and were rounded.
    public internal(set) var rounded = 0
    /// The columns that nobody asked for.
    public internal(set) var ignoredColumns: [String] = []

    /// The summary for people.
    public var text: String {
        let before = created.map { "\($0) of them new" } ?? "\(unchanged) unchanged"
        var lines = ["\(read) rows read, \(written) written, \(before), \(rejected) rejected"]
        if rounded > 0 { lines.append("\(rounded) values rounded to the decimals of their currency or rate") }
        if !ignoredColumns.isEmpty {
            lines.append("columns not imported: \(ignoredColumns.joined(separator: ", ")); --map takes them")
        }
        return lines.joined(separator: "\n")
    }
}

/// How far an import is.
public struct ImportProgress: Sendable {
    /// The rows read so far.
    public let rows: Int
    /// The bytes read so far.
    public let bytes: Int64
    /// The bytes of the file, when that is known.
    public let totalBytes: Int64?
}
