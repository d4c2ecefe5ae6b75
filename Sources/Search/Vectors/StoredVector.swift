/// How vectors stand in tables: four bytes for each component, the least significant byte first.
public enum StoredVector {
    /// Adds what stands in a table for some components.
    public static func append(_ components: [Float], to bytes: inout [UInt8]) {
        #if _endian(little)
            components.withUnsafeBytes { bytes.append(contentsOf: $0) }
        #else
            for component in components {
                withUnsafeBytes(of: component.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
        #endif
    }

    /// The components that bytes of a table stand for; what is left of the last four is passed over.
    public static func components(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        let count = bytes.count / 4
        #if _endian(little)
            return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                let whole = UnsafeRawBufferPointer(rebasing: bytes.prefix(4 * count))
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: whole)
                initialized = count
            }
        #else
            return (0..<count).map { index in
                let bits = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        #endif
    }
}
