import Core
import Foundation
import TestKit
import Testing

/// A server that is asked to end while it works.
@Suite struct ShutdownTests {
    @Test func requestsInFlightAreAnsweredBeforeTheServerEnds() async throws {
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        let shop = try await Shop(data: data, settings: ["api.drain_timeout=10000"])
        try await shop.stock(5, units: 100_000)
        let slow = try shop.connect()
        let body = #"{"sku":"s0","quantity":1,"reference":"slow"}"#
        try await slow.send(
            """
            POST /api/v1/inventory/receive HTTP/1.1\r
            Host: shop\r
            Authorization: Bearer \(Shop.key)\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \r\n
            """ + String(body.prefix(10)))
        let storms = await withTaskGroup(of: WriteStorm.self) { group in
            for client in 0..<8 {
                group.addTask {
                    var storm = WriteStorm(name: "c\(client)", seed: UInt64(client))
                    await storm.run(on: shop)
                    return storm
                }
            }
            group.addTask {
                // The storm has to be under way; how far does not matter.
                try? await Task.sleep(for: .milliseconds(500))
                kill(shop.process.identifier, SIGTERM)
                return WriteStorm(name: "end", seed: 0)
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        try await slow.send(String(body.dropFirst(10)))
        #expect(try await slow.response().status < 300)
        let start = ContinuousClock.now
        #expect(await shop.process.stop() == 0, "\(shop.process.log)")
        #expect(ContinuousClock.now - start < .seconds(12))
        #expect(storms.map(\.acknowledged.count).reduce(0, +) > 8)
        #expect(storms.flatMap(\.acknowledged).allSatisfy { $0.answer.status < 500 || $0.answer.code == "stopping" })

        // What was cut off between two requests was not done: a second server knows every key that was answered.
        let again = try await Shop(data: data)
        for storm in storms {
            let connection = try again.connect()
            if let pending = storm.pending {
                let answer = try await connection.send(pending)
                #expect(answer.headers["idempotency-replayed"] == nil, "\(pending.key) was done and not answered")
            }
        }
        #expect(await again.process.stop() == 0)
    }
}
