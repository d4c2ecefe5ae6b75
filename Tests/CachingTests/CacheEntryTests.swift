import Core
import NIOCore
import TestKit
import Testing

@testable import Caching

/// What stands in Redis reads back, and anything else is nothing.
@Suite struct CacheEntryTests {
    private let entry = CacheEntry(
        image: CachedImage(json: Array(#"{"id":"ä"}"#.utf8), version: 7), readAt: LogPosition(1_042))

    @Test func anEntryReadsBack() {
        #expect(CacheEntry(entry.bytes) == entry)
        let list = CacheEntry(image: CachedImage(json: [], version: nil), readAt: .start)
        #expect(CacheEntry(list.bytes) == list)
    }

    /// The form is a promise to other instances: a change of it needs another number.
    @Test func theFormIsFixed() {
        let small = CacheEntry(image: CachedImage(json: [0x7B, 0x7D], version: 3), readAt: LogPosition(258))
        #expect(
            Array(small.bytes.readableBytesView) == [
                0x4D, 0x52, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0x7B, 0x7D,
            ])
    }

    @Test func anythingElseIsNothing() {
        var random = SeededRandom.fresh()
        let whole = Array(entry.bytes.readableBytesView)
        for count in 0..<whole.count { #expect(CacheEntry(ByteBuffer(bytes: whole[..<count])) == nil) }
        #expect(CacheEntry(ByteBuffer(bytes: whole + [0])) == nil)
        for place in [0, 1, 2, 4, 12] {
            var bytes = whole
            bytes[place] ^= 0x80
            #expect(CacheEntry(ByteBuffer(bytes: bytes)) == nil, "byte \(place)")
        }
        for _ in 1...2_000 {
            let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            #expect(CacheEntry(ByteBuffer(bytes: bytes)) == nil, "\(random)")
        }
    }
}
