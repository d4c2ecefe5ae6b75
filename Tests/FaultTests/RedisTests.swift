import Core
import TestKit
import Testing

/// A server whose Redis is killed, stalled or filled with nonsense goes on without it.
@Suite(.timeLimit(.minutes(5))) struct RedisTests {
    private static func settings(_ redis: RedisServer) -> [String] {
        // Nothing in memory, so each answer would need Redis.
        [
            "cache.redis=\(redis.url)", "cache.redis_timeout=100", "cache.memory=0", "cache.query_memory=0",
        ]
    }

    private static let list = "/api/v1/products?limit=5"

    private static func status(_ shop: Shop) async throws -> String? {
        let answer = try await shop.send("GET", list)
        #expect(answer.status == 200)
        return answer.headers["cache-status"]
    }

    private static func isFromRedis(_ shop: Shop) async throws -> Bool {
        try await status(shop) == "millrace; hit; detail=redis"
    }

    @Test(arguments: [true, false]) func requestsAreAnsweredWhileRedisIsGone(isKilled: Bool) async throws {
        let redis = try await RedisServer()
        try await Shop.run(settings: Self.settings(redis)) { shop in
            try await shop.stock(3, units: 1)
            #expect(try await eventually { try await Self.isFromRedis(shop) })
            if isKilled { await redis.kill() } else { redis.stall() }
            let connection = try shop.connect()
            var longest = Duration.zero
            for number in 1...100 {
                let start = ContinuousClock.now
                let answer = try await connection.exchange("GET", "\(Self.list)&sku=\(number)")
                longest = max(longest, ContinuousClock.now - start)
                #expect(answer.status == 200 && answer.headers["cache-status"] == "millrace; fwd=uri-miss")
            }
            #expect(longest < .seconds(5))
            let metrics = try await shop.send("GET", "/metrics").text
            #expect(metrics.contains(#"redis_up{server="127.0.0.1:\#(redis.port)"} 0"#))
            #expect(metrics.contains(#"redis_errors_total{code="redis_circuit_open"}"#))
            if isKilled { try await redis.restart() } else { redis.resume() }
            #expect(try await eventually(within: .seconds(20)) { try await Self.isFromRedis(shop) })
        }
    }

    /// A server that starts anew does not use what was read before it knew of changes.
    @Test func aServerThatStartsAnewUsesNoEntryOfTheTimeBefore() async throws {
        let redis = try await RedisServer()
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        let first = try await Shop(data: data, settings: Self.settings(redis))
        try await first.stock(1, units: 1)
        #expect(try await eventually { try await Self.isFromRedis(first) })
        #expect(await first.process.stop() == 0)
        // One changes the data without Redis, as a restored or an older server would.
        let second = try await Shop(data: data)
        for sku in ["b", "c"] {
            let product = #"{"sku":"\#(sku)","name":"Thing","price":"3.33","currency":"USD"}"#
            #expect(try await second.send("POST", "/api/v1/products", product).status == 201)
        }
        #expect(await second.process.stop() == 0)
        let third = try await Shop(data: data, settings: Self.settings(redis))
        let answer = try await third.send("GET", Self.list)
        guard case .array(let items) = answer.json["items"] else {
            Issue.record("The list has no items.")
            return
        }
        #expect(items.count == 3)
        #expect(await third.process.stop() == 0)
    }

    @Test func nonsenseInRedisIsIgnored() async throws {
        let redis = try await RedisServer()
        try await Shop.run(settings: Self.settings(redis)) { shop in
            try await shop.stock(1, units: 1)
            #expect(try await eventually { try await Self.isFromRedis(shop) })
            for key in try await redis.run("keys", "*") { _ = try await redis.run("set", key, "nonsense") }
            let answer = try await shop.send("GET", Self.list)
            #expect(answer.status == 200 && answer.json["items"] != nil)
            #expect(answer.headers["cache-status"] == "millrace; fwd=uri-miss")
        }
    }

    @Test func anAddressThatIsNoneStopsTheStart() async throws {
        let directory = try TemporaryDirectory()
        let result = try await ServerProcess.run([
            "serve", "--data", directory.file("data"), "--port", "0", "--set", "cache.redis=http://user:secret@cache",
        ])
        #expect(result.status != 0)
        #expect(result.errors.contains("redis+sentinel://") && !result.errors.contains("secret"))
    }
}
