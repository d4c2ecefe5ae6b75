import Core
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Caching

/// Memory, then Redis, then the computation; and never what has changed.
@Suite(.timeLimit(.minutes(5))) struct CacheTests {
    /// An instance of a server: a cache with what it knows of changes, and the computations that it asked for.
    private struct Instance: Sendable {
        let cache: Cache
        let entities: EntityCache
        let metrics = MetricsRegistry()
        let runs = Computations()

        final class Computations: Sendable {
            let count = Atomic<Int>(0)
        }

        init(_ settings: [String: String] = [:]) throws {
            let values = try SettingsRegistry(CachingSettings.all).values(from: [
                SettingsSource(name: "test", texts: settings)
            ])
            entities = EntityCache(settings: values, metrics: metrics)
            // On event loops that outlive the test: what it keeps in Redis may be under way when it ends.
            let redis = RedisClient(settings: values, metrics: metrics)
            cache = Cache(entities, redis: redis, namespace: "test", settings: values, metrics: metrics)
        }

        /// Asks for a key; the computation reads at a position and finds a text.
        func ask(_ key: CacheKey, at position: Int64, finding text: String = "{}") async throws -> Cache.Answer {
            try await cache.answer(for: key, at: LogPosition(position)) { [runs] in
                runs.count.add(1, ordering: .relaxed)
                return Cache.Computed(CachedImage(json: Array(text.utf8), version: 1), at: LogPosition(position))
            }
        }

        var computed: Int { runs.count.load(ordering: .relaxed) }
    }

    private static let orderID = Identifier(high: 1, low: 2)
    private let order = CacheKey.entity(EntityCache.Key(.first, "order", orderID))
    private let orders = CacheKey.query(QueryKey(.first, "/orders?limit=5", entityTypes: ["order"]))

    /// Runs a closure with two instances of a real Redis.
    private func withInstances(
        _ settings: [String: String] = [:], _ body: (Instance, Instance, RedisServer) async throws -> Void
    ) async throws {
        let server = try await RedisServer()
        let all = ["cache.redis": server.url, "cache.redis_timeout": "1000"].merging(settings) { $1 }
        try await body(try Instance(all), try Instance(all), server)
    }

    /// Returns once Redis has as many keys: entries are sent there without anybody's waiting.
    private func waitForKeys(_ count: Int, _ server: RedisServer) async throws {
        while try await server.run("dbsize").first != String(count) {}
    }

    @Test func memoryAnswersFirst() async throws {
        let instance = try Instance()
        for key in [order, orders] {
            let first = try await instance.ask(key, at: 5)
            #expect(first.source == .computation && first.isStored && first.position == LogPosition(5))
            let second = try await instance.ask(key, at: 6)
            #expect(second.source == .memory && second.position == LogPosition(6))
        }
        #expect(instance.computed == 2)
    }

    @Test func aChangeEndsAnEntryInMemory() async throws {
        let instance = try Instance()
        for key in [order, orders] { _ = try await instance.ask(key, at: 5) }
        instance.entities.remove([.init(.first, "order", Self.orderID)], changedAt: LogPosition(6))
        instance.entities.changed(["order"], of: .first, at: LogPosition(6))
        for key in [order, orders] { #expect(try await instance.ask(key, at: 6).source == .computation) }
        instance.entities.changed(["product"], of: .first, at: LogPosition(7))
        instance.entities.changed(["order"], of: Tenant(2), at: LogPosition(8))
        for key in [order, orders] { #expect(try await instance.ask(key, at: 8).source == .memory) }
        instance.entities.changes.raiseFloor(to: LogPosition(9))
        for key in [order, orders] { #expect(try await instance.ask(key, at: 9).source == .computation) }
    }

    @Test func anotherInstanceFindsTheEntryInRedis() async throws {
        try await withInstances { one, other, server in
            for key in [order, orders] { _ = try await one.ask(key, at: 5, finding: #"{"n":5}"#) }
            try await waitForKeys(2, server)
            for key in [order, orders] {
                let answer = try await other.ask(key, at: 5)
                #expect(answer.source == .redis && answer.isStored)
                #expect(String(decoding: answer.image.json, as: UTF8.self) == #"{"n":5}"#)
                #expect(answer.image.version == 1)
                #expect(try await other.ask(key, at: 5).source == .memory)
            }
            #expect(other.computed == 0)
        }
    }

    /// The one that has followed the log further does not use what the other wrote before the change.
    @Test func anEntryOfRedisIsNotUsedAfterAChange() async throws {
        try await withInstances { one, other, server in
            for key in [order, orders] { _ = try await one.ask(key, at: 5) }
            try await waitForKeys(2, server)
            other.entities.remove([.init(.first, "order", Self.orderID)], changedAt: LogPosition(6))
            other.entities.changed(["order"], of: .first, at: LogPosition(6))
            for key in [order, orders] { #expect(try await other.ask(key, at: 6).source == .computation) }
        }
    }

    @Test func anEntryOfRedisBelowTheFloorIsNotUsed() async throws {
        try await withInstances { one, other, server in
            _ = try await one.ask(order, at: 5)
            try await waitForKeys(1, server)
            other.entities.changes.raiseFloor(to: LogPosition(6))
            #expect(try await other.ask(order, at: 6).source == .computation)
        }
    }

    @Test func garbageInRedisIsIgnored() async throws {
        try await withInstances { one, other, server in
            _ = try await one.ask(order, at: 5)
            try await waitForKeys(1, server)
            let key = try #require(try await server.run("keys", "*").first)
            #expect(key.hasPrefix("millrace:test:1:order:"))
            _ = try await server.run("set", key, "garbage")
            #expect(try await other.ask(order, at: 5).source == .computation)
            _ = try await server.run("del", key)
            _ = try await server.run("lpush", key, "another type")
            let third = try Instance()
            #expect(try await third.ask(order, at: 5).source == .computation)
        }
    }

    /// What is there of an entity that is gone is taken out.
    @Test func aFailedComputationTakesOutTheEntry() async throws {
        try await withInstances { one, other, server in
            _ = try await one.ask(order, at: 5)
            try await waitForKeys(1, server)
            other.entities.remove([.init(.first, "order", Self.orderID)], changedAt: LogPosition(6))
            await #expect(throws: Failure.self) {
                try await other.cache.answer(for: order, at: LogPosition(6)) { throw Failure.notFound("order", 1) }
            }
            try await waitForKeys(0, server)
        }
    }

    @Test func oneThousandCallersMakeOneComputation() async throws {
        try await withInstances { one, _, _ in
            let sources = try await withThrowingTaskGroup(of: Cache.Source.self) { group in
                for _ in 1...1_000 { group.addTask { try await one.ask(orders, at: 5).source } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(one.computed == 1)
            #expect(sources.count == 1_000 && sources.filter { $0 == .computation }.count == 1)
        }
    }

    /// A replica may have less than another caller's computation promised; whoever has seen more computes anew.
    @Test func aSharedComputationThatLacksWhatWasSeenIsNotTaken() async throws {
        let instance = try Instance()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        instance.entities.changes.begin(at: .start)
        instance.entities.changed(["order"], of: .first, at: LogPosition(5))
        let first = Task {
            try await instance.cache.answer(for: orders, at: LogPosition(5)) {
                begin.finish()
                for await _ in released {}
                return Cache.Computed(CachedImage(json: Array("old".utf8), version: nil), at: LogPosition(3))
            }
        }
        for await _ in begun {}
        async let second = instance.cache.answer(for: orders, at: LogPosition(5), atLeast: LogPosition(4)) {
            Cache.Computed(CachedImage(json: Array("new".utf8), version: nil), at: LogPosition(5))
        }
        // Time to join the first. Whoever comes later computes anyway, and must get the same.
        try await Task.sleep(for: .milliseconds(50))
        release.finish()
        let (old, new) = (try await first.value, try await second)
        #expect(old.image.json == Array("old".utf8) && old.position == LogPosition(3) && !old.isStored)
        #expect(new.image.json == Array("new".utf8) && new.position == LogPosition(5))
    }

    /// Redis is killed while callers run: all are answered, none waits for long, and it is used again afterwards.
    @Test(arguments: [true, false]) func callersAreAnsweredWithoutRedis(isKilled: Bool) async throws {
        try await withInstances(["cache.redis_timeout": "50", "cache.memory": "0"]) { one, _, server in
            #expect(try await one.ask(order, at: 5).source == .computation)
            if isKilled { await server.kill() } else { server.stall() }
            let longest = try await withThrowingTaskGroup(of: Duration.self) { group in
                for number in 0..<200 {
                    let key = CacheKey.entity(.init(.first, "order", Identifier(high: 9, low: UInt64(number))))
                    group.addTask {
                        let start = ContinuousClock.now
                        let source = try await one.ask(key, at: 5).source
                        #expect(source == .computation)
                        return ContinuousClock.now - start
                    }
                }
                return try await group.reduce(into: Duration.zero) { $0 = max($0, $1) }
            }
            #expect(longest < .seconds(5))
            if isKilled { try await server.restart() } else { server.resume() }
            while try await one.ask(order, at: 5).source != .redis {}
        }
    }

    @Test func theExpiryIsThatOfTheSetting() async throws {
        try await withInstances(["cache.redis_expiry": "100"]) { one, _, server in
            _ = try await one.ask(order, at: 5)
            try await waitForKeys(1, server)
            let key = try #require(try await server.run("keys", "*").first)
            let left = try #require(Int(try await server.run("ttl", key).first ?? ""))
            #expect((90...100).contains(left))
        }
    }

    @Test(arguments: ["0", "1"]) func theSettingSaysHowMuchOfQueriesIsKept(mebibytes: String) async throws {
        let instance = try Instance(["cache.query_memory": mebibytes])
        let json = String(repeating: " ", count: 2_000)
        for number in 0..<2_000 {
            _ = try await instance.ask(.query(QueryKey(.first, "\(number)", entityTypes: [])), at: 1, finding: json)
        }
        _ = PrometheusExposition.text(of: instance.metrics)
        let bytes = instance.metrics.gauge("cache_bytes", "", labels: ["cache"]).with("queries").value
        let most = (Double(mebibytes) ?? 0) * 1_048_576
        #expect(bytes <= most && bytes >= most * 0.9)
    }

    @Test func queriesOfTenantsAreKeptApart() async throws {
        let instance = try Instance()
        _ = try await instance.ask(orders, at: 5)
        let other = CacheKey.query(QueryKey(Tenant(2), "/orders?limit=5", entityTypes: ["order"]))
        #expect(try await instance.ask(other, at: 5).source == .computation)
        #expect(order.text != other.text && orders.text != other.text)
    }
}
