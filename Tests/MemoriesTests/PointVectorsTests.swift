import Core
import Search
import Testing

@testable import Memories

@Suite struct PointVectorsTests {
    private let definitions = [VectorDefinition(name: "a", size: 2), VectorDefinition(name: "b", size: 1)]

    @Test func bytesAreReadBack() throws {
        var vectors = PointVectors()
        vectors.set([3], at: 1)
        vectors.set([1, -2.5], at: 0)
        let bytes = vectors.bytes
        #expect(bytes == [0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0, 1, 0, 0, 0, 0x40, 0x40])
        #expect(try bytes.withUnsafeBytes { try PointVectors($0, of: definitions) } == vectors)
        vectors.remove(at: 0)
        #expect(vectors[0] == nil && vectors[1] == [3])
    }

    @Test func otherBytesAreRefused() throws {
        let bytes: [UInt8] = [0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0]
        for count in 1..<bytes.count {
            #expect(throws: Failure.self, "\(count)") {
                try bytes.prefix(count).withUnsafeBytes { try PointVectors($0, of: definitions) }
            }
        }
        #expect(throws: Failure.self) { try [9, 0, 0, 0].withUnsafeBytes { try PointVectors($0, of: definitions) } }
    }
}
