import ChangeLog
import Core
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Knowledge

/// A network to FalkorDB that is slow or split, and how much waits for it.
extension FalkorDBFaultTests {
    /// What a network does to a FalkorDB that is too slow to be waited for.
    static let slowness: [NetworkProxy.Condition] = [.delayed(.milliseconds(900)), .partitioned]

    private func world(
        _ server: FalkorDBServer, behind network: NetworkProxy, _ settings: [String: String]
    ) async throws -> KnowledgeWorld {
        let url = ["knowledge.falkordb_url": "redis://127.0.0.1:\(network.port)"]
        return try await world(server, url.merging(settings) { $1 })
    }

    private func findAll(_ world: KnowledgeWorld) throws -> Set<String> {
        var search = GraphSearch("twin")
        search.limit = 1_000
        return Set(try world.find(search, .node, .fullText))
    }

    @Test("One that answers late is waited for as long as it may take, and nothing is lost", arguments: slowness)
    func slow(_ condition: NetworkProxy.Condition) async throws {
        let server = try await FalkorDBServer()
        let network = try NetworkProxy(to: server.redis.port)
        let world = try await world(server, behind: network, ["knowledge.engine_timeout": "600"])
        try await world.nodes("a twin")
        network.set(.delayed(.milliseconds(40)))
        #expect(try find(world) == ["a twin"])
        network.set(condition)
        let before = failures(world, "search")
        for count in 1...3 {
            let start = ContinuousClock.now
            #expect(await failure { _ = try find(world) }?.code == "graph_engine_unavailable")
            #expect(ContinuousClock.now - start < .seconds(3))
            #expect(failures(world, "search") == before + count)
        }
        let start = ContinuousClock.now
        #expect(await failure { try await world.role.checkEngine() }?.code == "graph_engine_unavailable")
        #expect(ContinuousClock.now - start < .seconds(3), "who asks whether it is there waits no longer")
        for number in 0..<20 { try await add("twin \(number)", to: world) }
        network.set(.open)
        try await world.role.waitUntilFound(world.store.settledHead(), atMost: .seconds(60))
        try await wait { await failure { _ = try find(world) } == nil }
        #expect(try findAll(world) == Set(["a twin"] + (0..<20).map { "twin \($0)" }))
        try await world.role.checkEngine()
        #expect(count(world, "resets") == 0)
    }

    @Test("So many searches wait as are set, each with a thread")
    func searches() async throws {
        let server = try await FalkorDBServer()
        let world = try await world(server, ["knowledge.engine_searches": "2", "knowledge.engine_timeout": "60000"])
        try await world.nodes("twin")
        let waiting = Waiting()
        server.redis.stall()
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask(executorPreference: world.role.waitingThreads) { [self] in
                    waiting.change(by: 1)
                    defer { waiting.change(by: -1) }
                    return try find(world)
                }
            }
            try await wait { waiting.figures.now == 2 }
            server.redis.resume()
            for try await found in group { #expect(found == ["twin"]) }
        }
        #expect(waiting.figures.most == 2)
    }

    @Test("Each replica that is passed over is counted")
    func lateReplicas() async throws {
        let primary = try await FalkorDBServer()
        let replicas = try await [FalkorDBServer(replicaOf: primary), FalkorDBServer(replicaOf: primary)]
        let world = try await world(
            primary, ["knowledge.falkordb_replicas": replicas.map(\.url).joined(separator: ",")])
        try await world.nodes("twin")
        for replica in replicas { await replica.redis.kill() }
        let late = world.store.metrics.counter("graph_engine_late_replicas_total", "").with()
        let before = late.value
        for count in 1...3 {
            #expect(try find(world) == ["twin"])
            #expect(late.value == before + 2 * count)
        }
        let failures = failures(world, "search")
        #expect(failures == 0, "what the primary answers is no failure")
    }
}

/// How many wait at the same time, and how many did at most.
private final class Waiting: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var figures: (now: Int, most: Int) { state.withLock { $0 } }

    func change(by count: Int) {
        state.withLock { state in
            state.now += count
            state.most = max(state.most, state.now)
        }
    }
}
