import Core
public import Learning
import Recommendations

/// What users did, as a file says it, for an evaluation of recommendations.
public struct InteractionFile: Sendable {
    /// How it is written down.
    public enum Form: Sendable {
        /// An interaction a row: CSV, TSV or NDJSON by the end of the name, with the columns `user` and `item`, and
        /// `type` and `timestamp` where they are known. Without times the rows are in the order of time.
        case table
        /// What one user chose in one visit a line, separated by commas, in the order of time.
        case baskets
    }

    /// What each user or basket has, in the order of time.
    public private(set) var rows: [[HistoryEntry]] = []
    /// How many interactions there are.
    public private(set) var interactionCount = 0
    /// The columns that say nothing here.
    public private(set) var unusedColumns: [String] = []
    /// How many items there are.
    public var itemCount: Int { items.count }

    private var users: [String: Int] = [:]
    /// The numbers of the items by their names.
    private(set) var items: [String: Int32] = [:]

    /// Reads a file.
    ///
    /// - throws: ``Failure`` `file_unreadable`, `invalid_header`, or `invalid_file` with the line of what is wrong.
    public init(_ path: String, _ form: Form) throws {
        let input = try ImportInput(path)
        if path.hasSuffix(".gz") {
            throw Failure(
                .invalid, code: "invalid_file",
                "\(path) is packed. Unpack it, or send it to standard input: "
                    + "zcat \(path) | millrace recommend evaluate -")
        }
        switch form {
        case .table: try readTable(input, ImportFormat(path: path))
        case .baskets: try readBaskets(input)
        }
    }

    private mutating func readBaskets(_ input: ImportInput) throws {
        var lines = LineReader(input)
        while let line = try lines.next() {
            guard let bytes = line.bytes, let text = String(validating: bytes, as: UTF8.self) else {
                throw Self.wrong(input, line.number, "the line is too long, or has bytes that are not UTF-8")
            }
            let names = text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
            let time = Self.moment(line.number)
            rows.append(names.map { HistoryEntry(item: number(of: $0), time: time) })
            interactionCount += names.count
        }
    }

    private mutating func readTable(_ input: ImportInput, _ format: ImportFormat) throws {
        var reader = try ImportRows(input, format)
        if let columns = reader.columns {
            for column in [InteractionColumn.user, .item] where Set(columns).isDisjoint(with: column.names) {
                throw Failure(
                    .invalid, code: "invalid_header",
                    "\(input.name) has no column \(column.rawValue). Name one so in its first line, or give --baskets "
                        + "when each line is a list of items.")
            }
            unusedColumns = columns.filter { name in !InteractionColumn.allCases.contains { $0.names.contains(name) } }
        }
        while let row = try reader.next() {
            let problem: RowProblem? =
                switch row.values {
                case .failure(let problem): problem
                case .success(let values): add(values, line: row.line)
                }
            if let problem { throw Self.wrong(input, row.line, problem.reason) }
        }
        for index in rows.indices {
            rows[index] = rows[index].enumerated().sorted {
                ($0.element.time ?? .earliest, $0.offset) < ($1.element.time ?? .earliest, $1.offset)
            }.map(\.element)
        }
    }

    /// Adds an interaction.
    ///
    /// - returns: what is wrong with it; nil when nothing is.
    private mutating func add(_ values: [String: JSONValue], line: Int) -> RowProblem? {
        guard let user = InteractionColumn.user.text(in: values) else { return RowProblem("the user is missing") }
        guard let item = InteractionColumn.item.text(in: values) else { return RowProblem("the item is missing") }
        let time: Timestamp
        if let text = InteractionColumn.timestamp.text(in: values) {
            guard let read = Self.timestamp(text) else {
                return RowProblem("\(text) is no time: expected are 2026-11-21T09:30:00Z, or seconds since 1970")
            }
            time = read
            timedCount += 1
        } else {
            time = Self.moment(line)
        }
        guard timedCount == 0 || timedCount == interactionCount + 1 else {
            return RowProblem("times stand in some rows alone: give one in each, or in none")
        }
        let weight = InteractionKind.named(InteractionColumn.type.text(in: values) ?? "").defaultWeight
        let place = users[user] ?? users.count
        if place == rows.count {
            users[user] = place
            rows.append([])
        }
        rows[place].append(HistoryEntry(item: number(of: item), weight: Float(weight), time: time))
        interactionCount += 1
        return nil
    }

    /// How many rows have a time.
    private var timedCount = 0

    private mutating func number(of item: String) -> Int32 {
        let number = items[item] ?? Int32(items.count)
        items[item] = number
        return number
    }

    /// A moment for what has none: what stands later is later, and all is so close that nobody seems to come back.
    private static func moment(_ line: Int) -> Timestamp { Timestamp(microseconds: Int64(line)) }

    private static func timestamp(_ text: String) -> Timestamp? {
        guard let seconds = Double(text) else { return Timestamp(text) }
        let range = Double(Timestamp.earliest.microseconds)...Double(Timestamp.latest.microseconds)
        let microseconds = (seconds * 1_000_000).rounded()
        return range.contains(microseconds) ? Timestamp(microseconds: Int64(microseconds)) : nil
    }

    private static func wrong(_ input: ImportInput, _ line: Int, _ reason: String) -> Failure {
        Failure(.invalid, code: "invalid_file", "\(input.name), line \(line): \(reason).")
    }
}

/// What a row says, and what its column may be called.
enum InteractionColumn: String, CaseIterable {
    case user, item, type, timestamp

    var names: [String] {
        switch self {
        case .user: ["user", "user_id"]
        case .item: ["item", "item_id", "entity_id"]
        case .type: ["type", "interaction_type"]
        case .timestamp: ["timestamp", "time"]
        }
    }

    func text(in values: [String: JSONValue]) -> String? {
        names.lazy.compactMap { values[$0]?.importText?.trimmed }.first { !$0.isEmpty }
    }
}
