import ChangeLog
import Core
import Foundation
import Telemetry
import TestKit
import Testing

@testable import Knowledge

/// What becomes of searches and writes when FalkorDB is not there or not fit. These servers are their own.
@Suite("FalkorDB that is away, slow, empty or not fit", .timeLimit(.minutes(5)))
struct FalkorDBFaultTests {
    static let tenant = TestStore.context.tenant

    func world(
        _ server: FalkorDBServer, _ settings: [String: String] = [:], on shared: TestStore? = nil
    ) async throws -> KnowledgeWorld {
        try await KnowledgeWorld(
            .falkorDB, settings: ["knowledge.falkordb_url": server.url].merging(settings) { $1 }, on: shared)
    }

    func failure(_ body: () async throws -> Void) async -> Failure? {
        do { try await body() } catch { return error as? Failure }
        return nil
    }

    func count(_ world: KnowledgeWorld, _ name: String) -> Int {
        world.store.metrics.counter("graph_engine_\(name)_total", "").with().value
    }

    func failures(_ world: KnowledgeWorld, _ operation: String) -> Int {
        world.store.metrics.counter("graph_engine_failures_total", "", labels: ["operation"]).with(operation).value
    }

    func find(_ world: KnowledgeWorld) throws -> [String] {
        try world.find(GraphSearch("twin"), .node, .fullText)
    }

    /// Writes a node without waiting until it is found.
    func add(_ name: String, to world: KnowledgeWorld) async throws {
        _ = try await world.store.log.write(TestStore.context) { [role = world.role] unit in
            let header = ElementHeader(id: name, createdAt: unit.now)
            try role.elements.put([ElementDraft(GraphNode(header, name: name))], in: unit)
        }
    }

    @Test("One that is away at the start is waited for")
    func awayAtTheStart() async throws {
        let server = try await FalkorDBServer()
        await server.redis.kill()
        let world = try await world(server)
        let early = await failure { try await world.role.checkEngine() }
        #expect(early?.code == "graph_engine_unavailable" && early?.kind == .unavailable && early?.retryAfter == 1)
        #expect(await failure { _ = try find(world) }?.code == "index_not_ready")
        #expect(!world.role.isReady)
        try await wait { failures(world, "check") > 0 }
        try await server.redis.restart()
        try await wait { world.role.isReady }
        try await world.nodes("twin")
        #expect(try find(world) == ["twin"])
        try await world.role.checkEngine()
        #expect(count(world, "resets") == 0)
    }

    @Test("One that goes and comes back empty is filled again from the tables")
    func goesAndComesBackEmpty() async throws {
        let server = try await FalkorDBServer()
        let world = try await world(server)
        try await world.nodes("a twin", "b twin")
        await server.redis.kill()
        let away = await failure { _ = try find(world) }
        #expect(away?.code == "graph_engine_unavailable" && away?.retryAfter == 1, "\(String(describing: away))")
        #expect(failures(world, "search") > 0)
        try await add("c twin", to: world)
        try await wait { failures(world, "write") > 0 || failures(world, "search") > 0 }
        try await server.redis.restart()
        try await world.role.waitUntilFound(world.store.settledHead(), atMost: .seconds(60))
        try await wait { await failure { _ = try find(world) } == nil }
        #expect(try find(world) == ["a twin", "b twin", "c twin"])
        #expect(count(world, "resets") == 1)
    }

    /// Nobody has written since, so nobody but who searches notices it: never with an answer that lacks something.
    @Test("One that was emptied behind the back of an idle server answers nothing wrong")
    func emptied() async throws {
        let server = try await FalkorDBServer()
        let world = try await world(server)
        try await world.nodes("a twin", "b twin")
        for emptying in [["flushall"], ["graph.delete", "\(try await prefix(world)):graph:\(Self.tenant.number)"]] {
            _ =
                try await emptying.count == 1
                ? server.redis.run(emptying[0]) : server.redis.run(emptying[0], emptying[1])
            var answers: [[String]] = []
            try await wait {
                guard let failure = await failure({ answers.append(try find(world)) }) else { return true }
                #expect(["graph_engine_behind", "index_not_ready"].contains(failure.code))
                return false
            }
            #expect(answers == [["a twin", "b twin"]])
        }
        #expect(count(world, "resets") == 2)
    }

    private func prefix(_ world: KnowledgeWorld) async throws -> String {
        try await GraphPlace.falkorDB.settings(for: world.store)["knowledge.falkordb_prefix"] ?? ""
    }

