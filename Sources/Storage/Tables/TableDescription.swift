/// A table as the catalogue of its database describes it, for work that goes over every table whatever it holds.
public struct TableDescription: Sendable, Equatable {
    /// What kind of values a column has.
    public enum ColumnType: Sendable, Equatable {
        case integer
        case text
        case bytes
        case identifier
        /// A type that the common dialect does not have, by the name that the engine gives it.
        case other(String)
    }

    /// A column.
    public struct Column: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// What kind of values it has.
        public let type: ColumnType

        /// A column.
        public init(_ name: String, _ type: ColumnType) {
            self.name = name
            self.type = type
        }
    }

    /// Its name.
    public let name: String
    /// Its columns in their order, without those that the engine computes.
    public let columns: [Column]
    /// The names of the columns of its primary key in their order; empty when it has none.
    public let key: [String]
    /// The tables that its foreign keys refer to.
    public let parents: Set<String>

    /// A table.
    public init(_ name: String, columns: [Column], key: [String], parents: Set<String> = []) {
        self.name = name
        self.columns = columns
        self.key = key
        self.parents = parents
    }

    /// What its rows are sorted by: the primary key, or all columns where there is none.
    public var order: [String] { key.isEmpty ? columns.map(\.name) : key }
}

extension TableDescription {
    /// A name as SQL takes it.
    static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }

    /// The names of all columns, separated by commas.
    var columnList: String { columns.map { Self.quoted($0.name) }.joined(separator: ", ") }

    /// The names that the rows are sorted by, separated by commas.
    ///
    /// - parameter suffix: what stands after each, such as ` DESC`.
    func orderList(_ suffix: String = "") -> String {
        order.map { Self.quoted($0) + suffix }.joined(separator: ", ")
    }

    /// Where the columns stand that the rows are sorted by.
    var orderPlaces: [Int] {
        order.compactMap { name in columns.firstIndex { $0.name == name } }
    }
}
