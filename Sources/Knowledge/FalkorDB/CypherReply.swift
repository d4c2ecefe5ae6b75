import Caching
import Core

/// The rows that a query has given.
struct CypherReply: Sendable {
    let rows: [[CypherValue]]

    /// Reads the compact form of an answer: the columns, the rows, and figures; of a change without rows the figures.
    ///
    /// - throws: ``Failure`` when the server refuses the query, or the answer is none.
    init(_ reply: RESPValue) throws(Failure) {
        if case .error(let text) = reply { throw .falkorDB(text) }
        guard case .array(let parts) = reply else { throw Self.unreadable }
        guard parts.count > 1 else {
            rows = []
            return
        }
        guard case .array(let rows) = parts[1] else { throw Self.unreadable }
        var read: [[CypherValue]] = []
        read.reserveCapacity(rows.count)
        for row in rows {
            guard case .array(let cells) = row else { throw Self.unreadable }
            var values: [CypherValue] = []
            for cell in cells { values.append(try Self.value(cell)) }
            read.append(values)
        }
        self.rows = read
    }

    /// Reads a value: what kind it is, and the value ("Result set structure" of FalkorDB's documentation).
    private static func value(_ cell: RESPValue) throws(Failure) -> CypherValue {
        guard case .array(let parts) = cell, parts.count == 2, case .integer(let kind) = parts[0] else {
            throw unreadable
        }
        switch (kind, parts[1]) {
        case (1, _): return .null
        case (2, let value):
            guard let text = value.text else { throw unreadable }
            return .text(text)
        case (3, .integer(let value)): return .integer(value)
        case (4, let value): return .bool(value.text == "true")
        case (5, let value): return .number(try number(value))
        case (6, .array(let elements)):
            var values: [CypherValue] = []
            values.reserveCapacity(elements.count)
            for element in elements { values.append(try self.value(element)) }
            return .list(values)
        case (12, .array(let components)):
            var vector: [Float] = []
            for component in components { vector.append(Float(try number(component))) }
            return .vector(vector)
        default: throw unreadable
        }
    }

    private static func number(_ value: RESPValue) throws(Failure) -> Double {
        if case .integer(let integer) = value { return Double(integer) }
        guard let number = value.text.flatMap(Double.init) else { throw unreadable }
        return number
    }

    private static var unreadable: Failure { .falkorDB("its answer cannot be read") }
}

extension CypherReply {
    /// The texts of a column of keys.
    func keys(_ column: Int = 0) -> [String] { rows.map { $0.key(column) } }
}

extension [CypherValue] {
    /// The text of a key.
    func key(_ place: Int) -> String {
        guard place < count, case .text(let key) = self[place] else { return "" }
        return CypherKey.decode(key)
    }

    /// A number of either kind.
    func number(_ place: Int) -> Double {
        guard place < count else { return 0 }
        return switch self[place] {
        case .number(let number): number
        case .integer(let integer): Double(integer)
        default: 0
        }
    }

    /// The elements of a list.
    func list(_ place: Int) -> [CypherValue] {
        guard place < count, case .list(let values) = self[place] else { return [] }
        return values
    }
}
