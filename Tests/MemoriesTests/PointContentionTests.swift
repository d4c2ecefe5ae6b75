import ChangeLog
import Core
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// Many write the same points at the same time, each in a transaction that sees what is committed.
@Suite(.timeLimit(.minutes(5))) struct PointContentionTests {
    private static let clients = 6
    private static let rounds = 4
    private static let keys = (0..<30).map { PointKey.number(UInt64($0)) }

    @Test(arguments: TestStore.Engine.allCases)
    func eachVersionOfAPointFollowsTheOneBefore(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let collection = try await Self.make(world)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<Self.clients {
                group.addTask { try await Self.writeAll(as: client, into: collection, world) }
            }
            try await group.waitForAll()
        }
        let changes = try await world.store.log.changes(after: .start, limit: 1_000, types: [Point.entityType])
        let count = Self.clients * Self.rounds
        for key in Self.keys {
            let versions = try await world.store.log.read { [points = world.role.points] in
                try points.history.versions(of: key, before: nil, limit: 1_000, of: collection, in: $0)
            }.value
            #expect(versions.map(\.point.version) == (1...count).reversed().map(Int64.init))
            // What ends a version is what the next one began with.
            #expect(versions.dropFirst().map(\.until) == versions.dropLast().map(\.point.position))
            let told = changes.filter { $0.entity == Point.entity(key, in: collection.number) }
            #expect(told.map(\.operation) == [.insert] + Array(repeating: .update, count: count - 1))
            for (earlier, later) in zip(told, told.dropFirst()) { #expect(later.before == earlier.after) }
        }
    }

    private static func make(_ world: MemoryWorld) async throws -> PointCollection {
        var definition = CollectionDefinition(vectors: [VectorDefinition(size: 3, metric: .euclid)], indexes: [])
        definition.keepsHistory = true
        return try await world.write { [role = world.role, definition] in
            try role.collections.create("a", definition, in: $0)
        }
    }

    private static func writeAll(
        as client: Int, into collection: PointCollection, _ world: MemoryWorld
    ) async throws {
        for round in 0..<rounds {
            let drafts = keys.map { key in
                MemoryWorld.draft(key, at: Float(client), "{\"client\":\(client),\"round\":\(round)}")
            }
            // Each in an order of its own.
            let ordered = client % 2 == 0 ? drafts : drafts.reversed()
            _ = try await world.store.log.write(TestStore.context, isolation: .readCommitted) { [role = world.role] in
                try role.points.upsert(ordered, into: collection, in: $0)
            }
        }
    }
}
