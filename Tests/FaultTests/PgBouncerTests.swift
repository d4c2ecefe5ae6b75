import Core
import Storage
import Telemetry
import TestKit
import Testing

/// Servers behind a real PgBouncer in transaction mode, where each transaction may run on another connection.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PgBouncerTests {
    private static let settings = ["storage.pool_mode=transaction", "commerce.reservation_sweep_interval=50"]

    @Test func aShopWorksBehindItAlsoWhenItIsKilled() async throws {
        var cluster = try await Cluster(count: 0)
        let bouncer = try await PgBouncer(before: cluster.server)
        let url = bouncer.url(cluster.name)
        for index in 0..<2 { cluster.shops.append(try await cluster.start(index, Self.settings, database: url)) }
        try await cluster.shops[0].stock(5, units: 1_000_000)
        var random = SeededRandom.fresh()
        let storms = try await cluster.storms(1, random.next()) {
            for _ in 0..<2 {
                try await Task.sleep(for: .milliseconds(500))
                await bouncer.kill()
                try await Task.sleep(for: .milliseconds(200))
                try await bouncer.restart()
            }
            try await Task.sleep(for: .milliseconds(500))
        }
        var ledger = WriteLedger()
        for (client, storm) in storms.enumerated() {
            #expect(storm.pending == nil && storm.acknowledged.count > 10, "client \(client)")
            try await ledger.settle(storm, on: cluster.shops[(client + 1) % 2])
        }
        try await cluster.withDatabase { try await ledger.expectInStore($0, "\(random)") }
        var product = try await RenamedProduct("renamed", on: cluster.shops[0])
        try await product.expectNoStaleRead(from: cluster.shops[0], to: cluster.shops[1], rounds: 20)
        try await LogReader.expectWholeLog(of: cluster)
        try await Self.expectReservationsToEnd(cluster)
        // Everything went through it, with no more connections than it has.
        #expect(try cluster.sessions("datname = '\(cluster.name)'") <= 8)
        await cluster.stop()
    }

    private static func expectReservationsToEnd(_ cluster: Cluster) async throws {
        let body = #"{"sku":"s0","quantity":1,"expires_in":1}"#
        let made = try await cluster.shops[0].send("POST", "/api/v1/inventory/reserve", body)
        let id = try #require(made["id"], "\(made.text)")
        #expect(
            try await eventually {
                try await cluster.shops[1].send("GET", "/api/v1/inventory/reservations/\(id)")["state"] == "expired"
            })
    }

    /// Those who keep losing take turns there too, and what is set for one transaction is not there in the next one.
    @Test func transactionsThatKeepLosingTakeTurns() async throws {
        let server = try PostgresServer()
        let name = String(try #require(try server.makeDatabase().split(separator: "/").last))
        let bouncer = try await PgBouncer(before: server, connections: 6)
        var options = PostgresOptions(url: bouncer.url(name))
        options.isSession = false
        let database = try await PostgresDatabase(options, metrics: MetricsRegistry())
        try await database.migrate([
            Schema(room: "test", [Migration(1, "make it", ["CREATE TABLE counts (id BIGINT PRIMARY KEY, n BIGINT)"])])
        ])
        try await database.write { _ = try $0.execute("INSERT INTO counts VALUES (1, 0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await database.write { transaction in
                        let count = try transaction.first("SELECT n FROM counts WHERE id = 1") { $0.integer(0) } ?? 0
                        _ = try transaction.execute("UPDATE counts SET n = \(count + 1) WHERE id = 1")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await database.read { try $0.first("SELECT n FROM counts") { $0.integer(0) } } == 60)
        let setting = "SELECT current_setting('idle_in_transaction_session_timeout')"
        #expect(try server.execute(setting, in: name) == "0\n")
        await database.close()
    }
}
