import Core
import Storage
import TestKit
import Testing

/// Processes that stand still for a while and go on, and connections that others hold up.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StandstillTests {
    private static let shortTimes = [
        "storage.statement_timeout=1500", "storage.connect_timeout=500", "storage.acquire_timeout=1000",
        "api.position_wait=500",
    ]
    private static let reserve = #"{"sku":"s0","quantity":1}"#

    /// One that stands still in the middle of its work, for longer than its lease, neither keeps others from the work
    /// nor does it a second time.
    @Test func anInstanceThatStandsStillLosesItsLease() async throws {
        let cluster = try await Cluster(
            settings: Self.shortTimes + ["leases.duration=3", "commerce.reservation_sweep_interval=50"])
        try await cluster.shops[0].stock(1, units: 100)
        #expect(try await eventually { try await Self.holders(cluster.shops).count == 1 })
        let holder = try #require(try await Self.holders(cluster.shops).first)
        let (still, other) = (cluster.shops[holder], cluster.shops[1 - holder])
        try await Self.reserveForASecond(other, 20)
        // The sweeper waits for the stock within its transaction. Then it stands still, and the stock is its own.
        let held = try await HeldTransaction(cluster.url, "SELECT 1 FROM balances FOR UPDATE")
        #expect(try await eventually { try cluster.sessions("wait_event_type = 'Lock'") > 0 })
        still.process.stall()
        try await held.end()
        #expect(try await eventually(within: .seconds(20)) { try await Self.reserved(other) == 0 })
        #expect(try await Self.holders([other]) == [0])
        still.process.resume()
        #expect(try await eventually { try await still.send("GET", "/ready").status == 200 })
        #expect(try await Self.holders([still]) == [])
        try await Self.reserveForASecond(still, 5)
        #expect(try await eventually { try await Self.reserved(still) == 0 })
        try await cluster.withDatabase { database in
            let query: SQL = "SELECT COUNT(*) FROM changes WHERE entity_type = 'reservation' AND operation = 'update'"
            let ends = try await database.read { try $0.first(query) { $0.integer(0) } }
            #expect(ends == 25)
            try await WriteLedger().expectInStore(database, "after the standstill")
        }
        await cluster.stop()
    }

    @Test func aDatabaseThatStandsStillCostsNothing() async throws {
        let cluster = try await Cluster(settings: Self.shortTimes)
        try await cluster.shops[0].stock(5, units: 1_000_000)
        var random = SeededRandom.fresh()
        let storms = try await cluster.storms(1, random.next()) {
            try await Task.sleep(for: .milliseconds(500))
            try cluster.server.stall()
            for shop in cluster.shops {
                let answer = try await shop.send("POST", "/api/v1/inventory/reserve", Self.reserve)
                #expect(answer.status == 503 && answer.headers["retry-after"] != nil, "\(answer.text)")
            }
            try cluster.server.resume()
            for shop in cluster.shops {
                #expect(try await eventually { try await shop.send("GET", "/api/v1/orders").status == 200 })
            }
            try await Task.sleep(for: .seconds(3))
        }
        #expect(storms.contains { $0.refusals > 0 })
        var ledger = WriteLedger()
        for (client, storm) in storms.enumerated() {
            #expect(storm.pending == nil && storm.acknowledged.count > 20, "client \(client)")
            try await ledger.settle(storm, on: cluster.shops[(client + 1) % 2])
        }
        try await cluster.withDatabase { try await ledger.expectInStore($0, "\(random)") }
        await cluster.stop()
    }

    /// A few requests hold all connections; the others are refused in time, and none of them piles up.
    @Test func whoFindsNoConnectionIsRefusedInTime() async throws {
        let settings = [
            "storage.pool_min=1", "storage.pool_max=3", "storage.acquire_timeout=300", "storage.statement_timeout=3000",
        ]
        let cluster = try await Cluster(count: 1, settings: settings)
        let shop = cluster.shops[0]
        try await shop.stock(1, units: 1_000)
        let held = try await HeldTransaction(cluster.url, "LOCK TABLE balances IN ACCESS EXCLUSIVE MODE")
        typealias Refusal = (answer: RawConnection.Response, time: Duration)
        let refused = try await withThrowingTaskGroup(of: Refusal.self) { group in
            for _ in 0..<30 {
                let connection = try shop.connect()
                group.addTask {
                    let start = ContinuousClock.now
                    let answer = try await connection.exchange("POST", "/api/v1/inventory/reserve", Self.reserve)
                    return (answer, ContinuousClock.now - start)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refused.allSatisfy { $0.answer.status == 503 && $0.answer.headers["retry-after"] == "1" })
        let busy = refused.filter { $0.answer.code == "storage_busy" }
        #expect(busy.count >= 20, "\(refused.map(\.answer.code))")
        for (_, time) in busy { #expect(time > .milliseconds(290) && time < .seconds(2)) }
        for (_, time) in refused { #expect(time < .seconds(5)) }
        #expect(try await shop.send("GET", "/api/v1/orders").status == 200)
        try await held.end()
        #expect(try await shop.send("POST", "/api/v1/inventory/reserve", Self.reserve).status == 201)
        #expect(try await Self.reserved(shop) == 1)
        let waiting = #"database_connections{server="primary",state="waiting"}"#
        #expect(try await eventually { try await shop.metric(waiting) == 0 })
        await cluster.stop()
    }

    private static func reserveForASecond(_ shop: Shop, _ count: Int) async throws {
        for _ in 0..<count {
            let body = #"{"sku":"s0","quantity":1,"expires_in":1}"#
            #expect(try await shop.send("POST", "/api/v1/inventory/reserve", body).status == 201)
        }
    }

    private static func reserved(_ shop: Shop) async throws -> Int? {
        guard case .number(let text) = try await shop.send("GET", "/api/v1/inventory/s0").json["reserved"] else {
            return nil
        }
        return Int(text)
    }

    /// Which of these servers sweep reservations.
    private static func holders(_ shops: [Shop]) async throws -> [Int] {
        var holders: [Int] = []
        for (index, shop) in shops.enumerated()
        where try await shop.metric(#"lease_held{lease="reservation_sweeper"}"#) == 1 {
            holders.append(index)
        }
        return holders
    }
}
