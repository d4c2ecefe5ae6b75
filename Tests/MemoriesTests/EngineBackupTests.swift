import ChangeLog
import Core
import Foundation
import Search
import Storage
import Telemetry
import TestKit
import Testing

@testable import Memories

/// What becomes of the vectors of an engine that is ahead of the log, since a backup took the place of the database.
@Suite struct EngineBackupTests {
    private static let kinds = [EngineKind.pgvector, .qdrant]

    /// A world that has gone on after a backup and has ended, and the backup.
    private struct Past {
        let world: MemoryWorld
        let collection: PointCollection
        let settings: [String: String]
        let backup: String

        init(_ kind: EngineKind) async throws {
            let (settings, holder) = try await kind.place()
            self.settings = settings
            let first = try await MemoryWorld(.sqlite, settings: settings, holding: holder)
            collection = try await first.make("a")
            try await first.put(1...20, into: collection)
            await first.stop()
            backup = first.store.directory.file("backup.sqlite")
            try first.store.copy(to: backup)
            world = try await MemoryWorld(.sqlite, settings: settings, on: first.store, holding: holder)
            try await wait { [world] in world.role.isReady }
            #expect(try await world.nearest(to: 20.2, limit: 1, in: "a") == [.number(20)])
            #expect(EngineBackupTests.resets(world.store) == 0, "a restart is none")
            try await change(world)
            // As once in a minute, and at the end of a server.
            let indexes = world.role.indexes
            let reached = try #require(indexes.appliedPosition)
            try await indexes.engines.save(try await indexes.mark(at: reached), of: indexes.all)
            await world.stop()
        }

        /// A point moves, one goes, and others come.
        private func change(_ world: MemoryWorld) async throws {
            try await world.write { [role = world.role, collection] unit in
                let drafts = [MemoryWorld.draft(.number(5), at: 9_000), MemoryWorld.draft(.number(1_000), at: 5)]
                try role.points.upsert(drafts, into: collection, in: unit)
                _ = try role.points.delete([.number(7)], of: collection, in: unit)
            }
            try await world.put(100...130, into: collection)
        }

        func restored() async throws -> TestStore {
            try await TestStore(schemas: [MemoriesSchema.schema], from: backup)
        }

        /// Looks whether a world finds what the backup has and nothing else.
        func check(_ world: MemoryWorld, count: Int = 20) async throws {
            try await wait { world.role.isReady }
            #expect(try await world.nearest(to: 5, limit: 1, in: "a") == [.number(5)])
            #expect(try await world.nearest(to: 7, limit: 1, in: "a") == [.number(7)])
            #expect(try await world.nearest(to: 9_000, limit: 1, in: "a") != [.number(5)])
            #expect(try await world.nearest(to: 0, limit: 1_000, in: "a").count == count)
            #expect(try await world.counts(collection) == [count, count])
            try await world.write { [role = world.role, collection] unit in
                try role.points.upsert([MemoryWorld.draft(.number(6), at: 700)], into: collection, in: unit)
            }
            #expect(try await world.nearest(to: 699, limit: 1, in: "a") == [.number(6)])
        }
    }

    private static func resets(_ store: TestStore) -> Int {
        store.metrics.counter("vector_engine_resets_total", "").with().value
    }

    @Test(arguments: kinds) func anEngineAheadOfTheLogIsFilledAnew(_ kind: EngineKind) async throws {
        let past = try await Past(kind)
        let store = try await past.restored()
        let world = try await MemoryWorld(.sqlite, settings: past.settings, on: store)
        try await past.check(world)
        #expect(Self.resets(store) == 1)
        await world.stop()
        // Now it is of this log.
        let again = try await MemoryWorld(.sqlite, settings: past.settings, on: store)
        try await wait { again.role.isReady }
        #expect(try await again.nearest(to: 699, limit: 1, in: "a") == [.number(6)])
        #expect(Self.resets(store) == 1)
        await again.stop()
    }

