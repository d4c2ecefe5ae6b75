/// Rows of texts in columns of one width each.
struct TextTable {
    /// The lines of the table, the titles first.
    let lines: [String]

    /// - parameter rows: each with as many texts as there are titles. The first column stands on the left, numbers on
    ///   the right.
    init(_ titles: [String], _ rows: [[String]]) {
        let all = [titles] + rows
        let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        lines = all.map { row in
            row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + padding : padding + text
            }.joined(separator: "  ")
        }
    }
}
