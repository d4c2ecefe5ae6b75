import Core
import TestKit
import Testing

/// Recommendations of several servers on one PostgreSQL.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RecommendationInstancesTests {
    private static let path = "/api/v1/recommendations/user"

    private func entities(of shop: Shop, _ count: Int) async throws {
        let rows = (0..<count).map { #"{"entity_id":"e\#($0)","entity_type":"product","attributes":{}}"# }
        let written = try await shop.send(
            "POST", "/api/v1/entities/bulk", #"{"entities":[\#(rows.joined(separator: ","))]}"#)
        try #require(written.status == 202, "\(written.text)")
    }

    private func waitUntilReady(_ cluster: Cluster) async throws {
        for shop in cluster.shops { try await shop.process.waitUntilReady() }
    }

    @Test func whatWasDoneOnOneIsInTheAnswerOfTheOther() async throws {
        let cluster = try await Cluster(settings: ["api.position_wait=30000"])
        try await waitUntilReady(cluster)
        try await entities(of: cluster.shops[0], 10)
        for round in 0..<10 {
            let (writer, reader) = (cluster.shops[round % 2], cluster.shops[(round + 1) % 2])
            let seen = """
                {"user_id":"ada","entity_id":"e\(round)","entity_type":"product","interaction_type":"view"}
                """
            let written = try await writer.send("POST", "/api/v1/interactions", seen)
            try #require(written.status == 201, "\(written.text)")
            let position = try #require(written.headers["millrace-position"])
            let answer = try await reader.send(
                "GET", "\(Self.path)/ada?count=100", headers: ["Millrace-Position: \(position)"])
            #expect(answer.status == 200 && !answer.text.contains(#""e\#(round)""#), "round \(round): \(answer.text)")
            #expect(answer.text.ranges(of: "entity_id").count == 9 - round, "round \(round)")
        }
        await cluster.stop()
    }

    /// What each of them has counted stands together, also of one that has stopped since.
    @Test func statisticsAreOfAll() async throws {
        let cluster = try await Cluster()
        try await waitUntilReady(cluster)
        try await entities(of: cluster.shops[0], 3)
        for (shop, count) in zip(cluster.shops, [3, 2]) {
            for _ in 0..<count { #expect(try await shop.send("GET", "\(Self.path)/ada?count=2").status == 200) }
        }
        #expect(await cluster.shops[0].process.stop() == 0)
        let isSum = try await eventually(within: .seconds(30)) {
            let answer = try await cluster.shops[1].send("GET", "/api/v1/recommendations/statistics")
            return answer.text.contains(#""answers":5,"#)
        }
        #expect(isSum)
        #expect(await cluster.shops[1].process.stop() == 0)
    }

    private func order(on shop: Shop, of customer: String, _ sku: String) async throws {
        let body = #"{"customer_id":"\#(customer)","items":[{"sku":"\#(sku)","quantity":1}],"reserve":false}"#
        let answer = try await shop.send("POST", "/api/v1/orders", body)
        try #require(answer.status == 201, "\(answer.text)")
    }

    private func purchases(on shop: Shop, of customer: String) async throws -> Int {
        try await shop.send("GET", "/api/v1/interactions/user/\(customer)").text.ranges(of: "purchase").count
    }

    @Test func oneFeedsTheShopAndAnotherGoesOn() async throws {
        let cluster = try await Cluster()
        try await waitUntilReady(cluster)
        try await cluster.shops[0].stock(5, units: 100)
        let made = try await cluster.shops[0].send("POST", "/api/v1/customers", #"{"name":"Ada"}"#)
        let ada = try #require(made["id"], "\(made.text)")
        for number in 0..<4 { try await order(on: cluster.shops[number % 2], of: ada, "s\(number)") }
        for shop in cluster.shops {
            #expect(try await eventually(within: .seconds(30)) { try await purchases(on: shop, of: ada) == 4 })
        }
        var holders: [Int] = []
        for (number, shop) in cluster.shops.enumerated() {
            if try await shop.metric(#"lease_held{lease="shop_recommendations"}"#) == 1 { holders.append(number) }
        }
        let holder = try #require(holders.first)
        #expect(holders.count == 1)
        let other = cluster.shops[1 - holder]
        #expect(try await other.metric("shop_recommendation_changes_total") == 0)
        #expect(await cluster.shops[holder].process.stop() == 0)
        try await order(on: other, of: ada, "s4")
        #expect(try await eventually(within: .seconds(60)) { try await purchases(on: other, of: ada) == 5 })
        #expect(await other.process.stop() == 0, "\(other.process.log)")
    }
}
