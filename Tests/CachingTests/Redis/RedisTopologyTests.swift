import Core
import TestKit
import Testing

@testable import Caching

/// A real cluster of three servers, and a real failover by Sentinels.
@Suite(.timeLimit(.minutes(5))) struct RedisTopologyTests {
    @Test func keysGoToTheNodesThatHaveThem() async throws {
        let cluster = try await RedisCluster()
        try await RedisFixture.run(cluster.url, timeout: 5_000) { redis in
            try await redis.eventually { try await redis.set("a", "one") }
            for number in 0..<300 { try await redis.set("key \(number)", "\(number)") }
            for number in 0..<300 { #expect(try await redis.get("key \(number)") == "\(number)") }
            for server in cluster.servers {
                let count = try #require(Int(try await server.run("dbsize").first ?? ""))
                #expect(count > 50, "the keys are not spread")
            }
            #expect(redis.failures("redis_refused") == 0)
        }
    }

    /// A slot moves from one node to another while it is used: first single keys (ASK), then all of it (MOVED).
    @Test func movesOfASlotAreFollowed() async throws {
        let cluster = try await RedisCluster()
        try await RedisFixture.run(cluster.url, timeout: 5_000) { redis in
            try await redis.eventually { try await redis.set("{tag}a", "one") }
            let slot = String(HashSlot.of("{tag}a"))
            let count = try await Self.counts(cluster)
            let from = try #require(zip(cluster.servers, count).first { $1 == 1 }?.0)
            let to = try #require(zip(cluster.servers, count).first { $1 == 0 }?.0)
            let (fromID, toID) = (try await Self.identifier(from), try await Self.identifier(to))
            _ = try await to.run("cluster", "setslot", slot, "importing", fromID)
            _ = try await from.run("cluster", "setslot", slot, "migrating", toID)
            // It is new, so the old node sends it to the new one.
            try await redis.set("{tag}b", "two")
            #expect(try await redis.get("{tag}b") == "two")
            #expect(try await redis.get("{tag}a") == "one")
            #expect(try await to.run("dbsize").first == "1")
            _ = try await from.run("migrate", "127.0.0.1", String(to.port), "{tag}a", "0", "5000")
            for server in [to, from] { _ = try await server.run("cluster", "setslot", slot, "node", toID) }
            #expect(try await redis.get("{tag}a") == "one")
            #expect(try await redis.get("{tag}b") == "two")
            #expect(redis.failures("redis_refused") == 0)
        }
    }

    /// The keys of a node that is gone cost little, and those of the others are served.
    @Test func aNodeThatIsGoneDoesNotKeepTheOthersFromAnswering() async throws {
        let cluster = try await RedisCluster()
        for server in cluster.servers {
            _ = try await server.run("config", "set", "cluster-require-full-coverage", "no")
        }
        try await RedisFixture.run(cluster.url, timeout: 200) { redis in
            try await redis.eventually { try await redis.set("a", "one") }
            await cluster.servers[2].kill()
            var (answered, failed) = (0, 0)
            for number in 0..<300 {
                if await redis.failure(of: { try await redis.set("key \(number)", "x") }).code == nil {
                    answered += 1
                } else {
                    failed += 1
                }
            }
            #expect(answered > 150 && failed > 50, "\(answered) answered, \(failed) failed")
        }
    }

    /// The primary is killed; its replica takes its place, and is found.
    @Test func aFailoverIsFollowed() async throws {
        let sentinels = try await RedisSentinels()
        try await RedisFixture.run(sentinels.url, timeout: 200) { redis in
            try await redis.eventually { try await redis.set("a", "one") }
            #expect(try await sentinels.primary.run("get", "a") == ["one"])
            await sentinels.primary.kill()
            let (code, took) = await redis.failure { try await redis.set("a", "two") }
            #expect(code != nil && took < .seconds(5))
            try await sentinels.waitForFailover()
            try await redis.eventually { try await redis.set("a", "two") }
            #expect(try await sentinels.replica.run("get", "a") == ["two"])
        }
    }

    /// The primary becomes a replica while it goes on: it refuses what is written, which leads to the new one.
    @Test func aPrimaryThatBecomesAReplicaIsLeft() async throws {
        let sentinels = try await RedisSentinels()
        try await RedisFixture.run(sentinels.url, timeout: 1_000) { redis in
            try await redis.eventually { try await redis.set("a", "one") }
            try await sentinels.failOver()
            try await sentinels.waitForDemotion()
            try await redis.eventually { try await redis.set("a", "two") }
            #expect(try await sentinels.replica.run("get", "a") == ["two"])
        }
    }

    private static func counts(_ cluster: RedisCluster) async throws -> [Int] {
        var counts: [Int] = []
        for server in cluster.servers { counts.append(Int(try await server.run("dbsize").first ?? "") ?? -1) }
        return counts
    }

    private static func identifier(_ server: RedisServer) async throws -> String {
        try #require(try await server.run("cluster", "myid").first)
    }
}
