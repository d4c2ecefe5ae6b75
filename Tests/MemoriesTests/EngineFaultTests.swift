import ChangeLog
import Core
import Foundation
import Search
import Storage
import Telemetry
import TestKit
import Testing

@testable import Memories

/// What becomes of searches and writes when a vector engine is not there or not fit. These servers are their own.
@Suite struct EngineFaultTests {
    private func settings(_ server: PostgresServer, timeout: Int = 5_000) throws -> [String: String] {
        [
            "memories.engine": "pgvector", "memories.pgvector_url": try server.makeDatabase(),
            "memories.engine_timeout": "\(timeout)",
        ]
    }

    private func failures(_ world: MemoryWorld, _ operation: String) -> Int {
        world.store.metrics.counter("vector_engine_failures_total", "", labels: ["operation"]).with(operation).value
    }

    @Test func anEngineThatIsAwayAtTheStartIsWaitedFor() async throws {
        let server = try PostgresServer(isInMemory: true, build: .pgvector)
        let settings = try settings(server)
        try server.stop()
        let world = try await MemoryWorld(.sqlite, settings: settings)
        let early = await failure { try await world.role.checkEngine() }
        #expect(early?.code == "vector_engine_unavailable" && early?.kind == .unavailable)
        #expect(early?.message.contains("pgvector") == true)
        #expect(!world.role.isReady)
        #expect(failures(world, "check") > 0)
        try server.start()
        try await wait { world.role.isReady }
        let collection = try await world.make("a")
        try await world.put(1...10, into: collection)
        #expect(try await world.nearest(to: 3, limit: 1, in: "a") == [.number(3)])
        try await world.role.checkEngine()
    }

    @Test func anEngineThatGoesIsFilledUpWhenItIsBack() async throws {
        let server = try PostgresServer(isInMemory: true, build: .pgvector)
        let world = try await MemoryWorld(.sqlite, settings: try settings(server))
        let collection = try await world.make("a")
        try await world.put(1...10, into: collection)
        try server.kill()
        let away = await failure { _ = try await world.nearest(to: 3, in: "a") }
        #expect(away?.code == "vector_engine_unavailable" && away?.retryAfter == 1)
        #expect(failures(world, "search") > 0)
        #expect(try await world.counts(collection) == [10, 10], "what needs no vectors goes on")
        _ = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            try role.points.upsert([MemoryWorld.draft(.number(11), at: 3.1)], into: collection, in: unit)
            _ = try role.points.delete([.number(3)], of: collection, in: unit)
        }
        try await wait { failures(world, "write") > 0 }
        try server.start()
        try await world.role.waitUntilFound(world.store.log.seen, atMost: .seconds(60))
        #expect(try await world.nearest(to: 3.1, limit: 2, in: "a") == [.number(11), .number(4)])
    }

    /// A search that gets no answer ends in time, and so does the next one.
    @Test func anEngineThatStandsStillIsNotWaitedForLonger() async throws {
        let server = try PostgresServer(isInMemory: true, build: .pgvector)
        let world = try await MemoryWorld(.sqlite, settings: try settings(server, timeout: 300))
        let collection = try await world.make("a")
        try await world.put(1...10, into: collection)
        #expect(try await world.nearest(to: 3, limit: 1, in: "a") == [.number(3)])
        try server.stall()
        let start = ContinuousClock.now
        for _ in 0..<2 {
            let slow = await failure { _ = try await world.nearest(to: 3, in: "a") }
            #expect(slow?.code == "vector_engine_unavailable")
        }
        #expect(ContinuousClock.now - start < .seconds(4))
        try server.resume()
        try await wait { await failure { _ = try await world.nearest(to: 3, in: "a") } == nil }
        #expect(try await world.nearest(to: 3, limit: 1, in: "a") == [.number(3)])
    }

    /// The PostgreSQL of the operating system has no pgvector.
    @Test func aServerWithoutTheExtensionIsToldSo() async throws {
        let server = try await PostgresServer.shared()
        let world = try await MemoryWorld(.sqlite, settings: try settings(server))
        let missing = await failure { try await world.role.checkEngine() }
        #expect(missing?.code == "pgvector_missing" && missing?.kind == .invalid)
        #expect(missing?.message.contains("CREATE EXTENSION vector") == true)
        #expect(!world.role.isReady)
    }

    @Test(arguments: [("0.7.4", false), ("0.8.0", true), ("0.10", true), ("1.0.0", true), (nil, false)])
    func aVersionThatIsTooOldIsRefused(_ version: String?, isFit: Bool) {
        let problem = Result { try PgvectorExtension.check(version) }
        switch problem {
        case .success: #expect(isFit)
        case .failure(let failure): #expect(!isFit && (failure as? Failure)?.code == "pgvector_too_old")
        }
    }

    @Test func whoNamesNoServerIsToldWhatToSet() throws {
        let settings = try SettingsRegistry(MemoriesSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["memories.engine": "pgvector"])
        ])
        #expect {
            try EngineAccess(settings: settings, store: nil, metrics: MetricsRegistry())
        } throws: { error in
            (error as? Failure)?.code == "invalid_settings" && "\(error)".contains("memories.pgvector_url")
        }
    }
}
