import Core

/// Whole numbers of as few bytes as they need: seven bits in each, the lowest first, and the eighth says whether more
/// follow.
enum Varint {
    static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// Reads such numbers, and nothing beyond their end.
struct VarintReader {
    private let memory: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { memory = bytes }

    var isAtEnd: Bool { offset == memory.count }

    @inline(__always)
    mutating func next() throws -> UInt64 {
        guard offset < memory.count else { throw Self.damaged }
        let byte = memory[offset]
        offset += 1
        return byte < 0x80 ? UInt64(byte) : try rest(of: UInt64(byte & 0x7F))
    }

    /// A part of the bytes.
    @inline(__always)
    mutating func bytes(_ count: UInt64) throws -> UnsafeRawBufferPointer {
        guard count <= UInt64(memory.count - offset) else { throw Self.damaged }
        defer { offset += Int(count) }
        return UnsafeRawBufferPointer(rebasing: memory[offset..<(offset + Int(count))])
    }

    private mutating func rest(of low: UInt64) throws -> UInt64 {
        var value = low
        var shift: UInt64 = 7
        while offset < memory.count, shift < 64 {
            let byte = memory[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Self.damaged
    }

    private static var damaged: Failure {
        Failure(.internal, code: "storage_corrupt", "The index file is damaged: a list of documents is no list.")
    }
}
