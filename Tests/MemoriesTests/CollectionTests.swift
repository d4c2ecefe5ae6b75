import ChangeLog
import Core
import Logging
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// Collections from their making to what is left of them, on each engine.
@Suite struct CollectionTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aCollectionThatIsMadeAgainIsEmpty(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let first = try await world.make("a")
        try await world.put(1...700, into: first)
        await #expect { try await world.make("a") } throws: { ($0 as? Failure)?.code == "collection_exists" }
        let delete = { @Sendable [role = world.role] (unit: UnitOfWork) in try role.collections.delete("a", in: unit) }
        let (wasThere, wasThereAgain) = (try await world.write(delete), try await world.write(delete))
        #expect(wasThere && !wasThereAgain)
        await #expect { try await world.nearest(to: 1, in: "a") } throws: {
            ($0 as? Failure)?.code == "collection_not_found"
        }
        let second = try await world.make("a")
        #expect(second.number != first.number && second.id != first.id)
        #expect(try await world.nearest(to: 1, in: "a").isEmpty)
        try await world.put([5], into: second)
        let sweeper = try #require(world.role.services.compactMap { $0 as? PointSweeper }.first)
        while try await sweeper.sweep() > 0 {}
        let left = try await world.store.log.read { transaction in
            try transaction.rows("SELECT collection FROM points") { $0.integer(0) }
        }.value
        #expect(left == [second.number])
        #expect(try await world.nearest(to: 1, in: "a") == [.number(5)])
    }

    /// A wipe that took what the index does not know for nothing would leave what it must delete.
    @Test(arguments: [true, false]) func theIndexIsWaitedForThatDoesNotKnowACollection(isMadeAgain: Bool) async throws {
        let world = try await MemoryWorld(.sqlite)
        try await world.make(isMadeAgain ? "a" : "b")
        await world.stop()
        let definition = CollectionDefinition(vectors: [VectorDefinition(size: 3, metric: .euclid)])
        let made = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            if isMadeAgain { _ = try role.collections.delete("a", in: unit) }
            return try role.collections.create("a", definition, in: unit)
        }.value
        let filter = try PayloadFilter(.object(JSONObject()), at: "")
        let reading = { @Sendable [role = world.role] (transaction: any ReadTransaction) in
            try role.keys(of: filter, in: made, transaction)
        }
        let failure = await #expect(throws: Failure.self) { try await world.store.log.read(reading) }
        #expect(failure?.code == "index_not_ready" && failure?.kind == .unavailable)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anIndexThatIsMadeLaterHasWhatIsThere(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let collection = try await world.make("a")
        try await world.put(1...600, into: collection)
        let filter = PayloadFilter(must: [.field(try PayloadPath("n"), .match(.integer(599)))])
        for kind in [PayloadField.Kind.integer, .float, .integer] {
            try await world.write { [role = world.role] unit in
                try role.collections.update("a", in: unit) { definition in
                    definition.indexes = [PayloadFieldDefinition("n", kind)]
                }
            }
            #expect(try await world.nearest(to: 1, filter, in: "a") == [.number(599)], "\(kind)")
        }
    }

    /// Another server on the same tables makes the same of them, and so does one after a restart.
    @Test(arguments: TestStore.Engine.allCases)
    func theIndexIsMadeAnewFromTheTables(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine)
        let collection = try await world.make("a")
        try await world.put(1...1_200, into: collection)
        try await world.write { [role = world.role] unit in
            _ = try role.points.delete((100...199).map { .number($0) }, of: collection, in: unit)
        }
        let head = try await world.store.settledHead()
        let other = CollectionIndexes(world.store.log, Collections(), Points())
        try await other.rebuild()
        #expect(try await other.position() == head)
        let index = try #require(other.find("a", of: collection.tenant))
        #expect(index.count == 1_100)
        let found = try index.embedded[0].search(VectorSearch([150, 0, 0], k: 2))
        let keys = index.search { snapshot in found.map { snapshot.key(at: $0.label) } }
        #expect(Set(keys) == [.number(99), .number(200)])
    }
}