    @Test("One that comes back with an older file gets what was written since")
    func olderFile() async throws {
        let server = try await FalkorDBServer()
        let world = try await world(server)
        try await world.nodes("a twin", "b twin")
        _ = try await server.redis.run("save")
        try await world.nodes("c twin")
        try await world.write { [role = world.role] in try role.elements.delete(GraphNode.self, ["a twin"], in: $0) }
        await server.redis.kill()
        try await server.redis.restart()
        // Nobody rests between two attempts, so that the first answer is given as early as it is given at all.
        var answer: [String]?
        while answer == nil {
            answer = try? find(world)
            await Task.yield()
        }
        #expect(answer == ["b twin", "c twin"])
        #expect(count(world, "resets") == 0)
    }

    @Test("One that stands still is not waited for longer than it may take, and soon not at all")
    func standsStill() async throws {
        let server = try await FalkorDBServer()
        let world = try await world(server, ["knowledge.engine_timeout": "300"])
        try await world.nodes("twin")
        #expect(try find(world) == ["twin"])
        server.redis.stall()
        let start = ContinuousClock.now
        for _ in 0..<2 { #expect(await failure { _ = try find(world) }?.code == "graph_engine_unavailable") }
        #expect(ContinuousClock.now - start < .seconds(4))
        for _ in 0..<6 { _ = await failure { _ = try find(world) } }
        let left = await failure { _ = try find(world) }
        #expect(left?.message.contains("left alone") == true, "\(String(describing: left))")
        server.redis.resume()
        try await wait { await failure { _ = try find(world) } == nil }
        #expect(try find(world) == ["twin"])
    }

    @Test("What was known at a moment is found without one")
    func pastWithoutOne() async throws {
        let server = try await FalkorDBServer()
        let world = try await world(server)
        try await world.nodes("a twin", "b twin")
        let moment = world.store.time.now()
        world.store.time.advance(bySeconds: 60)
        await server.redis.kill()
        try await add("c twin", to: world)
        let later = try await self.world(server, GraphPlace.falkorDB.settingsOfAnother, on: world.store)
        #expect(!later.role.isReady)
        for world in [world, later] {
            let past = try await world.role.past(moment, of: Self.tenant)
            let found = try world.role.search(
                GraphSearch("twin"), .node, SectionSearch([.fullText]), of: Self.tenant, in: past)
            #expect(found.map(\.id) == ["a twin", "b twin"])
            #expect(try world.role.part(GraphFilters(), limit: 5, of: Self.tenant, in: past).nodes.count == 2)
            let around = GraphNeighborhood.Query(of: "a twin")
            #expect(try world.role.neighborhood(around, Self.tenant, in: past).nodes.isEmpty)
        }
    }

    @Test("A restart of the server goes on with what is there, and with what came since")
    func restart() async throws {
        let server = try await FalkorDBServer()
        let first = try await world(server)
        try await first.nodes("a twin", "b twin")
        await first.stop()
        try await add("c twin", to: first)
        let second = try await world(server, on: first.store)
        try await second.role.waitUntilFound(second.store.settledHead(), atMost: .seconds(60))
        #expect(try find(second) == ["a twin", "b twin", "c twin"])
        #expect(count(second, "resets") == 0)
        let rebuilds = second.store.metrics.counter("follower_rebuilds_total", "", labels: ["follower"])
        #expect(rebuilds.with("knowledge").value == 1, "the first start")
    }

    @Test("The graphs of another log are thrown away")
    func anotherLog() async throws {
        let server = try await FalkorDBServer()
        let first = try await world(server)
        try await first.nodes("a twin", "b twin")
        await first.stop()
        let other = try await world(
            server, ["knowledge.falkordb_prefix": try await prefix(first)])
        try await other.nodes("c twin")
        #expect(try find(other) == ["c twin"])
        #expect(count(other, "resets") == 1)
    }

    @Test("Vectors of another size have the graphs filled again")
    func anotherSize() async throws {
        let server = try await FalkorDBServer()
        let first = try await world(server)
        try await first.nodes("twin")
        await first.stop()
        let second = try await world(server, ["knowledge.dimensions": "4"], on: first.store)
        try await second.role.waitUntilFound(second.store.settledHead(), atMost: .seconds(60))
        try await second.write { [role = second.role] unit in
            let header = ElementHeader(id: "four", createdAt: unit.now)
            let node = GraphNode(header, name: "four")
            try role.elements.put([try role.elements.draft(node, embedding: [1, 0, 0, 0])], in: unit)
        }
        var search = GraphSearch("")
        search.embedding = [1, 0, 0, 0]
        #expect(try second.find(search, .node, .similarity) == ["four"])
    }

    // MARK: What somebody must correct

    @Test("What is not fit is told so, with what to do")
    func notFit() async throws {
        func check(_ url: String, _ settings: [String: String] = [:]) async throws -> Failure? {
            let world = try await KnowledgeWorld(
                .falkorDB, settings: ["knowledge.falkordb_url": url].merging(settings) { $1 })
            return await failure { try await world.role.checkEngine() }
        }
        let plain = try await RedisServer()
        let missing = try await check(plain.url)
        #expect(missing?.code == "falkordb_missing" && missing?.kind == .invalid)
        let locked = try await FalkorDBServer(arguments: ["--requirepass", "word"])
        #expect(try await check(locked.url)?.code == "falkordb_refused")
        let wrong = try await check("redis://:other@127.0.0.1:\(locked.redis.port)")
        #expect(wrong?.code == "falkordb_refused" && wrong?.kind == .invalid)
        #expect(try await check("redis://:word@127.0.0.1:\(locked.redis.port)") == nil)
        let cutting = try await FalkorDBServer(["RESULTSET_SIZE", "10"])
        let short = try await check(cutting.url)
        #expect(
            short?.code == "falkordb_unfit" && short?.message.contains("RESULTSET_SIZE") == true,
            "\(String(describing: short))")
        let hasty = try await FalkorDBServer(["TIMEOUT_MAX", "100"])
        #expect(try await check(hasty.url)?.message.contains("TIMEOUT_MAX") == true)
        #expect(try await check(hasty.url, ["knowledge.engine_timeout": "100"]) == nil)
        let primary = try await FalkorDBServer()
        let replica = try await FalkorDBServer(replicaOf: primary)
        #expect(try await check(replica.url)?.message.contains("knowledge.falkordb_replicas") == true)
    }

