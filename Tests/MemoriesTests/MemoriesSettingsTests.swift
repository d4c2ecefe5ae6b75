import ChangeLog
import Core
import Foundation
import Logging
import Search
import ServiceLifecycle
import Telemetry
import TestKit
import Testing

@testable import Memories

/// Each setting moves what it says, and each metric tells what is there.
@Suite struct MemoriesSettingsTests {
    private func counter(_ name: String, _ world: MemoryWorld) -> Int {
        world.store.metrics.counter(name, "").with().value
    }

    private func ending(_ numbers: ClosedRange<UInt64>, _ store: TestStore) -> [PointDraft] {
        let end = store.time.now().advanced(bySeconds: 1)
        return numbers.map { MemoryWorld.draft(.number($0), at: Float($0), until: end) }
    }

    @Test func theBatchOfTheSweeperIsThatOfTheSetting() async throws {
        // No service runs that could sweep in between.
        let store = try await TestStore(.sqlite, schemas: [MemoriesSchema.schema])
        let (collections, points) = (Collections(), Points())
        let settings = try SettingsRegistry(MemoriesSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["memories.sweep_batch": "2"])
        ])
        let drafts = ending(1...5, store)
        _ = try await store.log.write(TestStore.context) { unit in
            let definition = CollectionDefinition(vectors: [VectorDefinition(size: 3)])
            try points.upsert(drafts, into: collections.create("a", definition, in: unit), in: unit)
        }
        store.time.advance(bySeconds: 2)
        let sweeper = PointSweeper(
            store.log, collections, points, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
        var counts: [Int] = []
        repeat { counts.append(try await sweeper.sweep()) } while counts.last != 0
        #expect(counts == [2, 2, 1, 0])
        #expect(store.metrics.counter("points_expired_total", "").with().value == 5)
    }

    @Test func theSweeperLooksAsOftenAsTheSettingSays() async throws {
        let world = try await MemoryWorld(.sqlite, settings: ["memories.sweep_interval": "100"])
        let collection = try await world.make("a")
        let drafts = ending(1...3, world.store)
        try await world.write { [role = world.role] in try role.points.upsert(drafts, into: collection, in: $0) }
        world.store.time.advance(bySeconds: 2)
        try await wait { counter("points_expired_total", world) == 3 }
    }

    @Test func filesAreWrittenAsOftenAsTheSettingSays() async throws {
        let world = try await MemoryWorld(.sqlite, keepsFiles: true, settings: ["memories.file_interval": "100"])
        let collection = try await world.make("a")
        try await world.put(1...3, into: collection)
        let path = "\(world.indexDirectory)/\(collection.number)-0.vectors"
        try await wait {
            FileManager.default.fileExists(atPath: path) && counter("index_files_written_total", world) > 0
        }
        let written = counter("index_files_written_total", world)
        try await world.put(4...4, into: collection)
        try await wait { counter("index_files_written_total", world) > written }
    }

    /// What the services above would do with any interval in the end. How long they rest is that of the setting alone.
    @Test func whoLooksNowAndThenRestsAsLongAsTheSettingSays() async throws {
        let world = try await MemoryWorld(.sqlite)
        let settings = try SettingsRegistry(MemoriesSettings.all).values(from: [
            SettingsSource(
                name: "test", texts: ["memories.sweep_interval": "1234", "memories.file_interval": "5678"])
        ])
        let (clock, logger) = (RestingClock(), Logger(label: "test"))
        let store = try await TestStore(.sqlite, schemas: [MemoriesSchema.schema])
        let sweeper = PointSweeper(
            store.log, Collections(), Points(), settings: settings, metrics: store.metrics, clock: clock,
            logger: logger)
        try await running(sweeper) { try await wait { clock.rests == [.milliseconds(1_234)] } }
        let keeper = IndexKeeper(
            world.role.indexes, nil, settings: settings, metrics: store.metrics, clock: clock, logger: logger)
        try await running(keeper) { try await wait { clock.rests.dropFirst() == [.milliseconds(5_678)] } }
    }

    /// Runs a service for as long as a closure takes.
    private func running(_ service: some Service, _ body: () async throws -> Void) async throws {
        let run = Task { try await service.run() }
        defer { run.cancel() }
        try await body()
    }

    @Test func theDimensionsAreThoseOfTheSetting() async throws {
        let world = try await MemoryWorld(.sqlite, settings: ["memories.dimensions": "7"])
        let memories = MemoryCollections(world.role.collections, settings: world.settings)
        let made = try await world.write { try memories.open("user_memories", .memory, in: $0) }
        #expect(made.definition.vectors.map(\.size) == [7])
    }

    @Test func theMetricsTellWhatIsThere() async throws {
        let world = try await MemoryWorld(.sqlite)
        let collection = try await world.make("a")
        #expect(try lines(of: world, "points") == ["points 0"])
        try await world.put(1...300, into: collection)
        #expect(try lines(of: world, "points") == ["points 300"])
        let bytes = try lines(of: world, "vector_index_bytes")
        #expect(bytes.count == 3)
        let vectors = try #require(
            bytes.first { $0.contains("vectors") }?.split(separator: " ").last.flatMap { Double($0) })
        #expect(vectors >= 300 * 3 * 4)
        #expect(try lines(of: world, "vectors_unlinked") == ["vectors_unlinked 0"], "so few need no graph")
    }

    /// Nothing runs any more, so what is not linked stays so.
    @Test func theMetricsTellOfTheGraph() async throws {
        let world = try await MemoryWorld(.sqlite)
        let definition = CollectionDefinition(vectors: [VectorDefinition(size: 2_500, metric: .dot, m: 2)])
        let collection = try await world.write { [role = world.role] in
            try role.collections.create("a", definition, in: $0)
        }
        await world.stop()
        let vectors = try #require(world.role.index("a", of: collection.tenant)?.embedded.first)
        var random = SeededRandom.fresh()
        for label in 0..<UInt32(vectors.parameters.exactBelow + 5) {
            try vectors.set((0..<2_500).map { _ in Float.random(in: -1...1, using: &random) }, label: label)
        }
        #expect(vectors.unlinkedCount > 0)
        #expect(try lines(of: world, "vectors_unlinked") == ["vectors_unlinked \(vectors.unlinkedCount)"])
        vectors.linkSome(.max)
        #expect(try lines(of: world, "vectors_unlinked") == ["vectors_unlinked 0"])
        let bytes = vectors.bytes
        #expect(bytes.codes > 0 && bytes.links > 0 && Set([bytes.codes, bytes.links, bytes.vectors]).count == 3)
        let parts = [("codes", bytes.codes), ("links", bytes.links), ("vectors", bytes.vectors)].map {
            "vector_index_bytes{part=\"\($0)\"} \($1)"
        }
        #expect(try lines(of: world, "vector_index_bytes").sorted() == parts)
    }

    /// What is told of a metric.
    private func lines(of world: MemoryWorld, _ name: String) throws -> [String] {
        String(decoding: PrometheusExposition.text(of: world.store.metrics), as: UTF8.self).split(separator: "\n").map(
            String.init
        )
        .filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
    }
}
