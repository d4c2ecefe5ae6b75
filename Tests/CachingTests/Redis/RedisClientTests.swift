import Core
import NIOCore
import Telemetry
import TestKit
import Testing

@testable import Caching

/// One real server, well and otherwise.
@Suite(.timeLimit(.minutes(5))) struct RedisClientTests {
    @Test func valuesAreKeptFoundAndTakenOut() async throws {
        let server = try await RedisServer()
        try await RedisFixture.run(server.url) { redis in
            #expect(try await redis.get("a") == nil)
            try await redis.set("a", "one")
            #expect(try await redis.get("a") == "one")
            let bytes = ByteBuffer(bytes: (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            try await redis.client.set("large", bytes, expiresAfter: .seconds(60))
            #expect(try await redis.client.get("large") == bytes)
            #expect(try await redis.client.unlink("a"))
            #expect(try await !redis.client.unlink("a"))
            #expect(try await redis.get("a") == nil)
        }
    }

    @Test func valuesExpire() async throws {
        let server = try await RedisServer()
        try await RedisFixture.run(server.url) { redis in
            try await redis.set("a", "one")
            let left = try #require(Int(try await server.run("pttl", "a").first ?? ""))
            #expect((50_000...60_000).contains(left))
            try await redis.client.set("b", ByteBuffer(string: "x"), expiresAfter: .milliseconds(1))
            // The time limit of the suite ends this where it does not.
            while try await redis.get("b") != nil {}
        }
    }

    /// Replies that went to the wrong callers would be seen here.
    @Test func manyCallersShareAConnection() async throws {
        let server = try await RedisServer()
        try await RedisFixture.run(server.url, timeout: 10_000) { redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<500 {
                    group.addTask {
                        for round in 0..<10 {
                            try await redis.set("key \(caller)", "\(caller) \(round)")
                            let value = try await redis.get("key \(caller)")
                            #expect(value == "\(caller) \(round)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let clients = try await server.run("client", "list").filter {
                $0.contains("cmd=get") || $0.contains("cmd=set")
            }
            #expect((1...2).contains(clients.count), "each event loop has one connection, not \(clients.count)")
        }
    }

    @Test func aPasswordAndADatabaseAreUsed() async throws {
        let server = try await RedisServer(["--requirepass", "p@ss"])
        try await RedisFixture.run("redis://:p%40ss@127.0.0.1:\(server.port)/3") { redis in
            try await redis.set("a", "one")
            #expect(try await server.run("-a", "p@ss", "-n", "3", "get", "a").contains("one"))
            #expect(try await !server.run("-a", "p@ss", "-n", "0", "get", "a").contains("one"))
        }
        try await RedisFixture.run("redis://:wrong@127.0.0.1:\(server.port)") { redis in
            let code = await redis.failure { try await redis.set("a", "two") }.code
            #expect(code == "redis_refused")
        }
    }

    @Test func whatIsNoRedisIsNoticed() async throws {
        let server = try await RedisServer()
        try await RedisFixture.run(server.url) { redis in
            _ = try await server.run("lpush", "list", "x")
            let code = await redis.failure { _ = try await redis.get("list") }.code
            #expect(code == "redis_refused")
            #expect(redis.failures("redis_refused") == 1)
            try await redis.set("a", "one")
        }
    }

    /// A server that is gone costs a bounded wait, then nothing, and is used again when it is back.
    @Test func aServerThatWasKilledIsLeftAloneUntilItIsBack() async throws {
        let server = try await RedisServer()
        try await RedisFixture.run(server.url, timeout: 100) { redis in
            try await redis.set("a", "one")
            await server.kill()
            try await Self.expectBoundedWaitsThenOpenCircuit(redis)
            try await server.restart()
            try await redis.eventually { try await redis.set("a", "two") }
            #expect(try await redis.get("a") == "two")
            #expect(Self.isUp(redis, server))
        }
    }

    /// The same for one that is there and does not answer.
    @Test func aServerThatStallsIsLeftAloneUntilItAnswers() async throws {
        let server = try await RedisServer()
        try await RedisFixture.run(server.url, timeout: 100) { redis in
            try await redis.set("a", "one")
            server.stall()
            try await Self.expectBoundedWaitsThenOpenCircuit(redis)
            #expect(redis.failures("redis_timeout") > 0)
            #expect(!Self.isUp(redis, server))
            server.resume()
            try await redis.eventually { try await redis.set("a", "two") }
            #expect(try await redis.get("a") == "two")
        }
    }

    /// The wait of the setting, and no more: with a longer one the same stall takes longer.
    @Test(arguments: [50, 400]) func theSettingBoundsTheWait(milliseconds: Int) async throws {
        let server = try await RedisServer()
        try await RedisFixture.run(server.url, timeout: milliseconds) { redis in
            try await redis.eventually { try await redis.set("a", "one") }
            server.stall()
            let (code, took) = await redis.failure { _ = try await redis.get("a") }
            #expect(code == "redis_timeout")
            #expect(took >= .milliseconds(milliseconds) && took < .milliseconds(milliseconds + 5_000))
            let spent = redis.metrics.histogram("redis_command_duration_seconds", "", labels: ["command"]).with("get")
            #expect(spent.distribution.sum >= Double(milliseconds) / 1_000)
            server.resume()
        }
    }

    @Test func aClosedClientSaysSo() async throws {
        let server = try await RedisServer()
        try await RedisFixture.run(server.url) { redis in
            try await redis.set("a", "one")
            await redis.client.close()
            let code = await redis.failure { try await redis.set("a", "two") }.code
            #expect(code == "redis_closed")
        }
    }

    private static func isUp(_ redis: RedisFixture, _ server: RedisServer) -> Bool {
        redis.metrics.gauge("redis_up", "", labels: ["server"]).with("127.0.0.1:\(server.port)").value == 1
    }

    /// Many callers at once: none waits for longer than the timeout with room for a busy machine, and in the end they
    /// are refused at once.
    private static func expectBoundedWaitsThenOpenCircuit(_ redis: RedisFixture) async throws {
        let waits = await withTaskGroup(of: Duration.self) { group in
            for _ in 1...100 {
                group.addTask { await redis.failure { _ = try await redis.get("a") }.took }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(waits.max() ?? .zero < .seconds(5))
        // Now and then one is let through to see whether the server is back, so several ask.
        var refused: [Duration] = []
        for _ in 1...20 {
            let (code, took) = await redis.failure { _ = try await redis.get("a") }
            if code == "redis_circuit_open" { refused.append(took) }
        }
        #expect(try #require(refused.min()) < .milliseconds(50), "it must not be waited for")
    }
}
