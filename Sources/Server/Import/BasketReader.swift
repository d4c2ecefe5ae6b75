import Core

/// The items of a file in which each line is a basket, one after the other: the ids of what was taken together,
/// separated by commas, in their order.
struct BasketReader {
    /// What a row of it has.
    static let columns = ["user_id", "entity_id"]
    /// How many items a basket has at most.
    private static let itemLimit = 100_000

    private var records: CSVReader
    private var rest: ArraySlice<ImportRow> = []

    init(_ input: ImportInput) {
        records = CSVReader(fieldLimit: Self.itemLimit) { try input.next() }
    }

    /// The next item; nil at the end.
    mutating func next() throws -> ImportRow? {
        while rest.isEmpty {
            guard let record = try records.next() else { return nil }
            if let problem = record.problem {
                return ImportRow(line: record.line, values: .failure(RowProblem(problem)), fields: [])
            }
            rest = record.fields.map(\.trimmed).filter { !$0.isEmpty }.map { Self.row($0, of: record) }[...]
        }
        return rest.popFirst()
    }

    /// Nobody says whose a basket is, so it is of a user of its own.
    private static func row(_ item: String, of record: CSVReader.Record) -> ImportRow {
        let user = "basket-\(record.line)"
        return ImportRow(
            line: record.line, values: .success(["user_id": .string(user), "entity_id": .string(item)]),
            fields: [user, item])
    }
}
