import ChangeLog
import Core
import Foundation
import Logging
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// The files of indexes: what is read from them and what from the tables.
@Suite struct IndexFileTests {
    private func indexes(of world: MemoryWorld) -> CollectionIndexes {
        CollectionIndexes(
            world.store.log, Collections(), Points(), files: IndexFiles(directory: world.indexDirectory))
    }

    /// Every point by the index, with its distance from zero and its number by the payload.
    private func content(_ indexes: CollectionIndexes, _ collection: PointCollection) throws -> [PointKey: Float] {
        let index = try #require(indexes.find(collection.name, of: collection.tenant))
        return try index.search { snapshot in
            let hits = try index.embedded[0].search(VectorSearch([0, 0, 0], k: 10_000, isExact: true))
            #expect(Set(hits.map(\.label)) == Set(snapshot.payloads.slots))
            return Dictionary(
                uniqueKeysWithValues: hits.compactMap { hit in
                    snapshot.key(at: hit.label).map { ($0, hit.score) }
                })
        }
    }

    /// Changes that no file has yet: replaced, deleted and new points.
    private func change(_ world: MemoryWorld, _ collection: PointCollection) async throws {
        try await world.write { [role = world.role] unit in
            try role.points.upsert(
                (10...19).map { MemoryWorld.draft(.number($0), at: Float(1_000 + $0)) }
                    + ([0] + Array(2_000...2_019)).map { MemoryWorld.draft(.number($0), at: Float($0)) },
                into: collection, in: unit)
            _ = try role.points.delete((30...39).map { .number($0) }, of: collection, in: unit)
            _ = try role.points.update([.number(1), .number(2)], of: collection, in: unit) { point in
                try point.replacePayload(JSONObject([.init("n", .integer(-1))]))
            }
        }
    }

    @Test(arguments: TestStore.Engine.allCases, [true, false])
    func aFileAndTheLogAfterItMakeTheSame(_ engine: TestStore.Engine, isOnDisk: Bool) async throws {
        let world = try await MemoryWorld(engine, keepsFiles: true)
        let collection = try await world.make("a", isOnDisk: isOnDisk)
        try await world.put(1...600, into: collection)
        world.role.close()
        let written = try await world.store.settledHead()
        try await change(world, collection)
        let restored = indexes(of: world)
        #expect(try await restored.position() == written)
        let last = try await world.store.settledHead()
        let changes = try await world.store.log.read { transaction in
            try ChangeLog.batch(after: written, upTo: last, limit: 1_000, types: restored.types, in: transaction)
        }.value
        try await restored.apply(changes.changes, upTo: last)
        let made = indexes(of: world)
        try await made.rebuild()
        let expected = try content(made, collection)
        #expect(expected.count == 611)
        #expect(try content(restored, collection) == expected)
        #expect(expected[.number(10)] == 1_010 && expected[.number(2_019)] == 2_019 && expected[.number(35)] == nil)
    }

