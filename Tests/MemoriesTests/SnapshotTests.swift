import ChangeLog
import Core
import Foundation
import Logging
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// Snapshots of collections: what is restored is what there was, and what is not whole is refused.
@Suite struct SnapshotTests {
    private func rows(_ name: String, in world: MemoryWorld) async throws -> [Point] {
        try await world.store.log.database.read { [role = world.role] transaction in
            let collection = try role.collections.require(name, of: TestStore.context.tenant, in: transaction)
            return try role.points.page(from: nil, limit: 10_000, of: collection, withVectors: true, in: transaction)
        }
    }

    private func path(_ snapshot: SnapshotDescription, of name: String, in world: MemoryWorld) throws -> String {
        try #require(world.role.snapshots).places.file(snapshot.name, of: name, TestStore.context.tenant)
    }

    private func restore(_ world: MemoryWorld, _ snapshot: String, of source: String, into name: String) async throws {
        let position = try await #require(world.role.snapshots)
            .restore(snapshot, of: source, into: name, for: TestStore.context)
        try await world.role.waitUntilFound(position, atMost: .seconds(60))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aCollectionIsRestoredWithEveryColumn(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine, keepsFiles: true)
        let collection = try await world.make("a", metric: .manhattan)
        try await world.put(1...1_200, into: collection)
        let end = world.store.time.now().advanced(bySeconds: 3_600)
        try await world.write { [role = world.role] unit in
            let odd = MemoryWorld.draft(.text("é/\n"), at: 3, "{\"a\":\"\\n\",\"n\":7}", until: end)
            let over = MemoryWorld.draft(.number(5_000), at: 3, until: unit.now)
            try role.points.upsert([odd, over, MemoryWorld.draft(.number(7), at: 9)], into: collection, in: unit)
        }
        let before = try await rows("a", in: world)
        let snapshots = try #require(world.role.snapshots)
        let made = try await snapshots.create("a", of: TestStore.context.tenant)
        #expect(try snapshots.list("a", of: TestStore.context.tenant).map(\.name) == [made.name])
        #expect(made.checksum?.count == 64 && made.size > 1_200 * 12)
        try await world.put(1...50, into: collection)
        try await world.put(9_000...9_050, into: collection)
        try await restore(world, made.name, of: "a", into: "a")
        let after = try await rows("a", in: world)
        #expect(after.map(\.key) == before.filter { $0.key != .number(5_000) }.map(\.key), "one had ended")
        for (old, new) in zip(before.filter { $0.key != .number(5_000) }, after) {
            #expect(old.payload == new.payload && old.vectors == new.vectors && old.version == new.version)
            #expect(old.createdAt == new.createdAt && old.updatedAt == new.updatedAt && old.expiresAt == new.expiresAt)
        }
        let restored = try #require(world.role.collection("a", of: TestStore.context.tenant))
        #expect(restored.number != collection.number && restored.definition == collection.definition)
        #expect(try await world.nearest(to: 1, limit: 2_000, in: "a").count == 1_201)
        let report = try await world.role.verify("a", of: TestStore.context.tenant)
        #expect(report.problems.isEmpty && report.pointCount == 1_201 && report.vectorCount == 1_201)
        try await restore(world, made.name, of: "a", into: "b")
        #expect(try await rows("b", in: world).count == 1_201)
        try snapshots.delete(made.name, of: "a", TestStore.context.tenant)
        #expect(try snapshots.list("a", of: TestStore.context.tenant).isEmpty)
        #expect(throws: Failure.self) { try snapshots.delete(made.name, of: "a", TestStore.context.tenant) }
    }

