import Commerce
import Core
import Foundation
import Storage
import Telemetry
import TestKit
import Testing

/// A server that is killed while many clients write.
@Suite struct CrashTests {
    private static let rounds = 20
    private static let clients = 8
    private static let units = 1_000_000

    @Test func noAcknowledgedWriteIsLostAndNoneIsHalfThere() async throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        var shop = try await Shop(data: data)
        try await shop.stock(5, units: Self.units)
        var ledger = WriteLedger()
        for round in 1...Self.rounds {
            let seed = random.next()
            let life = Duration.milliseconds(Int.random(in: 100...600, using: &random))
            let storms = try await shop.storm(Self.clients, killedAfter: life) { [shop] client in
                var storm = WriteStorm(name: "r\(round)-c\(client)", seed: seed &+ UInt64(client))
                await storm.run(on: shop)
                return storm
            }
            shop = try await Shop(data: data)
            for storm in storms { try await ledger.settle(storm, on: shop) }
            try await Self.expectSearchable(storms, shop)
            try await Self.expect(ledger, in: data, "round \(round), \(random)")
        }
        print("\(ledger.total) writes acknowledged, \(ledger.settled) of unknown outcome settled")
        #expect(ledger.total > Self.rounds * Self.clients)
        #expect(ledger.settled > 0)
        #expect(await shop.process.stop() == 0)
        try await Self.expect(ledger, in: data, "after the end")
    }

    /// Looks into the file beside the server.
    private static func expect(_ ledger: WriteLedger, in data: String, _ when: String) async throws {
        let database = try SQLiteDatabase(path: "\(data)/millrace.sqlite", metrics: MetricsRegistry())
        try await ledger.expectInStore(database, when)
        await database.close()
    }

    /// The index of words has followed the log to its end.
    private static func expectSearchable(_ storms: [WriteStorm], _ shop: Shop) async throws {
        let made = storms.flatMap(\.acknowledged).last { $0.write.kind == .product && $0.answer.status == 201 }
        guard let made else { return }
        let position = try #require(made.answer.headers["millrace-position"])
        let word = made.write.key.replacing("-", with: "x")
        let found = try await shop.send(
            "GET", "/api/v1/products/search?q=\(word)", headers: ["Millrace-Position: \(position)"])
        #expect(found.status == 200 && found.text.contains(made.write.key), "\(word): \(found.text)")
        #expect(try await eventually { try await shop.send("GET", "/ready").status == 200 })
    }
}