    /// One pass through the table serves all collections, whichever of them have files.
    @Test(arguments: TestStore.Engine.allCases)
    func pointsOfSeveralCollectionsAreReadAtOnce(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine, keepsFiles: true)
        let collections = [try await world.make("a"), try await world.make("b")]
        for start in stride(from: UInt64(1), to: 1_200, by: 100) {
            for (place, collection) in collections.enumerated() {
                try await world.put(start...start + 99 - UInt64(place), into: collection)
            }
        }
        world.role.close()
        let third = try await world.make("c")
        try await world.put(5...7, into: third)
        let restored = indexes(of: world)
        _ = try await restored.position()
        let made = indexes(of: world)
        try await made.rebuild()
        for (collection, count) in zip(collections + [third], [1_200, 1_188, 3]) {
            let content = try content(restored, collection)
            #expect(try content.count == count && content == self.content(made, collection), "\(collection.name)")
        }
    }

    /// After a backup of the tables was restored, files may be of a later time than the log, and of other vectors.
    @Test func filesAheadOfTheLogAreNotUsed() async throws {
        let (later, earlier) = (try await MemoryWorld(.sqlite, keepsFiles: true), try await MemoryWorld(.sqlite))
        let collection = try await later.make("a")
        try await later.put(1...600, into: collection)
        later.role.close()
        let old = try await earlier.make("a")
        try await earlier.put(1...20, into: old)
        #expect(earlier.store.log.head < later.store.log.head && old.number == collection.number)
        let restored = CollectionIndexes(
            earlier.store.log, Collections(), Points(), files: IndexFiles(directory: later.indexDirectory))
        #expect(try await restored.position() == earlier.store.log.head)
        #expect(try content(restored, old).count == 20)
        let index = try #require(restored.find("a", of: old.tenant))
        #expect(index.embedded[0].unfilledCount == 0, "nothing is of the files")
        // One day the log has come to their position: they must not be taken for files of it then.
        #expect(try FileManager.default.contentsOfDirectory(atPath: later.indexDirectory).isEmpty)
    }

    /// Before the log is applied again nothing is found that is gone, and nothing has the vector of another.
    @Test func whatIsReadOfPointsThatHaveChangedIsLetGo() async throws {
        let world = try await MemoryWorld(.sqlite, keepsFiles: true)
        let collection = try await world.make("a")
        try await world.put(1...600, into: collection)
        world.role.close()
        try await change(world, collection)
        let restored = indexes(of: world)
        _ = try await restored.position()
        let content = try content(restored, collection)
        #expect(content.count == 611)
        #expect(content[.number(35)] == nil && content[.number(2_000)] == 2_000)
    }

    /// A start does not wait for the vectors; searches find the same without them.
    @Test func vectorsAreFilledInAfterTheStart() async throws {
        let world = try await MemoryWorld(.sqlite, keepsFiles: true)
        let size = 2_500
        let definition = CollectionDefinition(vectors: [VectorDefinition(size: size, metric: .euclid)])
        let collection = try await world.write { [role = world.role] in
            try role.collections.create("a", definition, in: $0)
        }
        try await world.put(1...1_010, into: collection, size: size)
        let before = try #require(world.role.index("a", of: collection.tenant)).embedded[0]
        #expect(before.unfilledCount == 0 && before.count == 1_010)
        await world.stop()

        let restored = indexes(of: world)
        _ = try await restored.position()
        let index = try #require(restored.find("a", of: collection.tenant))
        let vectors = index.embedded[0]
        #expect(vectors.unfilledCount == 1_010)
        let slot = try #require(index.slot(of: .number(7)))
        let query = VectorSearch([7.25] + Array(repeating: 0, count: size - 1), k: 1)
        let hits = try vectors.search(query) { slots in
            slots.reduce(into: [:]) { found, slot in
                guard case .number(let number)? = index.key(at: slot) else { return }
                found[slot] = [Float(number)] + Array(repeating: 0, count: size - 1)
            }
        }
        #expect(hits == [VectorHit(label: slot, score: 0.25)])
        try await restored.fillVectors()
        #expect(vectors.unfilledCount == 0)
        #expect(try vectors.search(query) == hits)

        // A server does so by itself.
        let server = try await MemoryWorld(.sqlite, keepsFiles: true, on: world.store)
        try await wait { server.role.isReady }
        let started = try #require(server.role.index("a", of: collection.tenant)).embedded[0]
        try await wait { started.unfilledCount == 0 }
        #expect(try started.search(query).first?.score == 0.25)
    }

    @Test func aDamagedFileIsMadeAnew() async throws {
        let world = try await MemoryWorld(.sqlite, keepsFiles: true)
        let collection = try await world.make("a")
        try await world.put(1...100, into: collection)
        world.role.close()
        let names = try FileManager.default.contentsOfDirectory(atPath: world.indexDirectory)
        #expect(names == ["\(collection.number)-0.vectors"])
        let path = "\(world.indexDirectory)/\(names[0])"
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[bytes.count / 2] ^= 0x10
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let made = indexes(of: world)
        #expect(try await made.position() == world.store.log.head)
        #expect(try content(made, collection).count == 100)
    }

    @Test func filesOfCollectionsThatAreGoneGoToo() async throws {
        let world = try await MemoryWorld(.sqlite, keepsFiles: true)
        let collection = try await world.make("a")
        try await world.put(1...3, into: collection)
        world.role.close()
        try await world.write { [role = world.role] in _ = try role.collections.delete("a", in: $0) }
        world.role.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: world.indexDirectory).isEmpty)
    }
}
