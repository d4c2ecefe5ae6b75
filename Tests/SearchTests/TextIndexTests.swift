import Core
import Foundation
import Logging
import Search
import Storage
import Telemetry
import TestKit
import Testing

/// The index as derived state: fed by batches, thrown away and made anew.
@Suite struct TextIndexTests {
    private static let lamp = SearchFixture.document(1, "lamp")
    private static let chair = SearchFixture.document(2, "chair")

    @Test func aNewIndexHasToBeMadeFirst() async throws {
        let fixture = try await SearchFixture(isBuilt: false)
        #expect(try await fixture.index.position() == nil)
        #expect(!fixture.index.isReady)
        let failure = await #expect(throws: Failure.self) { try await fixture.search("lamp") }
        #expect(failure?.code == "index_not_ready" && failure?.kind == .unavailable)
        try await fixture.build([Self.lamp, Self.chair], asOf: 7)
        #expect(try await fixture.index.position() == LogPosition(7))
        #expect(try await fixture.search("lamp") == [1])
    }

    @Test func upsertsAndDeletionsTakeEffectWithThePosition() async throws {
        let fixture = try await SearchFixture([Self.lamp, Self.chair])
        let index = fixture.index
        try await index.apply(
            upserts: [SearchFixture.document(1, "candle", tags: "light"), SearchFixture.document(3, "table")],
            deletions: [Self.chair.key], upTo: LogPosition(9))
        #expect(try await index.position() == LogPosition(9))
        #expect(try await fixture.search("lamp").isEmpty)
        #expect(try await fixture.search("chair").isEmpty)
        #expect(try await fixture.search("light") == [1])
        #expect(try await fixture.search("table") == [3])
        // What is applied again changes nothing.
        try await index.apply(
            upserts: [SearchFixture.document(1, "candle", tags: "light")], deletions: [Self.chair.key],
            upTo: LogPosition(9))
        #expect(try await fixture.search("candle") == [1])
    }

    @Test func theIndexEqualsItsDocumentsAfterRandomChanges() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        let words = ["red", "blue", "lamp", "chair", "table", "night", "wood"]
        let fixture = try await SearchFixture()
        var expected: [UInt64: Set<String>] = [:]
        for step in 0..<60 {
            var upserts: [UInt64: TextDocument] = [:]
            for _ in 0..<8 {
                let number = UInt64.random(in: 1...25, using: &random)
                let chosen = (0..<3).map { _ in words[Int.random(in: 0..<words.count, using: &random)] }
                upserts[number] = SearchFixture.document(number, chosen.joined(separator: " "))
                expected[number] = Set(chosen)
            }
            let gone = UInt64.random(in: 1...25, using: &random)
            upserts[gone] = nil
            expected[gone] = nil
            try await fixture.index.apply(
                upserts: Array(upserts.values), deletions: [SearchFixture.document(gone, "").key],
                upTo: LogPosition(Int64(step)))
        }
        for word in words {
            let found = try await fixture.search("\"\(word)\" ", limit: 100)
            let wanted = Set(expected.filter { $0.value.contains(word) }.keys)
            #expect(Set(found) == wanted && found.count == wanted.count, "seed \(seed), word \(word)")
        }
    }

    @Test func aClosedIndexOpensWhereItWas() async throws {
        let first = try await SearchFixture([Self.lamp])
        try await first.index.apply(upserts: [Self.chair], deletions: [], upTo: LogPosition(5))
        await first.index.close()
        let second = try await SearchFixture(directory: first.directory, isBuilt: false)
        #expect(try await second.index.position() == LogPosition(5))
        #expect(try await second.search("chair") == [2])
    }

    @Test func anInterruptedRebuildDoesNotCount() async throws {
        let fixture = try await SearchFixture([Self.lamp])
        await #expect(throws: Failure.self) {
            try await fixture.index.rebuild(asOf: LogPosition(4)) { last in
                if last != nil { throw Failure.internal("injected") }
                return [Self.chair]
            }
        }
        #expect(!fixture.index.isReady)
        #expect(try await fixture.index.position() == nil)
        try await fixture.build([Self.lamp], asOf: 4)
        #expect(try await fixture.search("chair").isEmpty)
        #expect(try await fixture.search("lamp") == [1])
    }

    /// Ways to tear a file of at least some pages.
    enum Damage: CaseIterable {
        case empty, garbage, cutInHalf, cutHeader, zeroedMiddle, garbledPages, removed, directoryOfAnotherVersion
    }

    @Test(arguments: Damage.allCases) func aDamagedFileIsMadeAnew(damage: Damage) async throws {
        let documents = (1...400).map {
            SearchFixture.document(UInt64($0), "lamp number\($0)", body: "w\($0 * 7) text")
        }
        let first = try await SearchFixture(documents)
        await first.index.close()
        try await Self.inflict(damage, on: first.directory.file("text.sqlite"))
        let second = try await SearchFixture(directory: first.directory, isBuilt: false)
        let position = try await second.index.position()
        #expect(position == nil)
        try await second.build(documents, asOf: 12)
        #expect(try await second.index.position() == LogPosition(12))
        #expect(try await second.search("number399") == [399])
        #expect(try await second.search("lamp", limit: 100).count == 100)
    }

    @Test func damageThatASearchFindsIsToldAndMended() async throws {
        let documents = (1...2_000).map {
            SearchFixture.document(UInt64($0), "lamp number\($0)", body: "w\($0 * 7) text")
        }
        let fixture = try await SearchFixture(documents)
        await fixture.index.close()
        let reopened = try await SearchFixture(directory: fixture.directory, isBuilt: false)
        #expect(try await reopened.index.position() == LogPosition(1))
        try await Self.inflict(.garbledPages, on: fixture.directory.file("text.sqlite"))
        var codes: Set<String> = []
        for number in 1...400 {
            do { _ = try await reopened.search("number\(number)") } catch let failure as Failure {
                codes.insert(failure.code)
            }
        }
        #expect(codes == ["index_not_ready"])
        #expect(reopened.index.isDamaged)
        #expect(try await reopened.index.position() == nil)
        try await reopened.build(documents, asOf: 3)
        #expect(try await reopened.search("\"number7\" ") == [7])
    }

    private static func inflict(_ damage: Damage, on path: String) async throws {
        let url = URL(fileURLWithPath: path)
        var data = try Data(contentsOf: url)
        switch damage {
        case .empty: data = Data()
        case .garbage: data = Data((0..<data.count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        case .cutInHalf: data = data.prefix(data.count / 8192 * 4096)
        case .cutHeader: data = data.dropFirst(50)
        case .zeroedMiddle: data.replaceSubrange(8192..<(data.count - 4096), with: Data(count: data.count - 12_288))
        case .garbledPages:
            for index in 4096..<data.count { data[index] = UInt8(truncatingIfNeeded: index &* 197 &+ 13) }
        case .removed:
            try FileManager.default.removeItem(at: url)
            return
        case .directoryOfAnotherVersion:
            let database = try SQLiteDatabase(path: path, metrics: MetricsRegistry())
            _ = try await database.write {
                try $0.execute("UPDATE schema_migrations SET checksum = 'other' WHERE room = 'text_index'")
            }
            await database.close()
            return
        }
        // In place, so that whoever has the file open sees it.
        let handle = try FileHandle(forWritingTo: url)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: data)
        try handle.close()
    }
}
