import Core
import TestKit
import Testing

/// Many clients that want the last units.
@Suite struct OversellTests {
    @Test func fiftyClientsGetTheTenUnitsThatThereAre() async throws {
        try await Shop.run { shop in
            try await shop.stock(1, units: 10)
            let answers = try await withThrowingTaskGroup(of: RawConnection.Response.self) { group in
                for _ in 0..<50 {
                    let connection = try shop.connect()
                    group.addTask {
                        try await connection.exchange(
                            "POST", "/api/v1/inventory/reserve", #"{"sku":"s0","quantity":1}"#)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == 201 } == 10)
            let refused = answers.filter { $0.status == 409 }
            #expect(refused.count == 40)
            #expect(refused.allSatisfy { $0.code == "insufficient_stock" && $0.json["available"] == .integer(0) })
            let level = try await shop.send("GET", "/api/v1/inventory/s0").json
            #expect([level["on_hand"], level["reserved"], level["available"]] == [10, 10, 0].map { .integer($0) })
        }
    }
}