    @Test("Who names no server is told what to set")
    func nowhere() throws {
        let settings = try SettingsRegistry(KnowledgeSettings.all).values(from: [
            SettingsSource(name: "test", texts: ["knowledge.engine": "falkordb"])
        ])
        #expect {
            try GraphEngineAccess(settings: settings, metrics: MetricsRegistry())
        } throws: { error in
            (error as? Failure)?.code == "invalid_settings" && "\(error)".contains("knowledge.falkordb_url")
        }
    }

    // MARK: Replicas

    @Test("Replicas take turns at searches, and one that is late or away is passed over")
    func replicas() async throws {
        let primary = try await FalkorDBServer()
        let replicas = try await [FalkorDBServer(replicaOf: primary), FalkorDBServer(replicaOf: primary)]
        let world = try await world(
            primary,
            [
                "knowledge.falkordb_replicas": replicas.map(\.url).joined(separator: ","),
                "knowledge.engine_timeout": "1000",
            ])
        func asked(_ server: FalkorDBServer) async throws -> Int {
            try await server.redis.run("info", "commandstats").filter { $0.lowercased().contains("graph.ro_query:") }
                .compactMap { $0.firstMatch(of: /calls=(\d+)/).flatMap { Int($0.1) } }.reduce(0, +)
        }
        var expected: [String] = []
        for number in 0..<20 {
            try await world.nodes("twin \(number)")
            expected = (expected + ["twin \(number)"]).sorted()
            #expect(try find(world) == Array(expected.prefix(10)), "what was written is found")
        }
        // They have everything by now.
        let late = count(world, "late_replicas")
        for replica in replicas {
            try await wait {
                try await replica.redis.run("info", "replication").contains { $0.contains("master_link_status:up") }
            }
        }
        try await wait {
            let before = count(world, "late_replicas")
            for _ in 0..<4 { _ = try find(world) }
            return count(world, "late_replicas") == before
        }
        for replica in replicas { #expect(try await asked(replica) > 0) }
        await replicas[0].redis.kill()
        for _ in 0..<4 { #expect(try find(world).count == 10) }
        #expect(count(world, "late_replicas") > late)
        // One that does not follow any more answers what it had.
        _ = try await replicas[1].redis.run("replicaof", "no", "one")
        try await world.nodes("a twin")
        for _ in 0..<4 { #expect(try find(world).first == "a twin") }
    }

    // MARK: Settings

    @Test("Connections are as many as are set, and each has as many commands as are set")
    func connections() async throws {
        let server = try await FalkorDBServer()
        let world = try await world(
            server, ["knowledge.falkordb_connections": "5", "knowledge.falkordb_pipeline": "1"])
        try await world.nodes("twin")
        server.redis.stall()
        let searches = (0..<20).map { _ in Task { [world] in try find(world) } }
        server.redis.resume()
        for search in searches { #expect(try await search.value == ["twin"]) }
        for _ in 0..<20 { _ = try find(world) }
        let clients = try await server.redis.run("client", "list")
            .filter { $0.lowercased().contains("cmd=graph.ro_query") }
        #expect(clients.count == 5)
    }
}
