import CPostgres
import Core

/// The values of a statement in PostgreSQL's binary format, in memory that is used again each time.
struct PostgresParameters {
    private var bytes: [UInt8] = []
    /// Where each value starts in ``bytes``, or nil for NULL.
    private var starts: [Int?] = []
    private var types: [Oid] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    /// The type that a value is sent as; 0 lets the server find it out.
    static func type(of value: SQLValue) -> Oid {
        switch value {
        case .null: 0
        case .integer: PostgresType.int8
        case .real: PostgresType.float8
        case .text, .utf8: PostgresType.text
        case .inferred: PostgresType.unspecified
        case .bytes: PostgresType.bytea
        case .identifier: PostgresType.uuid
        }
    }

    /// Writes values down and calls the closure with them as libpq takes them. They are valid within the closure.
    mutating func bind(
        _ values: [SQLValue],
        _ body: (
            Int32, UnsafePointer<Oid>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
            UnsafePointer<Int32>?
        ) -> Int32
    ) -> Int32 {
        bytes.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
        for value in values { add(value) }
        // A value of no bytes at the end starts where the memory ends.
        bytes.append(0)
        return bytes.withUnsafeBufferPointer { memory in
            let pointers = starts.map { start in
                start.flatMap { start in
                    memory.baseAddress.map { UnsafeRawPointer($0 + start).assumingMemoryBound(to: CChar.self) }
                }
            }
            return body(Int32(values.count), types, pointers, lengths, formats)
        }
    }

    private mutating func add(_ value: SQLValue) {
        let start = bytes.count
        var isNull = false
        switch value {
        case .null: isNull = true
        case .integer(let number): append(UInt64(bitPattern: number))
        case .real(let number): append(number.bitPattern)
        case .text(let text): bytes.append(contentsOf: text.utf8)
        case .inferred(let text):
            // What is sent as text ends at its first zero; PostgreSQL has no text with one inside.
            bytes.append(contentsOf: text.utf8.map { $0 == 0 ? UInt8(ascii: " ") : $0 })
            bytes.append(0)
        case .utf8(let text): bytes.append(contentsOf: text)
        case .bytes(let content): bytes.append(contentsOf: content)
        case .identifier(let identifier):
            withUnsafeBytes(of: identifier.bytes) { bytes.append(contentsOf: $0) }
        }
        starts.append(isNull ? nil : start)
        types.append(Self.type(of: value))
        lengths.append(Int32(bytes.count - start))
        if case .inferred = value { formats.append(0) } else { formats.append(1) }
    }

    private mutating func append(_ number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

/// The identifiers of PostgreSQL's types, as its catalogue has them (`pg_type.dat`).
enum PostgresType {
    static let unspecified: Oid = 0
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let float4: Oid = 700
    static let float8: Oid = 701
    static let numeric: Oid = 1700
    static let uuid: Oid = 2950
    static let xid8: Oid = 5069
}
