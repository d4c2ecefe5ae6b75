import CPostgres
import Core

/// The answer to one statement, with all its rows.
///
/// Nothing changes it after it was made, so it may pass from the thread that received it to the one that reads it.
final class PostgresResult: @unchecked Sendable {
    fileprivate let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    var status: ExecStatusType { PQresultStatus(pointer) }

    /// How many rows it has.
    var rowCount: Int { Int(PQntuples(pointer)) }

    /// How many rows the statement inserted, updated or deleted.
    var changedCount: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// Calls a closure with each row until it returns false.
    func forEachRow(_ body: (Row) throws -> Bool) throws {
        let row = PostgresRow(self)
        for index in 0..<rowCount {
            row.index = Int32(index)
            if try !body(Row(row)) { return }
        }
    }

    /// The first column of all rows.
    var integers: [Int64] {
        let row = PostgresRow(self)
        return (0..<rowCount).map { index in
            row.index = Int32(index)
            return row.integer(0)
        }
    }

    /// The five characters that say what failed (PostgreSQL's Appendix A), or none.
    var state: String { field("C") ?? "" }

    /// The name of the constraint that a statement would have broken.
    var constraint: String? { field("n") }

    var message: String { field("M") ?? String(cString: PQresultErrorMessage(pointer)) }

    /// A field of a failure by its letter in the protocol.
    private func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(code.value)).map { String(cString: $0) }
    }
}

/// The row of a result that is being looked at.
final class PostgresRow: RowSource {
    private let result: PostgresResult
    fileprivate(set) var index: Int32 = 0

    init(_ result: PostgresResult) {
        self.result = result
    }

    func isNull(_ column: Int) -> Bool { PQgetisnull(result.pointer, index, Int32(column)) == 1 }

    func integer(_ column: Int) -> Int64 {
        withBytes(column) { bytes in
            switch PQftype(result.pointer, Int32(column)) {
            case PostgresType.int8, PostgresType.xid8: Int64(truncatingIfNeeded: Self.word(bytes))
            case PostgresType.int4: Int64(Int32(truncatingIfNeeded: Self.word(bytes)))
            case PostgresType.int2: Int64(Int16(truncatingIfNeeded: Self.word(bytes)))
            case PostgresType.bool: bytes.first == 1 ? 1 : 0
            case PostgresType.numeric: PostgresNumeric.integer(bytes)
            case PostgresType.float8: Int64(Double(bitPattern: Self.word(bytes)))
            default: 0
            }
        }
    }

    func real(_ column: Int) -> Double {
        switch PQftype(result.pointer, Int32(column)) {
        case PostgresType.float8: withBytes(column) { Double(bitPattern: Self.word($0)) }
        case PostgresType.float4:
            withBytes(column) { Double(Float(bitPattern: UInt32(truncatingIfNeeded: Self.word($0)))) }
        default: Double(integer(column))
        }
    }

    func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> T) -> T {
        let length = Int(PQgetlength(result.pointer, index, Int32(column)))
        return body(
            UnsafeRawBufferPointer(start: PQgetvalue(result.pointer, index, Int32(column)), count: length))
    }

    /// The bytes of a number, the most significant first.
    private static func word(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// The binary form of `numeric`, which sums of BIGINT have: groups of four decimal digits.
enum PostgresNumeric {
    /// The whole part, or 0 for what is no number. Sums of our columns fit.
    static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        guard bytes.count >= 8 else { return 0 }
        let count = Int(half(bytes, 0))
        let weight = Int(Int16(bitPattern: half(bytes, 2)))
        let isNegative = half(bytes, 4) == 0x4000
        guard weight >= 0, bytes.count >= 8 + 2 * count else { return 0 }
        var value: Int64 = 0
        for group in 0...weight {
            let digits = group < count ? Int64(half(bytes, 8 + 2 * group)) : 0
            value = value &* 10_000 &+ digits
        }
        return isNegative ? -value : value
    }

    private static func half(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt16 {
        UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
    }
}
