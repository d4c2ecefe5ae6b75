import Core
import TestKit
import Testing

/// Two servers on one database, of which one believes that it is an hour later.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ClockSkewTests {
    private static let settings = ["leases.duration=3", "commerce.reservation_sweep_interval=50"]

    /// The fast one starts first, so it has the leases.
    private static func cluster() async throws -> Cluster {
        var cluster = try await Cluster(count: 0)
        let skew = try SkewedClock.environment(ahead: .seconds(3_600))
        cluster.shops.append(try await cluster.start(0, settings, environment: skew))
        #expect(try await eventually { try await isSweeping(cluster.shops[0]) })
        cluster.shops.append(try await cluster.start(1, settings))
        // The clocks do differ.
        let dates = try await [cluster.shops[0].send("GET", "/ready"), cluster.shops[1].send("GET", "/ready")]
            .map { $0.headers["date"]?.dropLast(":00 GMT".count) }
        #expect(dates[0] != dates[1])
        return cluster
    }

    private static func isSweeping(_ shop: Shop) async throws -> Bool {
        try await shop.metric(#"lease_held{lease="reservation_sweeper"}"#) == 1
    }

    private static func reserve(_ shop: Shop, for seconds: Int) async throws -> RawConnection.Response {
        let body = #"{"sku":"s0","quantity":1,"expires_in":\#(seconds)}"#
        let made = try await shop.send("POST", "/api/v1/inventory/reserve", body)
        try #require(made.status == 201, "\(made.text)")
        return made
    }

    /// Whichever server makes a reservation and whichever ends it, it lives as long as was asked for.
    @Test func reservationsLiveAsLongAsWasAskedFor() async throws {
        var cluster = try await Self.cluster()
        try await cluster.shops[0].stock(1, units: 100)
        // First the fast one sweeps, and then the right one.
        for sweeper in 0...1 {
            #expect(try await eventually { try await Self.isSweeping(cluster.shops[sweeper]) })
            var long: [String] = []
            for shop in cluster.shops {
                long.append(try #require(try await Self.reserve(shop, for: 1_800)["id"]))
                for made in [try await Self.reserve(shop, for: 1)] {
                    let id = try #require(made["id"])
                    let start = ContinuousClock.now
                    #expect(
                        try await eventually {
                            try await cluster.shops[1].send("GET", "/api/v1/inventory/reservations/\(id)")["state"]
                                == "expired"
                        })
                    #expect(ContinuousClock.now - start > .milliseconds(500))
                }
            }
            for id in long {
                let reservation = try await cluster.shops[1].send("GET", "/api/v1/inventory/reservations/\(id)")
                #expect(reservation["state"] == "held", "\(reservation.text)")
            }
            guard sweeper == 0 else { break }
            #expect(await cluster.shops[0].process.stop() == 0)
            cluster.shops[0] = cluster.shops[1]
        }
        #expect(await cluster.shops[1].process.stop() == 0)
    }

    @Test func theLogAndTheKeysOfRequestsHold() async throws {
        let cluster = try await Self.cluster()
        try await cluster.shops[0].stock(5, units: 1_000_000)
        var random = SeededRandom.fresh()
        let storms = try await cluster.storms(1, random.next(), times: 40) {}
        var ledger = WriteLedger()
        for (client, storm) in storms.enumerated() {
            #expect(storm.acknowledged.count == 40)
            // What one answered under a key, the other answers too.
            try await ledger.settle(storm, on: cluster.shops[(client + 1) % 2])
        }
        try await cluster.withDatabase { try await ledger.expectInStore($0, "\(random)") }
        var product = try await RenamedProduct("renamed", on: cluster.shops[1])
        try await product.expectNoStaleRead(from: cluster.shops[1], to: cluster.shops[0], rounds: 10)
        try await product.expectNoStaleRead(from: cluster.shops[0], to: cluster.shops[1], rounds: 10)
        // Lists begin with what is newest, whoever made it.
        for number in 0..<4 {
            let newest = try await RenamedProduct("newest-\(number)", on: cluster.shops[number % 2])
            // Without its position another server may answer from before it.
            let list = try await cluster.shops[1].send(
                "GET", "/api/v1/products?limit=1", headers: ["Millrace-Position: \(newest.position)"])
            #expect(list.text.contains(newest.sku), "\(list.text)")
        }
        try await LogReader.expectWholeLog(of: cluster)
        await cluster.stop()
    }
}
