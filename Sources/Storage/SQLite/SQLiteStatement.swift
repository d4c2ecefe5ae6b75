import CSQLite
import Core
import Telemetry

/// A prepared statement of one connection, and the row that it stands on.
final class SQLiteStatement: RowSource {
    let handle: OpaquePointer
    let duration: Histogram
    /// How many values it takes.
    let valueCount: Int
    /// Whether a query is stepping through it. A second query with the same text then needs a statement of its own.
    var isBusy = false
    /// The texts and blobs that are bound.
    private var copies = BoundCopies()

    init(handle: OpaquePointer, duration: Histogram) {
        self.handle = handle
        self.duration = duration
        valueCount = Int(sqlite3_bind_parameter_count(handle))
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Tells SQLite to copy what is bound.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    /// Tells SQLite that what is bound stays where it is.
    private static let kept: sqlite3_destructor_type? = nil

    /// Binds values to the places of the statement, which must not be stepping.
    func bind(_ values: [SQLValue]) {
        copies.beginAnew()
        for (offset, value) in values.enumerated() {
            let index = Int32(offset + 1)
            switch value {
            case .null: sqlite3_bind_null(handle, index)
            case .integer(let number): sqlite3_bind_int64(handle, index, number)
            case .real(let number): sqlite3_bind_double(handle, index, number)
            case .text(var text), .inferred(var text):
                text.withUTF8 { bind(text: UnsafeRawBufferPointer($0), at: index) }
            case .utf8(let bytes): bytes.withUnsafeBytes { bind(text: $0, at: index) }
            case .bytes(let bytes): bytes.withUnsafeBytes { bind(blob: $0, at: index) }
            case .identifier(let identifier):
                withUnsafeBytes(of: identifier.bytes) { bind(blob: $0, at: index) }
            }
        }
    }

    private func bind(text: UnsafeRawBufferPointer, at index: Int32) {
        let copy = copies.add(text)
        let start = (copy ?? text.baseAddress ?? UnsafeRawPointer(Self.nothing)).assumingMemoryBound(to: CChar.self)
        sqlite3_bind_text(handle, index, start, Int32(text.count), copy == nil ? Self.copied : Self.kept)
    }

    private func bind(blob: UnsafeRawBufferPointer, at index: Int32) {
        let copy = copies.add(blob)
        let start = copy ?? blob.baseAddress ?? UnsafeRawPointer(Self.nothing)
        sqlite3_bind_blob(handle, index, start, Int32(blob.count), copy == nil ? Self.copied : Self.kept)
    }

    /// Where empty text and empty blobs start: a null pointer would bind NULL.
    nonisolated(unsafe) private static let nothing: UnsafeMutablePointer<CChar> = {
        let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        byte.initialize(to: 0)
        return byte
    }()

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

    func integer(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

    func real(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }

    func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> T) -> T {
        // The pointer first: asking for the length before it may convert the value and move it.
        let start = sqlite3_column_blob(handle, Int32(column))
        return body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column)))))
    }
}
