import Core

/// A statement of the common dialect with its values, written as an interpolated string.
///
/// Each interpolated value becomes a bound parameter, so a value can never be read as SQL:
///
///     let sql: SQL = "SELECT name FROM products WHERE tenant = \(tenant) AND id = \(id)"
///
/// The text may contain no question mark of its own.
public struct SQL: Sendable, Equatable {
    /// The text with a `?` for each value.
    public private(set) var text: String
    /// The values in the order of their question marks.
    public private(set) var values: [SQLValue]

    /// A text of our own code with as many values as it has question marks.
    init(text: String, values: [SQLValue]) {
        self.text = text
        self.values = values
    }

    /// Adds a fragment at the end.
    public static func += (left: inout SQL, right: SQL) {
        left.text += right.text
        left.values += right.values
    }

    /// Two fragments, one after the other.
    public static func + (left: SQL, right: SQL) -> SQL {
        var sum = left
        sum += right
        return sum
    }
}

extension SQL: ExpressibleByStringInterpolation {
    /// A statement without values. The compiler calls this with a literal of the source; nothing else may.
    public init(stringLiteral text: String) {
        self.text = text
        values = []
    }

    public init(stringInterpolation interpolation: StringInterpolation) {
        text = interpolation.text
        values = interpolation.values
    }

    /// Gathers the text and the values of an interpolated statement.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text: String
        fileprivate var values: [SQLValue]

        public init(literalCapacity: Int, interpolationCount: Int) {
            text = ""
            text.reserveCapacity(literalCapacity + interpolationCount)
            values = []
            values.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// Binds a value.
        public mutating func appendInterpolation(_ value: some SQLBindable) {
            text += "?"
            values.append(value.sqlValue)
        }

        /// Binds a value that may be missing, as NULL then.
        public mutating func appendInterpolation(_ value: (some SQLBindable)?) {
            text += "?"
            values.append(value.sqlValue)
        }

        /// Binds each value of a list, separated by commas, for `IN (…)`. An empty list matches nothing.
        public mutating func appendInterpolation(list: some Collection<some SQLBindable>) {
            guard !list.isEmpty else {
                text += "NULL"
                return
            }
            text += String(repeating: "?, ", count: list.count - 1) + "?"
            for value in list { values.append(value.sqlValue) }
        }

        /// Binds each value of a list after `column =`: the query is asked for each of them, as by as many statements,
        /// and PostgreSQL looks each of them up in an index whose last column this is, whatever it knows of the table.
        ///
        /// A value that stands there twice counts once. What the query says of order, groups and limits holds for the
        /// rows of one value, and in which order the values come is not said. It belongs to a `SELECT` without `UNION`.
        ///
        /// The last value is repeated until their number is a power of two: each number of values is a statement that
        /// is prepared and kept, so lists of up to a thousand have eleven of them instead of a thousand.
        public mutating func appendInterpolation(each keys: some Collection<some SQLBindable>) {
            guard keys.count > 1 else { return appendInterpolation(list: keys) }
            let size = 1 << (Int.bitWidth - (keys.count - 1).leadingZeroBitCount)
            text += "{each " + String(repeating: "?, ", count: size - 1) + "?}"
            for key in keys { values.append(key.sqlValue) }
            values += repeatElement(values[values.count - 1], count: size - keys.count)
        }

        /// Inserts another fragment with its values.
        public mutating func appendInterpolation(_ fragment: SQL) {
            text += fragment.text
            values += fragment.values
        }
    }
}
