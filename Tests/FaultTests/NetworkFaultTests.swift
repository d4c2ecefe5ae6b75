import Core
import Storage
import Synchronization
import TestKit
import Testing

/// Servers whose network to their database or to Redis is slow or split.
@Suite(.serialized, .timeLimit(.minutes(5))) struct NetworkFaultTests {
    /// Times that are over soon, so that a test need not wait for those of an operator.
    private static let shortTimes = [
        "storage.statement_timeout=1500", "storage.connect_timeout=500", "storage.acquire_timeout=1000",
        "api.position_wait=500",
    ]
    /// How long a request may take when the database is out of reach: it waits for the answers to those before it and
    /// for its own, each two seconds longer than a statement may run, and for a connection that is not made.
    private static let longestRefusal = Duration.seconds(9)
    /// How long a write of the other instance may take: as long as those who are out of reach keep their locks.
    private static let longestWrite = Duration.seconds(4)

    /// Who waits for a lock for longer than a group of writes does, so in a transaction of their own.
    private static let longWait = "wait_event_type = 'Lock' AND now() - state_change > interval '200 ms'"

    @Test func aPartitionedInstanceRefusesWhileTheOtherGoesOn() async throws {
        let cluster = try await Cluster(settings: Self.shortTimes, hasNetworks: true)
        try await cluster.shops[0].stock(5, units: 1_000_000)
        let product = try await RenamedProduct("renamed", on: cluster.shops[1])
        let isOver = StopFlag()
        async let firstReader = LogReader.following(cluster.shops[0], until: isOver)
        async let secondReader = LogReader.following(cluster.shops[1], until: isOver)
        var random = SeededRandom.fresh()
        let storms = try await cluster.storms(1, random.next()) { try await Self.split(cluster, product) }
        isOver.raise()
        for (client, storm) in storms.enumerated() where client % 2 == 1 {
            #expect(storm.longest < Self.longestWrite, "client \(client)")
        }
        var ledger = WriteLedger()
        for (client, storm) in storms.enumerated() {
            #expect(storm.pending == nil && storm.acknowledged.count > 20, "client \(client)")
            try await ledger.settle(storm, on: cluster.shops[(client + 1) % 2])
        }
        try await cluster.withDatabase { try await ledger.expectInStore($0, "\(random)") }
        try await LogReader.expectWholeLog(of: cluster, [firstReader, secondReader])
        await cluster.stop()
    }

    /// Splits the network of the first instance for a while, asks both all the time, and waits until it has healed.
    private static func split(_ cluster: Cluster, _ renamed: RenamedProduct) async throws {
        var product = renamed
        let (far, near) = (cluster.shops[0], try cluster.shops[1].connect())
        try await product.expectNoStaleRead(from: cluster.shops[1], to: far, rounds: 5)
        cluster.networks[0].set(.partitioned)
        let end = ContinuousClock.now + .seconds(8)
        while ContinuousClock.now < end {
            let seen = ["Millrace-Position: \(try await product.rename(near))"]
            for (method, path, body) in [
                ("GET", product.path, nil), ("GET", "/api/v1/products?sku=renamed", nil),
                ("POST", "/api/v1/inventory/reserve", #"{"sku":"s0","quantity":1,"reference":"never"}"#),
            ] {
                let start = ContinuousClock.now
                let answer = try await far.send(method, path, body, headers: seen)
                #expect(answer.status == 503 && answer.headers["retry-after"] != nil, "\(path): \(answer.text)")
                #expect(ContinuousClock.now - start < longestRefusal, "\(path): \(answer.text)")
            }
        }
        cluster.networks[0].set(.open)
        #expect(try await eventually { try await far.send("GET", "/api/v1/orders?limit=1").status == 200 })
        #expect(
            try await eventually { try await far.send("POST", "/api/v1/keys", #"{"name":"k"}"#).status < 500 })
        try await product.expectNoStaleRead(from: cluster.shops[1], to: far, rounds: 20)
        try await product.expectNoStaleRead(from: far, to: cluster.shops[1], rounds: 20)
    }

    /// A transaction that waits for its instance ends, and with it what it has locked.
    @Test func aPartitionedInstanceKeepsNoLock() async throws {
        let cluster = try await Cluster(settings: Self.shortTimes, hasNetworks: true)
        try await cluster.shops[0].stock(1, units: 10)
        let reserve = #"{"sku":"s0","quantity":1}"#
        let held = try await HeldTransaction(cluster.url, "SELECT 1 FROM balances FOR UPDATE")
        let far = cluster.shops[0]
        async let refused = far.send("POST", "/api/v1/inventory/reserve", reserve)
        #expect(try await eventually { try cluster.sessions(Self.longWait) > 0 })
        cluster.networks[0].set(.partitioned)
        try await held.end()
        // What it waited for is its own now, and nobody goes on with it.
        #expect(try await eventually { try cluster.sessions("state = 'idle in transaction'") > 0 })
        let start = ContinuousClock.now
        let answer = try await cluster.shops[1].send("POST", "/api/v1/inventory/reserve", reserve)
        #expect(answer.status == 201, "\(answer.text)")
        #expect(ContinuousClock.now - start < Self.longestWrite)
        #expect(try await refused.status == 503)
        cluster.networks[0].set(.open)
        #expect(try await eventually { try await far.send("POST", "/api/v1/inventory/reserve", reserve).status == 201 })
        #expect(try await far.send("GET", "/api/v1/inventory/s0").json["reserved"] == .integer(2))
        await cluster.stop()
    }

    @Test func aSlowLinkIsSlowAndRight() async throws {
        let cluster = try await Cluster(hasNetworks: true)
        try await cluster.shops[0].stock(5, units: 1_000_000)
        var product = try await RenamedProduct("renamed", on: cluster.shops[1])
        cluster.networks[0].set(.delayed(.milliseconds(30)))
        var random = SeededRandom.fresh()
        let storms = try await cluster.storms(1, random.next(), times: 6) {}
        var ledger = WriteLedger()
        for (client, storm) in storms.enumerated() {
            #expect(storm.acknowledged.count == 6 && storm.refusals == 0)
            // Each write needs an answer, and its commit another one.
            if client % 2 == 0 { #expect(storm.longest >= .milliseconds(120)) }
            try await ledger.settle(storm, on: cluster.shops[(client + 1) % 2])
        }
        try await cluster.withDatabase { try await ledger.expectInStore($0, "\(random)") }
        try await product.expectNoStaleRead(from: cluster.shops[0], to: cluster.shops[1], rounds: 4)
        try await product.expectNoStaleRead(from: cluster.shops[1], to: cluster.shops[0], rounds: 4)
        await cluster.stop()
    }

    @Test func aPartitionedRedisIsGoneWithout() async throws {
        let redis = try await RedisServer()
        let network = try NetworkProxy(to: redis.port)
        var cluster = try await Cluster(count: 0)
        // Nothing in memory, so each answer would need Redis.
        let settings = ["cache.redis_timeout=100", "cache.memory=0", "cache.query_memory=0"]
        for (index, port) in [network.port, redis.port].enumerated() {
            cluster.shops.append(try await cluster.start(index, settings + ["cache.redis=redis://127.0.0.1:\(port)"]))
        }
        let far = cluster.shops[0]
        var product = try await RenamedProduct("renamed", on: far)
        let list = "/api/v1/products?sku=renamed"
        let isFromRedis = { try await far.send("GET", list).headers["cache-status"] == "millrace; hit; detail=redis" }
        #expect(try await eventually { try await isFromRedis() })
        try await product.expectNoStaleRead(from: cluster.shops[1], to: far, rounds: 10)
        network.set(.partitioned)
        for number in 1...20 {
            // What nobody has seen goes past Redis, so others ask as well.
            try await product.expectNoStaleRead(from: cluster.shops[1], to: far, rounds: 1)
            let start = ContinuousClock.now
            #expect(try await far.send("GET", "/api/v1/products?sku=\(number)").status == 200)
            #expect(ContinuousClock.now - start < .seconds(1))
        }
        let metrics = try await far.send("GET", "/metrics").text
        for line in [
            #"redis_up{server="127.0.0.1:\#(network.port)"} 0"#, #"redis_errors_total{code="redis_circuit_open"}"#,
        ] {
            let isThere = metrics.contains(line)
            #expect(isThere, "\(line)")
        }
        network.set(.open)
        #expect(try await eventually(within: .seconds(20)) { try await isFromRedis() })
        try await product.expectNoStaleRead(from: cluster.shops[1], to: far, rounds: 10)
        try await product.expectNoStaleRead(from: far, to: cluster.shops[1], rounds: 10)
        await cluster.stop()
    }
}
