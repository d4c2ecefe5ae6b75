import Core
import TestKit
import Testing

@testable import Search

@Suite struct PointKeyTests {
    @Test func bytesSortAsKeysDoAndReadBack() {
        var random = SeededRandom.fresh()
        var keys: [PointKey] = [.number(0), .number(255), .number(256), .number(.max)]
        keys += [.text(""), .text("a"), .text("é")]
        for _ in 0..<200 {
            keys.append(.number(UInt64.random(in: 0...(.max), using: &random)))
            keys.append(.uuid(Identifier(high: random.next(), low: random.next())))
            keys.append(.text(String(random.next(), radix: 36)))
        }
        let byBytes = keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        #expect(byBytes == keys.sorted(), "\(random)")
        #expect(keys.allSatisfy { PointKey(bytes: $0.bytes) == $0 }, "\(random)")
    }

    @Test(arguments: [[], [1], [1, 0, 0], [2, 5], [3, 0xFF], [9, 1]] as [[UInt8]])
    func otherBytesAreNoKey(_ bytes: [UInt8]) {
        #expect(PointKey(bytes: bytes) == nil)
    }

    @Test func uuidsAreReadInEachForm() {
        let uuid = Identifier("0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11")
        for text in [
            "0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11", "0197F2A46C1E7B3A9D105F2F6F0C9A11",
            "urn:uuid:0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11", "{0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11}",
        ] {
            #expect(PointKey(.string(text), .numberOrUUID) == uuid.map { .uuid($0) })
            #expect(PointKey(.string(text), .text) == .text(text))
        }
        #expect(PointKey(.string("mem_1"), .numberOrUUID) == nil)
        #expect(PointKey(.number("18446744073709551615"), .numberOrUUID) == .number(.max))
        #expect(PointKey(.number("1.0"), .numberOrUUID) == nil)
        #expect(PointKey(.number("1"), .text) == nil)
        #expect(PointKey(.string(""), .text) == nil)
    }

    /// The slices are what Qdrant's client says.
    @Test func slicesAreThoseOfQdrant() {
        #expect(SipHash.hash([]) == 0x1E92_4B9D_7377_00D7)
        for (number, slice) in [3, 2, 3, 3, 2, 2, 6, 6, 2, 6].enumerated() {
            #expect(PointSlice(index: Int64(slice), of: 7)?.contains(.number(UInt64(number))) == true)
        }
        let uuid = Identifier("0197f2a4-6c1e-7b3a-9d10-5f2f6f0c9a11").map { PointKey.uuid($0) }
        #expect(uuid.map { PointSlice(index: 826, of: 1000)?.contains($0) ?? false } == true)
        for number in 0..<100 as Range<UInt64> {
            let slices = (0..<4).compactMap { PointSlice(index: $0, of: 4) }
            #expect(slices.count { $0.contains(.number(number)) } == 1)
        }
        #expect(PointSlice(index: 4, of: 4) == nil)
        #expect(PointSlice(index: 0, of: 0) == nil)
    }
}
