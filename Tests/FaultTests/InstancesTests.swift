import Core
import Storage
import TestKit
import Testing

/// Several servers on one PostgreSQL, of which each, and the database too, may end at any moment.
@Suite(.serialized, .timeLimit(.minutes(5))) struct InstancesTests {
    @Test func noAcknowledgedWriteIsLostWhenInstancesAreKilled() async throws {
        var random = SeededRandom.fresh()
        var cluster = try await Cluster()
        try await cluster.shops[0].stock(5, units: 1_000_000)
        var ledger = WriteLedger()
        for round in 1...5 {
            let life = Duration.milliseconds(Int.random(in: 200...800, using: &random))
            let processes = cluster.shops.map(\.process)
            let storms = try await cluster.storms(round, random.next()) {
                try await Task.sleep(for: life)
                for process in processes { await process.kill() }
            }
            for index in cluster.shops.indices { cluster.shops[index] = try await cluster.start(index) }
            // What one instance was sent may be asked for again of any other.
            for (number, storm) in storms.enumerated() {
                try await ledger.settle(storm, on: cluster.shops[(number + round) % cluster.shops.count])
            }
            try await cluster.withDatabase { try await ledger.expectInStore($0, "round \(round), \(random)") }
        }
        print("\(ledger.total) writes acknowledged, \(ledger.settled) of unknown outcome settled")
        #expect(ledger.total > 30)
        await cluster.stop()
    }

    @Test func theDatabaseMayCrashAndComesBackByItself() async throws {
        let cluster = try await Cluster()
        try await cluster.shops[0].stock(5, units: 1_000_000)
        var ledger = WriteLedger()
        var random = SeededRandom.fresh()
        let storms = try await cluster.storms(1, random.next(), times: 60) { [server = cluster.server] in
            for _ in 0..<2 {
                try await Task.sleep(for: .milliseconds(500))
                try server.kill()
                try await Task.sleep(for: .milliseconds(700))
                try server.start()
            }
        }
        for storm in storms { try await ledger.settle(storm, on: cluster.shops[1]) }
        #expect(ledger.total == 6 * 60)
        try await cluster.withDatabase { try await ledger.expectInStore($0, "after the crashes") }
        for shop in cluster.shops {
            #expect(try await eventually { try await shop.send("GET", "/ready").status == 200 })
        }
        await cluster.stop()
    }

    @Test func fiftyClientsOfTwoInstancesGetTheTenUnitsThatThereAre() async throws {
        let cluster = try await Cluster()
        try await cluster.shops[0].stock(1, units: 10)
        let answers = try await withThrowingTaskGroup(of: RawConnection.Response.self) { group in
            for number in 0..<50 {
                let connection = try cluster.shops[number % 2].connect()
                group.addTask {
                    try await connection.exchange("POST", "/api/v1/inventory/reserve", #"{"sku":"s0","quantity":1}"#)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0.status == 201 } == 10)
        #expect(answers.count { $0.status == 409 && $0.code == "insufficient_stock" } == 40)
        await cluster.stop()
    }

    @Test func whoHasSeenAWriteOfOneInstanceSeesItOnTheOther() async throws {
        let cluster = try await Cluster()
        var product = try await RenamedProduct("s", on: cluster.shops[0])
        try await product.expectNoStaleRead(from: cluster.shops[0], to: cluster.shops[1], rounds: 200)
        await cluster.stop()
    }

    @Test func aRevokedKeyOpensNothingOnTheOtherInstance() async throws {
        let cluster = try await Cluster()
        let (first, second) = (cluster.shops[0], cluster.shops[1])
        let made = try await first.send("POST", "/api/v1/keys", #"{"name":"other","scopes":["products:read"]}"#)
        let (key, id) = (try #require(made["key"]), try #require(made["id"]))
        let field = ["X-API-Key: \(key)"]
        #expect(try await second.send("GET", "/api/v1/products", headers: field).status == 200)
        #expect(try await first.send("DELETE", "/api/v1/keys/\(id)").status < 300)
        #expect(try await eventually { try await second.send("GET", "/api/v1/products", headers: field).status == 401 })
        await cluster.stop()
    }

    @Test func aRollingRestartLosesNoRequestThatWasAccepted() async throws {
        var cluster = try await Cluster()
        try await cluster.shops[0].stock(2, units: 1_000_000)
        for index in 0..<2 {
            let shops = cluster.shops
            async let load = Self.accepted(by: shops, preferring: index, count: 200)
            try await Task.sleep(for: .milliseconds(150))
            #expect(await shops[index].process.stop() == 0)
            let answers = try await load
            #expect(answers.allSatisfy { $0 == 201 }, "\(answers.filter { $0 != 201 })")
            cluster.shops[index] = try await cluster.start(index)
        }
        let level = try await cluster.shops[0].send("GET", "/api/v1/inventory/s0").json
        #expect(level["reserved"] == .integer(400))
        await cluster.stop()
    }

    /// Sends reserves over connections of their own, to an instance as long as it accepts connections and then to the
    /// other. Returns their statuses.
    ///
    /// The kernel takes a connection before the instance does. One that it took as the instance stopped listening is
    /// closed without an answer: so it is repeated under its key, as a balancer and a client do, and is done once.
    private static func accepted(by shops: [Shop], preferring index: Int, count: Int) async throws -> [Int] {
        var statuses: [Int] = []
        var unanswered = 0
        for number in 0..<count {
            let key = ["Idempotency-Key: rolling-\(index)-\(number)"]
            let connection: RawConnection
            if let preferred = try? shops[index].connect() {
                connection = preferred
            } else {
                connection = try shops[1 - index].connect()
            }
            let body = #"{"sku":"s0","quantity":1}"#
            if let answer = try? await connection.exchange("POST", "/api/v1/inventory/reserve", body, headers: key) {
                statuses.append(answer.status)
                continue
            }
            unanswered += 1
            let again = try await shops[1 - index].send("POST", "/api/v1/inventory/reserve", body, headers: key)
            statuses.append(again.status)
        }
        #expect(unanswered <= 1, "\(unanswered) requests were not answered")
        return statuses
    }

    @Test func aReservationIsExpiredByOneInstanceAlone() async throws {
        let cluster = try await Cluster()
        try await cluster.shops[0].stock(1, units: 100)
        for _ in 0..<20 {
            let made = try await cluster.shops[1].send(
                "POST", "/api/v1/inventory/reserve", #"{"sku":"s0","quantity":1,"expires_in":1}"#)
            #expect(made.status == 201)
        }
        #expect(
            try await eventually {
                try await cluster.shops[0].send("GET", "/api/v1/inventory/s0").json["reserved"] == .integer(0)
            })
        try await cluster.withDatabase { database in
            let ends = try await database.read {
                try $0.first("SELECT COUNT(*) FROM changes WHERE entity_type = 'reservation' AND operation = 'update'")
                {
                    $0.integer(0)
                }
            }
            #expect(ends == 20)
        }
        await cluster.stop()
    }
}
