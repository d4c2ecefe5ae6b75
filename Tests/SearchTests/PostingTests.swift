import Core
import TestKit
import Testing

@testable import Search

/// The lists of words: what is written into their blocks is what is read, whatever comes and goes.
@Suite struct PostingTests {
    private static func read(_ block: PostingBlock) throws -> [Int64: [UInt8]] {
        try block.entries.withUnsafeBytes { bytes in
            var reader = PostingReader(bytes, first: block.first)
            var read: [Int64: [UInt8]] = [:]
            while let entry = try reader.next() { read[entry.number] = Array(entry.places) }
            return read
        }
    }

    @Test func aBlockHoldsWhatWasPutIntoIt() throws {
        var block = PostingBlock(300, [1])
        var expected: [Int64: [UInt8]] = [300: [1]]
        for number: Int64 in [301, 5_000, 1 << 40] {
            let isAppended = block.append(number, [UInt8](repeating: 7, count: Int(number % 200)))
            #expect(isAppended)
            expected[number] = [UInt8](repeating: 7, count: Int(number % 200))
        }
        #expect(try Self.read(block) == expected)
        for number: Int64 in [5_000, 300, 1 << 40] {
            block = try #require(try block.removing(number))
            expected[number] = nil
            #expect(try Self.read(block) == expected)
            #expect(block.first == expected.keys.min() && block.last == expected.keys.max())
        }
        #expect(try block.removing(301) == nil)
    }

    @Test func blocksAreJoinedWhileThereIsRoom() throws {
        var left = PostingBlock(1, [1, 2])
        let isJoined = left.append(PostingBlock(1_000, [3]))
        #expect(isJoined)
        #expect(try Self.read(left) == [1: [1, 2], 1_000: [3]])
        #expect(left.last == 1_000)
        let long = [UInt8](repeating: 0, count: PostingBlock.sizeLimit)
        let isLongJoined = left.append(PostingBlock(2_000, long))
        let isLongAppended = left.append(2_000, long)
        #expect(!isLongJoined && !isLongAppended)
        #expect(try Self.read(left).count == 2)
    }

    @Test func placesAreReadAsTheyWereWritten() throws {
        var writer = PlaceWriter()
        let places = [(0, 0), (0, 1), (1, 0), (1, 70), (3, 5), (3, 900_000)]
        for (field, place) in places { writer.append(place, in: field) }
        try writer.bytes.withUnsafeBytes { bytes in
            var reader = PlaceReader(bytes)
            for (field, place) in places {
                let read = try reader.next()
                #expect(read == place && reader.field == field)
            }
            let end = try reader.next()
            #expect(end == nil)
        }
    }

    @Test func damagedBlocksAreRefused() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...24, using: &random)
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let block = PostingBlock(first: Int64.random(in: .min ... .max, using: &random), last: 0, entries: bytes)
            do {
                _ = try Self.read(block)
                try bytes.withUnsafeBytes { bytes in
                    var places = PlaceReader(bytes)
                    while try places.next() != nil {}
                }
            } catch let failure as Failure {
                #expect(failure.code == "storage_corrupt", "seed \(seed)")
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }

    @Test func searchesFindWhatALookAtEveryDocumentFinds() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        let words = ["red", "redder", "blue", "lamp", "lamps", "shade"]
        let fixture = try await SearchFixture()
        var titles: [UInt64: [String]] = [:]
        // So many that most lists have several blocks, and so much coming and going that blocks are emptied and joined.
        for step in 0..<12 {
            var upserts: [TextDocument] = []
            for number in UInt64(1)...600 where Int.random(in: 0..<3, using: &random) == 0 {
                let title = (0..<4).map { _ in words[Int.random(in: 0..<words.count, using: &random)] }
                titles[number] = title
                upserts.append(SearchFixture.document(number, title.joined(separator: " ")))
            }
            let named = Set(upserts.map(\.key.id.low))
            let gone = titles.keys.filter { !named.contains($0) && $0 % 12 == UInt64(step) }
            for number in gone { titles[number] = nil }
            try await fixture.index.apply(
                upserts: upserts, deletions: gone.map { SearchFixture.document($0, "").key },
                upTo: LogPosition(Int64(step + 2)))
            for first in words {
                for second in words {
                    try await Self.expect(fixture, titles, first, second, "seed \(seed), step \(step)")
                }
            }
        }
    }

    /// Holds a search for both words, for the phrase of them and for the second as a beginning against the titles.
    private static func expect(
        _ fixture: SearchFixture, _ titles: [UInt64: [String]], _ first: String, _ second: String, _ place: Comment
    ) async throws {
        func count(_ isFound: ([String]) -> Bool) -> Int { min(100, titles.values.count { isFound($0) }) }
        func found(_ text: String) async throws -> [UInt64] { try await fixture.search(text, limit: 100) }
        let both = try await found("\(first) \"\(second)\" ")
        #expect(both.count == count { $0.contains(first) && $0.contains(second) }, place)
        for number in both { #expect(titles[number].map { $0.contains(first) && $0.contains(second) } == true, place) }
        let phrase = try await found("\"\(first) \(second)\" ")
        let hasPhrase = { (title: [String]) in zip(title, title.dropFirst()).contains { $0 == (first, second) } }
        #expect(phrase.count == count(hasPhrase), place)
        for number in phrase { #expect(titles[number].map(hasPhrase) == true, place) }
        let begun = try await found("\(first) \(second)")
        let hasBegun = { (title: [String]) in title.contains(first) && title.contains { $0.hasPrefix(second) } }
        #expect(begun.count == count(hasBegun), place)
        for number in begun { #expect(titles[number].map(hasBegun) == true, place) }
    }
}
