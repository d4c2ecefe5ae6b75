public import Core

/// The row that a running query stands on. It is valid only within the closure that receives it.
///
/// Columns are counted from zero. A reader without `optional` expects a value that is not NULL; the schema promises it.
public struct Row {
    let source: any RowSource

    init(_ source: any RowSource) { self.source = source }

    /// Whether a column is NULL.
    public func isNull(_ column: Int) -> Bool { source.isNull(column) }

    /// A whole number.
    public func integer(_ column: Int) -> Int64 { source.integer(column) }

    /// A whole number as an `Int`.
    public func int(_ column: Int) -> Int { Int(source.integer(column)) }

    /// A floating-point number.
    public func real(_ column: Int) -> Double { source.real(column) }

    /// Text.
    public func text(_ column: Int) -> String {
        source.withBytes(column) { String(decoding: $0, as: UTF8.self) }
    }

    /// A flag that is stored as 0 or 1.
    public func bool(_ column: Int) -> Bool { source.integer(column) != 0 }

    /// Raw bytes, or the UTF-8 bytes of text.
    public func bytes(_ column: Int) -> [UInt8] { source.withBytes(column) { Array($0) } }

    /// Calls the closure with raw bytes, or the UTF-8 of text, without a copy. They are valid within the closure only.
    public func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> T) -> T {
        source.withBytes(column, body)
    }

    /// A moment.
    public func timestamp(_ column: Int) -> Timestamp { Timestamp(microseconds: source.integer(column)) }

    /// A rate.
    public func rate(_ column: Int) -> Rate { Rate(stored: source.integer(column)) }

    /// A place in the change log.
    public func position(_ column: Int) -> LogPosition { LogPosition(source.integer(column)) }

    /// An identifier.
    ///
    /// - throws: ``Failure`` `corrupt_row` when the stored bytes are no identifier.
    public func identifier(_ column: Int) throws -> Identifier {
        guard let identifier = source.withBytes(column, { Identifier(bytes: $0) }) else {
            throw Failure(.internal, code: "corrupt_row", "Column \(column) holds no identifier.")
        }
        return identifier
    }

    /// A currency.
    ///
    /// - throws: ``Failure`` `corrupt_row` when the stored text is no currency.
    public func currency(_ column: Int) throws -> Currency {
        guard let currency = Currency(text(column)) else {
            throw Failure(.internal, code: "corrupt_row", "Column \(column) holds no currency.")
        }
        return currency
    }

    /// One of the cases of an enumeration.
    ///
    /// - throws: ``Failure`` `corrupt_row` when the stored text is none of them.
    public func choice<T: RawRepresentable>(_ column: Int, _ type: T.Type) throws -> T where T.RawValue == String {
        let text = text(column)
        guard let choice = T(rawValue: text) else {
            throw Failure(.internal, code: "corrupt_row", "Column \(column) holds \(text), which is no \(T.self).")
        }
        return choice
    }

    /// A whole number, or nil for NULL.
    public func optionalInteger(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }

    /// Text, or nil for NULL.
    public func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

    /// Bytes, or nil for NULL.
    public func optionalBytes(_ column: Int) -> [UInt8]? { isNull(column) ? nil : bytes(column) }

    /// A moment, or nil for NULL.
    public func optionalTimestamp(_ column: Int) -> Timestamp? { isNull(column) ? nil : timestamp(column) }

    /// An identifier, or nil for NULL.
    public func optionalIdentifier(_ column: Int) throws -> Identifier? {
        isNull(column) ? nil : try identifier(column)
    }
}

/// What an engine gives of the row that a query stands on.
protocol RowSource {
    func isNull(_ column: Int) -> Bool
    func integer(_ column: Int) -> Int64
    func real(_ column: Int) -> Double
    func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> T) -> T
}
