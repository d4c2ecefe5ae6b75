import Core

/// Reads what a ``ModelWriter`` wrote, and believes none of it.
struct ModelReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { place == bytes.count }

    static func failure(_ what: String) -> Failure {
        Failure(
            .internal, code: "model_unreadable",
            "The bytes of a model are not as they were written: \(what). Train it again.")
    }

    mutating func number<Number: BitwiseCopyable>(_: Number.Type = Number.self) throws -> Number {
        let size = MemoryLayout<Number>.size
        guard bytes.count - place >= size else { throw Self.failure("they end too early") }
        defer { place += size }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Number.self) }
    }

    /// A list, of so many numbers if that is known.
    mutating func numbers<Number: BitwiseCopyable>(
        _: Number.Type = Number.self, count expected: Int? = nil
    ) throws -> [Number] {
        let count = try number(UInt64.self)
        let stride = MemoryLayout<Number>.stride
        guard count <= UInt64((bytes.count - place) / stride) else { throw Self.failure("they end too early") }
        guard expected.map({ count == UInt64($0) }) ?? true else { throw Self.failure("a list has another length") }
        defer { place += Int(count) * stride }
        return bytes.withUnsafeBytes { source in
            [Number](unsafeUninitializedCapacity: Int(count)) { target, filled in
                UnsafeMutableRawBufferPointer(target).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[place..<place + Int(count) * stride]))
                filled = Int(count)
            }
        }
    }

    /// A list of numbers that are finite and, if that is asked for, not less than 0.
    mutating func floats(count: Int, isNegativeAllowed: Bool = true) throws -> [Float] {
        let values = try numbers(Float.self, count: count)
        guard values.allSatisfy({ $0.isFinite && (isNegativeAllowed || $0 >= 0) }) else {
            throw Self.failure("a number makes no sense")
        }
        return values
    }
}