    @Test func whatHasEndedSinceIsNotRestored() async throws {
        let world = try await MemoryWorld(.sqlite, keepsFiles: true)
        let collection = try await world.make("a")
        let end = world.store.time.now().advanced(bySeconds: 60)
        try await world.write { [role = world.role] unit in
            let drafts = [MemoryWorld.draft(.number(1), at: 1, until: end), MemoryWorld.draft(.number(2), at: 2)]
            try role.points.upsert(drafts, into: collection, in: unit)
        }
        let made = try await #require(world.role.snapshots).create("a", of: TestStore.context.tenant)
        world.store.time.advance(bySeconds: 61)
        try await restore(world, made.name, of: "a", into: "b")
        #expect(try await rows("b", in: world).map(\.key) == [.number(2)])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatIsTornOrAlteredChangesNothing(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine, keepsFiles: true)
        let collection = try await world.make("a")
        try await world.put(1...700, into: collection)
        let snapshots = try #require(world.role.snapshots)
        let made = try await snapshots.create("a", of: TestStore.context.tenant)
        let path = try path(made, of: "a", in: world)
        let whole = try #require(FileManager.default.contents(atPath: path))
        try await world.put(1...1, into: collection)
        var wrong = [Data(), whole.dropLast(), whole.prefix(whole.count / 2), whole.prefix(9), whole + Data([0])]
        for place in [0, 9, 20, whole.count / 2, whole.count - 9] {
            var altered = whole
            altered[place] ^= 1
            wrong.append(altered)
        }
        for (number, bytes) in wrong.enumerated() {
            let failure = await #expect(throws: Failure.self, "\(number)") {
                _ = try await snapshots.restore([UInt8](bytes), into: "a", for: TestStore.context)
            }
            #expect(failure?.code == "snapshot_unusable", "\(number): \(String(describing: failure))")
        }
        let failure = await #expect(throws: Failure.self) {
            _ = try await snapshots.restore(
                made.name, of: "a", into: "a", checksum: String(repeating: "0", count: 64), for: TestStore.context)
        }
        #expect(failure?.code == "checksum_differs")
        #expect(world.role.collection("a", of: TestStore.context.tenant)?.number == collection.number)
        // What the refused ones had written goes with the next passes of the sweeper.
        try await sweep(world)
        let left = try await world.store.log.database.read { transaction in
            try ["points", "restoring_collections", "deleted_collections"].map { table in
                let count: SQL =
                    switch table {
                    case "points": "SELECT COUNT(*) FROM points"
                    case "restoring_collections": "SELECT COUNT(*) FROM restoring_collections"
                    default: "SELECT COUNT(*) FROM deleted_collections"
                    }
                return try transaction.first(count) { $0.int(0) } ?? -1
            }
        }
        #expect(left == [700, 0, 0])
        let restored = try await snapshots.restore(
            [UInt8](whole), into: "a", checksum: made.checksum, for: TestStore.context)
        try await world.role.waitUntilFound(restored, atMost: .seconds(60))
        #expect(try await rows("a", in: world).first?.version == 1)
    }

    private func sweep(_ world: MemoryWorld) async throws {
        let sweeper = PointSweeper(
            world.store.log, world.role.collections, world.role.points, settings: world.settings,
            metrics: world.store.metrics, logger: .init(label: "test"))
        for _ in 0..<50 { try await sweeper.sweep() }
    }

    @Test func aRestoreThatStandsStillIsGivenUp() async throws {
        let world = try await MemoryWorld(.sqlite, keepsFiles: true)
        let restore = CollectionRestore(log: world.store.log, collections: .init(), points: .init())
        #expect(restore.log === world.store.log)
        _ = try await world.store.log.database.write { transaction in
            try transaction.execute("INSERT INTO restoring_collections VALUES (1, 77, \(world.store.time.now()))")
        }
        try await sweep(world)
        func count() async throws -> Int? {
            try await world.store.log.database.read {
                try $0.first("SELECT COUNT(*) FROM restoring_collections") { $0.int(0) }
            }
        }
        #expect(try await count() == 1)
        world.store.time.advance(bySeconds: CollectionRestore.patience + 1)
        try await sweep(world)
        #expect(try await count() == 0)
    }

    @Test func namesLeadNowhereElse() throws {
        let places = SnapshotPlaces(directory: "/d")
        let tenant = TestStore.context.tenant
        let wrong = [
            "../a.snapshot", "a/b.snapshot", ".snapshot", "..", "", "a.snapshot/..", "a\0.snapshot", "a", "ä.snapshot",
        ]
        for name in wrong {
            #expect(throws: Failure.self, "\(name)") { try places.file(name, of: "c", tenant) }
        }
        let names = ["..", ".", "a b", "a/b", "a%2Fb", "é", "%-", String(repeating: "é", count: 255)]
        let directories = names.map { places.directory(of: $0, tenant) }
        #expect(Set(directories).count == names.count)
        for directory in directories {
            #expect(directory.split(separator: "/").count == 3, "\(directory)")
            #expect(!directory.contains("..") && directory.utf8.count < 255, "\(directory)")
        }
    }

    @Test func aDefinitionOfSomebodyElseIsChecked() throws {
        let vector = #"{"name":"","size":3,"metric":"dot"}"#
        #expect(throws: Never.self) {
            try CollectionDefinition(checked: Array(#"{"vectors":[\#(vector)],"indexes":[]}"#.utf8))
        }
        let wrong = [
            "[]", "null", #"{"vectors":[\#(vector),\#(vector)],"indexes":[]}"#,
            #"{"vectors":[{"size":0}],"indexes":[]}"#, #"{"vectors":[{"size":3,"m":1000000}],"indexes":[]}"#,
            #"{"vectors":[],"indexes":[{"path":"[","kind":"integer"}]}"#,
            #"{"vectors":[],"indexes":[{"path":"a","kind":"integer"},{"path":"a","kind":"text"}]}"#,
        ]
        for text in wrong {
            #expect(throws: Failure.self, "\(text)") { try CollectionDefinition(checked: Array(text.utf8)) }
        }
    }
}
