import ChangeLog
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// What is written while all indexes are made from the tables is in them afterwards.
@Suite(.timeLimit(.minutes(5))) struct IndexRebuildTests {
    @Test(arguments: [EngineKind.embedded, .pgvector])
    func whatIsCommittedLateIsThere(_ kind: EngineKind) async throws {
        let settings = try await kind.place().settings
        let world = try await MemoryWorld(.postgres, settings: settings)
        let role = world.role
        let collection = try await world.make("a")
        try await world.put(1...1, into: collection)
        let held = try await HeldWrite(try #require(world.store.url)) {
            try role.points.upsert([MemoryWorld.draft(.number(2), at: 2)], into: collection, in: $0)
        }
        // Its position is later than that of the held one, and it is there before.
        let next = try await world.store.log.write(TestStore.context, isolation: .readCommitted) {
            try role.points.upsert([MemoryWorld.draft(.number(3), at: 3)], into: collection, in: $0)
        }
        let other = try await MemoryWorld(.postgres, settings: settings, on: world.store)
        try await wait { other.role.isReady }
        #expect(try await held.commit() < next.position)
        try await other.role.waitUntilFound(next.position, atMost: .seconds(60))
        #expect(try await other.nearest(to: 2, in: "a").count == 3)
        #expect(try await other.counts(collection) == [3, 3])
    }
}