    /// The old server ended before it had noted how far the engine was: what is noted is of both logs.
    @Test(arguments: kinds) func whatWasWrittenAfterTheMarkIsNotTakenForThisLog(_ kind: EngineKind) async throws {
        let (settings, holder) = try await kind.place()
        let first = try await MemoryWorld(.sqlite, settings: settings, holding: holder)
        let collection = try await first.make("a")
        try await first.put(1...3, into: collection)
        let backup = first.store.directory.file("backup.sqlite")
        try first.store.copy(to: backup)
        let before = first.store.log.head
        try await first.write { [role = first.role] unit in
            try role.points.upsert([MemoryWorld.draft(.number(2), at: 90)], into: collection, in: unit)
        }
        #expect(first.store.log.head > before)
        let store = try await TestStore(schemas: [MemoriesSchema.schema], from: backup)
        let world = try await MemoryWorld(.sqlite, settings: settings, on: store)
        try await wait { world.role.isReady }
        #expect(Self.resets(store) == 1)
        #expect(try await world.nearest(to: 2, limit: 1, in: "a") == [.number(2)])
        await world.stop()
        await first.stop()
    }

    /// The restored log has come to the position that the engine noted, while the engine was not in use.
    @Test(arguments: kinds) func anotherLogThatIsLongerIsNotTakenForThis(_ kind: EngineKind) async throws {
        let past = try await Past(kind)
        let store = try await past.restored()
        let between = try await MemoryWorld(.sqlite, on: store)
        try await wait { between.role.isReady }
        try await between.put(400...499, into: past.collection)
        #expect(store.log.head > past.world.store.log.head)
        await between.stop()
        let world = try await MemoryWorld(.sqlite, settings: past.settings, on: store)
        try await past.check(world, count: 120)
        #expect(Self.resets(store) == 1)
        await world.stop()
    }

    /// The old server ended while it filled the table.
    @Test func aTableThatIsNotFullIsNotFilledUp() async throws {
        let past = try await Past(.pgvector)
        let url = try #require(past.settings["memories.pgvector_url"])
        let name = try #require(url.split(separator: "/").last.map(String.init))
        _ = try await PostgresServer.sharedWithVectors().execute("DELETE FROM vector_tables", in: name)
        let store = try await past.restored()
        let world = try await MemoryWorld(.sqlite, settings: past.settings, on: store)
        try await past.check(world)
        #expect(Self.resets(store) == 1)
        await world.stop()
    }

    @Test(arguments: kinds) func whatIsLaterIsSeen(_ kind: EngineKind) async throws {
        let (texts, holder) = try await kind.place()
        let settings = try SettingsRegistry(MemoriesSettings.all).values(from: [
            SettingsSource(name: "test", texts: texts)
        ])
        let access = try EngineAccess(settings: settings, store: nil, metrics: MetricsRegistry())
        let engine = try #require(access).engine
        let set = VectorSet(Identifier(high: 1, low: 2), 0, VectorDefinition(size: 2, metric: .euclid))
        try await engine.check()
        #expect(try await engine.open(set) == nil)
        try await engine.apply([VectorWrite(key: .number(1), vector: [1, 2])], to: set, at: LogPosition(7))
        #expect(try await engine.later(than: LogPosition(7), in: set) == nil)
        #expect(try await engine.later(than: LogPosition(6), in: set) == LogPosition(7))
        try await engine.finishFilling(set, at: LogMark(LogPosition(7), "x"))
        try await engine.save(LogMark(LogPosition(6), "y"), of: [set])
        #expect(try await engine.open(set) == LogMark(LogPosition(7), "x"))
        try await engine.save(LogMark(LogPosition(8), "z"), of: [set])
        #expect(try await engine.open(set) == LogMark(LogPosition(8), "z"))
        engine.close()
        withExtendedLifetime(holder) {}
    }
}
