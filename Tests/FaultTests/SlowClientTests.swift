import Core
import Foundation
import TestKit
import Testing

/// Clients that are slow, stop in the middle, or do not read.
@Suite struct SlowClientTests {
    private static let settings = ["api.request_timeout=1000", "api.idle_timeout=1500"]

    @Test func requestsThatNeverArriveWholeEndAtTheirTimeout() async throws {
        try await Shop.run(settings: Self.settings) { shop in
            let head = "POST /api/v1/orders HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer \(Shop.key)\r\n"
            let unfinished = [head, head + "Content-Length: 100\r\n\r\n{", "POST /api/v1/or"]
            for text in unfinished {
                let connection = try shop.connect()
                let start = ContinuousClock.now
                try await connection.send(text)
                let rest = try await connection.rest()
                #expect(rest.isEmpty || rest.hasPrefix("HTTP/1.1 408 "), "\(rest)")
                #expect(ContinuousClock.now - start < .seconds(6), "\(text)")
            }
            // A byte a while does not keep a request alive: its time counts from the first byte.
            let connection = try shop.connect()
            let start = ContinuousClock.now
            do {
                for byte in head.utf8 where ContinuousClock.now - start < .seconds(8) {
                    try await connection.send([byte])
                    try await Task.sleep(for: .milliseconds(100))
                }
                Issue.record("The server read a slow head for \(ContinuousClock.now - start).")
            } catch let failure as Failure {
                #expect(failure.message.contains("send:"))
            }
            #expect(try await shop.send("GET", "/api/v1/orders").status == 200)
        }
    }

    @Test func aHalfClosedConnectionGetsItsAnswerAndEnds() async throws {
        try await Shop.run(settings: Self.settings) { shop in
            let connection = try shop.connect()
            try await connection.send("GET /health HTTP/1.1\r\nHost: shop\r\n\r\n")
            connection.closeOutput()
            #expect(try await connection.rest().hasPrefix("HTTP/1.1 200 "))
            let silent = try shop.connect()
            silent.closeOutput()
            #expect(try await silent.rest() == "")
        }
    }

    @Test func aClientThatNeverReadsCostsABoundedShare() async throws {
        try await Shop.run(settings: Self.settings) { shop in
            let note = String(repeating: "n", count: 1_000)
            try await shop.stock(1, units: 1_000)
            for _ in 0..<100 {
                _ = try await shop.send(
                    "POST", "/api/v1/orders", #"{"notes":"\#(note)","items":[{"sku":"s0","quantity":1}]}"#)
            }
            let before = try shop.residentMemory()
            let request =
                "GET /api/v1/orders?limit=100 HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer \(Shop.key)\r\n\r\n"
            let deaf = try (0..<20).map { _ in try shop.connect() }
            for connection in deaf { try await connection.send(String(repeating: request, count: 50)) }
            #expect(try await shop.send("GET", "/api/v1/orders?limit=1").status == 200)
            let closed = try await eventually { try await shop.metric("http_connections") ?? .infinity <= 1 }
            #expect(closed, "connections that read nothing stay open")
            #expect(try shop.residentMemory() - before < 64 * 1_024)
            withExtendedLifetime(deaf) {}
        }
    }
}
