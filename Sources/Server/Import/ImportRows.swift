import Core

/// How the rows of an import are written down.
public enum ImportFormat: String, CaseIterable, Sendable {
    /// Comma-separated values, with quotes where they are needed.
    case csv
    /// Tab-separated values, in which a quote is text like any other and no value has a tab or a line break.
    case tsv
    /// A JSON object in each line.
    case ndjson
    /// One JSON array of objects.
    case json

    /// The format by the end of a file's name; CSV for any other.
    public init(path: String) {
        let path = path.lowercased()
        if [".ndjson", ".jsonl"].contains(where: { path.hasSuffix($0) }) {
            self = .ndjson
        } else if path.hasSuffix(".json") {
            self = .json
        } else {
            self = [".tsv", ".tab"].contains(where: { path.hasSuffix($0) }) ? .tsv : .csv
        }
    }
}

/// One row of a file: its values by their columns, or what is wrong with it.
struct ImportRow: ImportedRow {
    /// The line that it begins on, from 1.
    let line: Int
    let values: Result<[String: JSONValue], RowProblem>
    /// The row as it stands in the file, for the file of rejected rows.
    let fields: [String]
}

/// The rows of a file, one after the other.
struct ImportRows {
    /// The columns, when a header names them.
    let columns: [String]?
    private var source: Source
    private let hasHeader: Bool

    /// What rows are read from.
    private enum Source {
        case records(CSVReader)
        /// Each record is one field, a JSON object.
        case lines(CSVReader)
        case array(JSONArrayReader)
        case baskets(BasketReader)
    }

    /// Begins to read a file; of one with columns its header, unless they are given.
    ///
    /// - throws: ``Failure`` `invalid_header` when there is none, or it names a column twice or not at all.
    init(_ input: ImportInput, _ format: ImportFormat, columns given: [String]? = nil) throws {
        switch format {
        case .csv, .tsv:
            var records =
                format == .csv
                ? CSVReader { try input.next() } : CSVReader(separator: "\t", quotes: false) { try input.next() }
            let header = try given ?? Self.header(&records, of: input.name)
            columns = try Self.checked(header, of: given == nil ? input.name : "The list of columns")
            source = .records(records)
            hasHeader = given == nil
        case .ndjson:
            // A control character separates nothing, so each line is one field; JSON never has it in its text.
            source = .lines(CSVReader(separator: "\u{1F}", quotes: false) { try input.next() })
            columns = nil
            hasHeader = false
        case .json:
            source = .array(JSONArrayReader(input))
            columns = nil
            hasHeader = false
        }
    }

    /// Begins to read a file of baskets.
    init(baskets input: ImportInput) {
        source = .baskets(BasketReader(input))
        columns = BasketReader.columns
        hasHeader = false
    }

    /// The next row, or nil at the end.
    mutating func next() throws -> ImportRow? {
        switch source {
        case .records(var records):
            defer { source = .records(records) }
            return try records.next().map { record in
                ImportRow(
                    line: record.line,
                    values: record.problem.map { .failure(RowProblem($0)) } ?? columnValues(record),
                    fields: record.fields)
            }
        case .lines(var records):
            defer { source = .lines(records) }
            return try records.next().map { record in
                let line = Array((record.fields.first ?? "").utf8)
                return ImportRow(
                    line: record.line,
                    values: record.problem.map { .failure(RowProblem($0)) } ?? Self.jsonValues(line, of: "line"),
                    fields: record.fields)
            }
        case .array(var elements):
            defer { source = .array(elements) }
            return try elements.next().map(Self.row)
        case .baskets(var baskets):
            defer { source = .baskets(baskets) }
            return try baskets.next()
        }
    }

    private static func row(_ element: JSONArrayReader.Element) -> ImportRow {
        guard let bytes = element.bytes else {
            let problem = RowProblem("the element has more than \(LineReader.lengthLimit) bytes")
            return ImportRow(line: element.line, values: .failure(problem), fields: [""])
        }
        return ImportRow(
            line: element.line, values: jsonValues(bytes, of: "element"),
            fields: [String(decoding: bytes, as: UTF8.self).trimmed])
    }

    private func columnValues(_ record: CSVReader.Record) -> Result<[String: JSONValue], RowProblem> {
        let columns = columns ?? []
        guard record.fields.count == columns.count else {
            return .failure(
                RowProblem(
                    "the row has \(record.fields.count) fields where the "
                        + "\(hasHeader ? "header" : "list of columns") has \(columns.count)"))
        }
        var values: [String: JSONValue] = [:]
        values.reserveCapacity(columns.count)
        for (column, field) in zip(columns, record.fields) { values[column] = .string(field) }
        return .success(values)
    }

    /// - parameter name: what the bytes are, for messages.
    private static func jsonValues(_ bytes: [UInt8], of name: String) -> Result<[String: JSONValue], RowProblem> {
        do {
            guard case .object(let object) = try JSONParser.parse(bytes) else {
                return .failure(RowProblem("the \(name) is no JSON object"))
            }
            return .success(Dictionary(object.members.map { ($0.name, $0.value) }) { first, _ in first })
        } catch {
            return .failure(RowProblem((error as? Failure)?.message ?? "\(error)"))
        }
    }

    private static func header(_ records: inout CSVReader, of name: String) throws -> [String] {
        guard let record = try records.next() else { throw wrongHeader(name, "is empty") }
        if let problem = record.problem { throw wrongHeader(name, "has a bad first line: \(problem)") }
        return record.fields
    }

    private static func checked(_ names: [String], of name: String) throws -> [String] {
        let columns = names.map(\.trimmed)
        var seen = Set<String>()
        for column in columns {
            guard !column.isEmpty else { throw wrongHeader(name, "has a column without a name") }
            guard seen.insert(column).inserted else { throw wrongHeader(name, "has the column \(column) twice") }
        }
        return columns
    }

    private static func wrongHeader(_ name: String, _ problem: String) -> Failure {
        Failure(
            .invalid, code: "invalid_header",
            "\(name) \(problem). It must name each column once: a file in its first line.")
    }
}
