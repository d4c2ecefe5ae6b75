import ChangeLog
import Core
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// What is known of the past of a collection that another one took the place of.
@Suite(.timeLimit(.minutes(5))) struct CollectionPastTests {
    private static func definition(keepsHistory: Bool = true) -> CollectionDefinition {
        var definition = CollectionDefinition(
            vectors: [VectorDefinition(size: 3, metric: .euclid)],
            indexes: [PayloadFieldDefinition("user_id", .integer)])
        definition.keepsHistory = keepsHistory
        return definition
    }

    private static func make(
        _ world: MemoryWorld, keepsHistory: Bool = true
    ) async throws -> (PointCollection, LogPosition) {
        let definition = definition(keepsHistory: keepsHistory)
        let answer = try await world.store.log.write(TestStore.context) { [role = world.role] in
            try role.collections.create("a", definition, in: $0)
        }
        try await world.role.waitUntilFound(answer.position, atMost: .seconds(60))
        return (answer.value, answer.position)
    }

    private static func put(_ place: Float, _ world: MemoryWorld) async throws -> LogPosition {
        let answer = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            let collection = try role.collections.require("a", of: unit.tenant, in: unit.transaction)
            let draft = MemoryWorld.draft(.number(1), at: place, "{\"user_id\":7}")
            try role.points.upsert([draft], into: collection, in: unit)
        }
        try await world.role.waitUntilFound(answer.position, atMost: .seconds(60))
        return answer.position
    }

    /// Where the point was, by a search and by its id.
    private static func past(_ position: LogPosition, _ world: MemoryWorld) async throws -> [Float?] {
        try await world.store.log.read { [role = world.role] transaction in
            let tenant = TestStore.context.tenant
            let found = try role.search("a", ofUser: 7, asOf: position, of: tenant, in: transaction) {
                try $0.page(from: nil, limit: 10, filter: nil, withVectors: true).points
            }
            let collection = try role.collections.require("a", of: tenant, in: transaction)
            let single = try role.points.history.find(
                .number(1), of: collection, asOf: position, in: transaction)
            return [found.first?.vectors?[0]?[0], single?.vectors?[0]?[0]]
        }.value
    }

    private static func expectGone(_ position: LogPosition, _ world: MemoryWorld, before oldest: LogPosition) async {
        let tenant = TestStore.context.tenant
        for isSearch in [true, false] {
            let failure = await failure {
                _ = try await world.store.log.read { [role = world.role] transaction in
                    if isSearch {
                        try role.search("a", ofUser: 7, asOf: position, of: tenant, in: transaction) { _ in }
                    } else {
                        let collection = try role.collections.require("a", of: tenant, in: transaction)
                        _ = try role.points.history.find(
                            .number(1), of: collection, asOf: position, in: transaction)
                    }
                }
            }
            #expect(failure?.code == "history_gone" && failure?.kind == .notFound, "\(position)")
            #expect(failure?.details.contains { $0.value == .integer(oldest.value) } == true, "\(position)")
            #expect(failure?.message.contains("snapshot") == true, "\(position)")
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func thePastOfARestoredCollectionBeginsWithTheRestore(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine, keepsFiles: true)
        let (_, made) = try await Self.make(world)
        let first = try await Self.put(1, world)
        let snapshots = try #require(world.role.snapshots)
        let snapshot = try await snapshots.create("a", of: TestStore.context.tenant)
        let second = try await Self.put(2, world)
        let restored = try await snapshots.restore(snapshot.name, of: "a", into: "a", for: TestStore.context)
        try await world.role.waitUntilFound(restored, atMost: .seconds(60))
        let third = try await Self.put(3, world)
        for position in [made, first, second, LogPosition(restored.value - 1)] {
            await Self.expectGone(position, world, before: restored)
        }
        #expect(try await Self.past(restored, world) == [1, 1])
        #expect(try await Self.past(third, world) == [3, 3])
        let versions = try await world.store.log.read { [role = world.role] transaction in
            let collection = try role.collections.require("a", of: TestStore.context.tenant, in: transaction)
            return try role.points.history.versions(
                of: .number(1), before: nil, limit: 10, of: collection, in: transaction)
        }.value
        #expect(versions.map(\.point.position) == [third, restored], "each can be asked about")
        #expect(versions.map(\.until) == [nil, third])
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whatADeletedCollectionWasIsNotSaidToBeNothing(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let before = try await world.store.log.write(TestStore.context) { [role = world.role] in
            try role.collections.create("b", Self.definition(), in: $0)
        }.position
        let (_, made) = try await Self.make(world)
        #expect(try await Self.past(before, world) == [nil, nil], "there had been no other")
        let first = try await Self.put(1, world)
        let deleted = try await world.store.log.write(TestStore.context) { [role = world.role] in
            try role.collections.delete("a", in: $0)
        }.position
        let (_, again) = try await Self.make(world)
        for position in [before, made, first] { await Self.expectGone(position, world, before: deleted) }
        #expect(try await Self.past(deleted, world) == [nil, nil])
        #expect(try await Self.past(again, world) == [nil, nil])
    }

    @Test func whatKeepsNoHistoryIsNotAnsweredForAsThoughItDid() async throws {
        let world = try await MemoryWorld(.sqlite)
        _ = try await Self.make(world, keepsHistory: false)
        let first = try await Self.put(1, world)
        _ = try await Self.put(2, world)
        let failure = await failure { _ = try await Self.past(first, world) }
        #expect(failure?.code == "history_not_kept")
    }

    /// What no position of the log leads to any more needs no note.
    @Test(arguments: TestStore.Engine.allCases)
    func notesOfTheOldPastAreForgotten(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine, settings: ["memories.sweep_interval": "3600000"])
        _ = try await Self.make(world)
        let deleted = try await world.store.log.write(TestStore.context) { [role = world.role] in
            try role.collections.delete("a", in: $0)
        }.position
        let sweeper = try #require(world.role.services.compactMap { $0 as? PointSweeper }.first)
        func sweep(from start: LogPosition) async throws -> Int? {
            try await world.store.log.database.write { transaction in
                try transaction.execute("UPDATE change_log_start SET position = \(start)")
            }
            while try await sweeper.sweep() > 0 {}
            return try await world.store.log.read {
                try $0.first("SELECT COUNT(*) FROM collection_pasts") { $0.int(0) }
            }.value
        }
        #expect(try await sweep(from: LogPosition(deleted.value - 1)) == 1)
        #expect(try await sweep(from: deleted) == 0)
    }
}
