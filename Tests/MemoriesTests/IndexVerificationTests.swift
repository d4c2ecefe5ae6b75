import ChangeLog
import Core
import Foundation
import Search
import Storage
import TestKit
import Testing

@testable import Memories

/// What a comparison of the index with the tables finds, and that a new index mends it.
@Suite struct IndexVerificationTests {
    private let tenant = TestStore.context.tenant

    @Test(arguments: TestStore.Engine.allCases)
    func whatDiffersIsTold(_ engine: TestStore.Engine) async throws {
        let world = try await MemoryWorld(engine, keepsFiles: true)
        let collection = try await world.make("a")
        try await world.put(1...300, into: collection)
        let well = try await world.role.verify("a", of: tenant)
        #expect(well.problems.isEmpty && well.pointCount == 300 && well.vectorCount == 300 && well.recall == 1)
        let index = try #require(world.role.index("a", of: tenant))
        // As if the index had missed changes: nothing of this is in the log.
        index.remove(.number(7))
        let slot = try #require(index.slot(of: .number(9)))
        try index.vectors[0].set([-1, 0, 0], label: slot)
        index.vectors[0].remove(try #require(index.slot(of: .number(11))))
        try await world.store.log.database.write { transaction in
            let place = PointPlace(.number(13), in: collection.number).sqlValue
            try transaction.execute("DELETE FROM points WHERE place = \(place)")
        }
        let found = try await world.role.verify("a", of: tenant)
        #expect(
            found.problems == [
                "point 7 is in the table and not in the index", "vector 0 of point 9 is another one in the index",
                "vector 0 of point 11 is in the table and not in the index",
                "point 13 is in the index and not in the table",
            ])
        #expect(try world.role.rebuild("a", of: tenant).isRebuilding)
        while try world.role.statistics("a", of: tenant).isRebuilding { await Task.yield() }
        #expect(try await world.role.verify("a", of: tenant).problems.isEmpty)
        let statistics = try world.role.statistics(of: tenant)
        #expect(statistics.map(\.name) == ["a"] && statistics[0].pointCount == 299 && statistics[0].bytes > 0)
        #expect(throws: Failure.self) { try world.role.rebuild("b", of: tenant) }
    }

    @Test func aDamagedFileIsToldAndWrittenAnew() async throws {
        let world = try await MemoryWorld(.sqlite, keepsFiles: true)
        let collection = try await world.make("a")
        try await world.put(1...300, into: collection)
        world.role.close()
        let path = "\(world.indexDirectory)/\(collection.number)-0.vectors"
        var bytes = try #require(FileManager.default.contents(atPath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let found = try await world.role.verify("a", of: tenant).problems
        #expect(found.count == 1 && found[0].contains("checksum"), "\(found)")
        _ = try world.role.rebuild("a", of: tenant)
        while try world.role.statistics("a", of: tenant).isRebuilding { await Task.yield() }
        world.role.close()
        #expect(try await world.role.verify("a", of: tenant).problems.isEmpty)
    }
}
