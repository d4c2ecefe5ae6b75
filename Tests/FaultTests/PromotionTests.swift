import Core
import Storage
import Telemetry
import TestKit
import Testing

/// The primary is lost for good, and its synchronous standby takes its place.
@Suite(.timeLimit(.minutes(5))) struct PromotionTests {
    @Test func noAcknowledgedWriteIsLostWhenASynchronousStandbyIsPromoted() async throws {
        var cluster = try await Cluster(count: 0)
        let standby = try cluster.server.makeReplica(name: "standby")
        try cluster.server.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        try cluster.server.execute("SELECT pg_reload_conf()")
        let state = "SELECT sync_state FROM pg_stat_replication"
        #expect(try await eventually { try cluster.server.execute(state) == "sync\n" })
        let hosts = [cluster.server, standby].map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        let url = "postgres://postgres@\(hosts)/\(cluster.name)?target_session_attrs=read-write"
        for index in 0..<2 { cluster.shops.append(try await cluster.start(index, database: url)) }
        try await cluster.shops[0].stock(5, units: 1_000_000)
        let product = try await RenamedProduct("renamed", on: cluster.shops[0])
        var random = SeededRandom.fresh()
        let (shops, primary) = (cluster.shops, cluster.server)
        let storms = try await cluster.storms(1, random.next()) {
            var product = product
            try await product.expectNoStaleRead(from: shops[0], to: shops[1], rounds: 20)
            // Now the standby misses something, and nobody may be told of it.
            try standby.stop()
            try await Task.sleep(for: .milliseconds(300))
            try primary.kill()
            try standby.start()
            let reserve = #"{"sku":"s0","quantity":1,"reference":"never"}"#
            #expect(try await shops[0].send("POST", "/api/v1/inventory/reserve", reserve).status == 503)
            try standby.promote()
            #expect(
                try await eventually(within: .seconds(30)) {
                    try await shops[0].send("GET", "/api/v1/orders?limit=1").status == 200
                })
            try await product.expectNoStaleRead(from: shops[0], to: shops[1], rounds: 20)
            try await product.expectNoStaleRead(from: shops[1], to: shops[0], rounds: 20)
        }
        var ledger = WriteLedger()
        for (client, storm) in storms.enumerated() {
            #expect(storm.pending == nil && storm.acknowledged.count > 10, "client \(client)")
            try await ledger.settle(storm, on: cluster.shops[(client + 1) % 2])
        }
        #expect(storms.contains { $0.refusals > 0 })
        let promoted = Cluster(moved: cluster, to: standby)
        try await promoted.withDatabase { try await ledger.expectInStore($0, "\(random)") }
        try await LogReader.expectWholeLog(of: promoted)
        await cluster.stop()
    }
}
