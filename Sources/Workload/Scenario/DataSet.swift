/// Rows that requests are made of, such as the users of a shop. A request takes one row, whatever it takes of it.
public struct DataSet: Sendable, Equatable {
    /// Which row an iteration takes.
    public enum Order: String, Sendable, CaseIterable {
        /// Any of them, each as likely as another.
        case random
        /// One after the other, and then from the beginning.
        case sequential
    }

    /// What templates call it.
    public let name: String
    /// Which row is taken.
    public let order: Order
    /// The names of the columns.
    public let columns: [String]
    /// The rows; each has a value for every column.
    public let rows: [[String]]

    /// How many rows a set may have.
    public static let rowLimit = 1_000_000

    /// A set of rows; a row that is too short ends with empty values.
    public init(name: String, order: Order, columns: [String], rows: [[String]]) {
        self.name = name
        self.order = order
        self.columns = columns
        self.rows = rows.map { $0 + Array(repeating: "", count: max(0, columns.count - $0.count)) }
    }
}
