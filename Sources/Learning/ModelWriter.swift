/// Writes numbers and lists of numbers one after the other, as they stand in memory.
struct ModelWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append<Number: BitwiseCopyable>(_ number: Number) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }

    mutating func append<Number: BitwiseCopyable>(_ numbers: [Number]) {
        append(UInt64(numbers.count))
        numbers.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}
