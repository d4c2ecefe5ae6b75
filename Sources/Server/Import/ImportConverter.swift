import Core

/// Turns rows of texts into the JSON that the bulk routes take.
struct ImportConverter: Sendable {
    /// The JSON of a row, and how many of its values were rounded.
    struct Draft {
        var members: JSONObject
        var rounded = 0
    }

    let mapping: ImportMapping
    /// What stands before every path and is not part of the JSON: `items.` for lines.
    var prefix = ""

    /// The JSON of a row.
    ///
    /// - parameter currency: the currency of its amounts when neither a column nor a constant names one.
    /// - throws: ``RowProblem`` that names the column and what would be right.
    func draft(of row: [String: JSONValue], currency: Currency? = nil) throws -> Draft {
        var tree = DraftTree()
        var rounded = 0
        let currency = self.currency(of: row) ?? currency
        for rule in mapping.constants {
            let reading = try read(rule.column, as: rule, currency)
            tree.set(reading.value, at: path(rule))
        }
        for rule in mapping.rules {
            guard let value = row[rule.column], value != .null else { continue }
            guard let text = value.importText else {
                tree.set(value, at: path(rule))
                continue
            }
            guard !text.isEmpty else { continue }
            let reading = try read(text, as: rule, currency)
            if reading.isRounded { rounded += 1 }
            tree.set(reading.value, at: path(rule))
        }
        if let names = unmappedMembers(row) { for name in names { tree.set(row[name] ?? .null, at: [name]) } }
        return Draft(members: tree.object, rounded: rounded)
    }

    /// The currency that the row names.
    func currency(of row: [String: JSONValue]) -> Currency? {
        let named = mapping.rules.first { $0.path == "currency" }.flatMap { row[$0.column]?.importText }
        let constant = mapping.constants.first { $0.path == "currency" }?.column
        return (named ?? constant).flatMap { Currency($0) }
    }

    /// Rows without a header, such as NDJSON, carry what nobody mapped under its own name.
    private func unmappedMembers(_ row: [String: JSONValue]) -> [String]? {
        guard mapping.isOpen else { return nil }
        let mapped = Set(mapping.rules.map(\.column))
        return row.keys.filter { !mapped.contains($0) }.sorted()
    }

    private func path(_ rule: ImportMapping.Rule) -> [String] {
        rule.path.dropFirst(prefix.count).split(separator: ".", maxSplits: 1).map(String.init)
    }

    private func read(
        _ text: String, as rule: ImportMapping.Rule, _ currency: Currency?
    ) throws -> (value: JSONValue, isRounded: Bool) {
        func wrong(_ expected: String) -> RowProblem {
            RowProblem("\(rule.path): \"\(text.prefix(80))\" is not \(expected)")
        }
        switch rule.form {
        case .text: return (.string(text), false)
        case .integer:
            guard let number = Decimal(text)?.exactly(digits: 0) else { throw wrong("a whole number") }
            return (.integer(number), false)
        case .money:
            guard let decimal = Decimal(text) else { throw wrong("an amount, such as 9.80") }
            // How many decimals an amount may have only its currency tells.
            guard let currency else { return (.string(text), false) }
            guard let minor = decimal.rounded(digits: currency.digits),
                let money = try? Money(minorUnits: minor, currency: currency)
            else { throw wrong("an amount of at most ten trillion") }
            return (.string(money.description), decimal.scale > currency.digits)
        case .rate:
            guard let decimal = Decimal(text), let parts = decimal.rounded(digits: 6), (0...Rate.limit).contains(parts)
            else { throw wrong("a fraction, such as 0.15") }
            return (.string(Rate(stored: parts).description), decimal.scale > 6)
        case .flag:
            guard let flag = Self.flags[text.lowercased()] else { throw wrong("true or false") }
            return (.bool(flag != rule.isInverted), false)
        case .time:
            guard let moment = Timestamp(text) ?? Timestamp(text + "Z") else {
                throw wrong("a date or time, such as 1996-07-04 or 1996-07-04T10:00:00Z")
            }
            return (.string(moment.description), false)
        case .list:
            let words = text.split { $0 == ";" || $0 == "," }
            return (Self.list(words), false)
        case .parts: return (Self.list(text.split(separator: "|")), false)
        case .number:
            guard let number = Double(text), number.isFinite else { throw wrong("a number, such as 0.75") }
            return (.number("\(number)"), false)
        case .textOrObject where !text.hasPrefix("{"): return (.string(text), false)
        case .object, .textOrObject:
            guard let value = try? JSONParser.parse(Array(text.utf8)), case .object = value else {
                throw wrong("a JSON object, such as {\"born\": 1815}")
            }
            return (value, false)
        case .unixSeconds, .unixMilliseconds:
            guard let moment = Self.moment(text, digits: rule.form == .unixSeconds ? 6 : 3) else {
                throw wrong("a number since 1970")
            }
            return (.string(moment.description), false)
        }
    }

    /// A moment from a number of units since 1970, of which each has so many decimals of microseconds.
    private static func moment(_ text: String, digits: Int) -> Timestamp? {
        guard let microseconds = Decimal(text)?.rounded(digits: digits) else { return nil }
        let moment = Timestamp(microseconds: microseconds)
        return (Timestamp.earliest...Timestamp.latest).contains(moment) ? moment : nil
    }

    private static func list(_ words: [Substring]) -> JSONValue {
        .array(words.map { .string($0.trimmed) }.filter { $0 != .string("") })
    }

    private static let flags = [
        "true": true, "t": true, "yes": true, "y": true, "1": true,
        "false": false, "f": false, "no": false, "n": false, "0": false,
    ]
}

/// Why a row is not written.
struct RowProblem: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

extension JSONValue {
    /// The value as a column of a table has it, or nil for what is no single value.
    var importText: String? {
        switch self {
        case .string(let text): text.trimmed
        case .number(let text): text
        case .bool(let flag): flag.description
        case .null, .array, .object: nil
        }
    }
}

extension StringProtocol {
    /// The text without white space around it.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}

/// An object under construction, whose members may be objects themselves.
private struct DraftTree {
    private var names: [String] = []
    private var values: [String: JSONValue] = [:]
    private var objects: [String: DraftTree] = [:]

    /// Puts a value at a path. A list that is there already is extended.
    mutating func set(_ value: JSONValue, at path: [String]) {
        guard let name = path.first else { return }
        if values[name] == nil, objects[name] == nil { names.append(name) }
        if path.count > 1 {
            objects[name, default: DraftTree()].set(value, at: Array(path.dropFirst()))
        } else if case .array(let more) = value, case .array(let list)? = values[name] {
            values[name] = .array(list + more)
        } else {
            values[name] = value
        }
    }

    var object: JSONObject {
        JSONObject(
            names.map { name in
                JSONObject.Member(name, objects[name].map { .object($0.object) } ?? values[name] ?? .null)
            })
    }
}
