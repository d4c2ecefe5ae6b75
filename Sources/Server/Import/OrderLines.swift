import Core

/// The lines of orders from a file of their own, gathered by the value of the column that joins the two files.
struct OrderLines {
    /// One line of an order, as the orders' bulk route takes it, or what is wrong with it.
    struct Line {
        let number: Int
        let values: Result<[String: JSONValue], RowProblem>
        let fields: [String]
    }

    /// How many lines a file may have; they are held in memory until their orders come.
    static let limit = 4_000_000

    /// The file's name.
    let name: String
    /// The column in both files whose value joins them.
    let column: String
    /// The columns that nobody asked for.
    let ignoredColumns: [String]
    private let converter: ImportConverter
    private var lines: [String: [Line]] = [:]
    private var keys: [String] = []

    /// Reads a file of lines.
    ///
    /// - parameter join: the column that joins it with the orders; nil for its first.
    init(_ input: ImportInput, join: String?, maps: [String], constants: [String]) throws {
        name = input.name
        var rows = try ImportRows(input, .csv)
        let columns = rows.columns ?? []
        let column = join ?? columns.first ?? ""
        guard columns.contains(column) else {
            throw Failure(
                .invalid, code: "invalid_join",
                "\(name) has no column \(column) to join its lines with orders. Name one with --join.")
        }
        self.column = column
        let mapping = try ImportMapping(
            .orders, maps: maps, constants: constants, columns: columns.filter { $0 != column }, prefix: "items.")
        converter = ImportConverter(mapping: mapping, prefix: "items.")
        ignoredColumns = mapping.ignoredColumns
        var count = 0
        while let row = try rows.next() {
            count += 1
            guard count <= Self.limit else {
                throw Failure(
                    .invalid, code: "too_many_lines",
                    "\(name) has more than \(Self.limit) lines. Split both files and import them part by part.")
            }
            let key = (try? row.values.get())?[column]?.importText ?? ""
            if lines[key] == nil { keys.append(key) }
            lines[key, default: []].append(.init(number: row.line, values: row.values, fields: row.fields))
        }
    }

    /// Takes the lines of an order.
    ///
    /// - throws: ``RowProblem`` that names the line in its file.
    mutating func take(_ key: String, currency: Currency?) throws -> (lines: [JSONObject], rounded: Int) {
        var rounded = 0
        let drafts = try (lines.removeValue(forKey: key) ?? []).map { line in
            do {
                var draft = try converter.draft(of: line.values.get(), currency: currency)
                try draft.members.applyDiscountRate(currency)
                rounded += draft.rounded
                return draft.members
            } catch let problem as RowProblem {
                throw RowProblem("\(name) line \(line.number): \(problem.reason)")
            }
        }
        return (drafts, rounded)
    }

    /// The lines whose orders did not come, in the order of the file.
    var rest: [(key: String, line: Line)] {
        keys.flatMap { key in (lines[key] ?? []).map { (key, $0) } }
    }
}

extension JSONObject {
    /// Puts the amount in the place of a discount that is given as a fraction of price times quantity.
    ///
    /// - throws: ``RowProblem`` when the line names no price or quantity, or nothing names the currency.
    mutating func applyDiscountRate(_ currency: Currency?) throws {
        guard case .string(let text)? = self["discount_rate"], let rate = Rate(text) else { return }
        guard let currency else {
            throw RowProblem("items.discount_rate needs the currency of the order; --set currency=USD says it for all")
        }
        guard let price = self["unit_price"]?.importText.flatMap({ Money($0, currency: currency) }),
            let quantity = self["quantity"]?.importText.flatMap({ Int64($0) })
        else { throw RowProblem("items.discount_rate needs items.unit_price and items.quantity") }
        guard let amount = try? price.multiplied(by: quantity).multiplied(by: rate) else {
            throw RowProblem("the line's amount is larger than ten trillion")
        }
        var kept = members.filter { $0.name != "discount_rate" && $0.name != "discount_amount" }
        if amount.minorUnits > 0 { kept.append(.init("discount_amount", .string(amount.description))) }
        self = JSONObject(kept)
    }
}
