/// An insertion into a table that is written often: its text is made once for each number of rows.
public struct Insertion: Sendable {
    /// How many rows one statement inserts at most.
    public static let rowLimit = 32

    /// The texts for one row, for two, and so on.
    private let texts: [String]
    /// How many values a row has.
    private let columnCount: Int

    /// - parameters:
    ///   - columns: the names of the columns, separated by commas.
    ///   - ending: what stands after the rows, such as `ON CONFLICT …`. It has no values.
    public init(into table: StaticString, _ columns: SQL, ending: SQL = "") {
        let columnCount = columns.text.split(separator: ",").count
        let row = "(" + String(repeating: "?, ", count: columnCount - 1) + "?)"
        texts = (1...Self.rowLimit).map { count in
            "INSERT INTO \(table) (\(columns.text)) VALUES " + String(repeating: row + ", ", count: count - 1) + row
                + " " + ending.text
        }
        self.columnCount = columnCount
    }

    /// The statement that inserts rows.
    ///
    /// - parameter values: the values of 1 to ``rowLimit`` rows, one row after the other.
    public func statement(_ values: [SQLValue]) -> SQL {
        // With another number of values the statement has too few places or too many, which the engine refuses.
        let rows = min(max(values.count / columnCount, 1), Self.rowLimit)
        return SQL(text: texts[rows - 1], values: values)
    }

    /// The statements that insert things, as many at once as one statement takes.
    ///
    /// - parameter row: the values of one thing in the order of the columns.
    public func statements<T>(_ things: [T], row: (T) -> [SQLValue]) -> [SQL] {
        stride(from: 0, to: things.count, by: Self.rowLimit).map { start in
            let part = things[start..<min(start + Self.rowLimit, things.count)]
            var values: [SQLValue] = []
            values.reserveCapacity(part.count * columnCount)
            for thing in part { values += row(thing) }
            return statement(values)
        }
    }
}
