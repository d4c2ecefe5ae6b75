public import Core

/// A value on its way into a statement.
public enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    /// Text that is read as whatever type its place in the statement has: a number for a column of numbers.
    case inferred(String)
    /// Text that is at hand as UTF-8 bytes, such as JSON that was just written.
    case utf8([UInt8])
    case bytes([UInt8])
    case identifier(Identifier)
}

/// A type whose values can be bound to a statement.
public protocol SQLBindable {
    /// The value as the database takes it.
    var sqlValue: SQLValue { get }
}

extension SQLValue: SQLBindable {
    public var sqlValue: SQLValue { self }
}

extension Optional: SQLBindable where Wrapped: SQLBindable {
    /// A value that is missing is stored as NULL.
    public var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

extension Int: SQLBindable {
    public var sqlValue: SQLValue { .integer(Int64(self)) }
}

extension Int64: SQLBindable {
    public var sqlValue: SQLValue { .integer(self) }
}

extension Double: SQLBindable {
    public var sqlValue: SQLValue { .real(self) }
}

extension Bool: SQLBindable {
    /// Stored as 0 or 1 on every engine.
    public var sqlValue: SQLValue { .integer(self ? 1 : 0) }
}

extension String: SQLBindable {
    public var sqlValue: SQLValue { .text(self) }
}

extension Identifier: SQLBindable {
    public var sqlValue: SQLValue { .identifier(self) }
}

extension Timestamp: SQLBindable {
    /// Stored as microseconds since the epoch.
    public var sqlValue: SQLValue { .integer(microseconds) }
}

extension Tenant: SQLBindable {
    public var sqlValue: SQLValue { .integer(number) }
}

extension LogPosition: SQLBindable {
    public var sqlValue: SQLValue { .integer(value) }
}

extension Rate: SQLBindable {
    /// Stored as parts per million.
    public var sqlValue: SQLValue { .integer(partsPerMillion) }
}

extension Currency: SQLBindable {
    public var sqlValue: SQLValue { .text(code) }
}
