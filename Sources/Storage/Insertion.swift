/// An insertion into a table that is written often: its text is made once for each number of rows.
public struct Insertion: Sendable {
    /// How many rows one statement inserts at most.
    public static let rowLimit = 32

    /// The texts for one row, for two, and so on.
    private let texts: [String]
    let table: String
    /// How many values a row has.
    let columnCount: Int
    /// Whether a key that is taken makes the write run again.
    let hasNewKeys: Bool

    /// - parameters:
    ///   - columns: the names of the columns, separated by commas.
    ///   - ending: what stands after the rows, such as `ON CONFLICT …`. It has no values.
    ///   - hasNewKeys: whether closures make up the keys anew each time that they run, or look anew which of them are
    ///     there: when one of them is taken, an engine on another machine undoes the whole write and runs it again.
    public init(into table: StaticString, _ columns: SQL, ending: SQL = "", hasNewKeys: Bool = false) {
        let columnCount = columns.text.split(separator: ",").count
        let row = "(" + String(repeating: "?, ", count: columnCount - 1) + "?)"
        texts = (1...Self.rowLimit).map { count in
            "INSERT INTO \(table) (\(columns.text)) VALUES " + String(repeating: row + ", ", count: count - 1) + row
                + " " + ending.text
        }
        self.table = "\(table)"
        self.columnCount = columnCount
        self.hasNewKeys = hasNewKeys
    }

    /// The statement that inserts rows.
    ///
    /// - parameter values: the values of 1 to ``rowLimit`` rows, one row after the other.
    public func statement(_ values: [SQLValue]) -> SQL {
        // With another number of values the statement has too few places or too many, which the engine refuses.
        let rows = min(max(values.count / columnCount, 1), Self.rowLimit)
        return SQL(text: texts[rows - 1], values: values)
    }

    /// The statements that insert rows, as many at once as one statement takes.
    ///
    /// - parameter values: the values of the rows, one row after the other.
    public func statements(_ values: [SQLValue]) -> [SQL] {
        stride(from: 0, to: values.count, by: Self.rowLimit * columnCount).map { start in
            statement(Array(values[start..<min(start + Self.rowLimit * columnCount, values.count)]))
        }
    }

    /// The statements that insert rows whose number is a power of two each, with the number of rows: so that many
    /// numbers of rows need few texts.
    func statementsOfFewTexts(_ values: [SQLValue]) -> [(sql: SQL, rows: Int)] {
        var statements: [(SQL, Int)] = []
        var start = 0
        var size = Self.rowLimit
        while start < values.count {
            let count = size * columnCount
            if values.count - start >= count || size == 1 {
                let end = min(start + count, values.count)
                statements.append((statement(Array(values[start..<end])), size))
                start = end
            } else {
                size /= 2
            }
        }
        return statements
    }

    /// Whether another one has the same text.
    func isSame(as other: Insertion) -> Bool { texts[0] == other.texts[0] }
}
