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
            let storms = try await Self.storm(shop, round, seed, killedAfter: life)
            shop = try await Shop(data: data)
            for storm in storms { try await ledger.settle(storm, on: shop) }
            try await Self.expectSearchable(storms, shop)
            try await ledger.expectInStore(data, "round \(round), \(random)")
        }
        print("\(ledger.total) writes acknowledged, \(ledger.settled) of unknown outcome settled")
        #expect(ledger.total > Self.rounds * Self.clients)
        #expect(ledger.settled > 0)
        #expect(await shop.process.stop() == 0)
        try await ledger.expectInStore(data, "after the end")
    }

    /// Lets clients write until the server is killed.
    private static func storm(
        _ shop: Shop, _ round: Int, _ seed: UInt64, killedAfter life: Duration
    ) async throws -> [WriteStorm] {
        try await withThrowingTaskGroup(of: WriteStorm?.self) { group in
            for client in 0..<clients {
                group.addTask {
                    var storm = WriteStorm(name: "r\(round)-c\(client)", seed: seed &+ UInt64(client))
                    await storm.run(on: shop)
                    return storm
                }
            }
            group.addTask {
                try await Task.sleep(for: life)
                await shop.process.kill()
                return nil
            }
            return try await group.reduce(into: []) { storms, storm in if let storm { storms.append(storm) } }
        }
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

/// Everything that the clients of a storm know to be written.
private struct WriteLedger {
    private(set) var total = 0
    private(set) var settled = 0
    private var written: [WriteStorm.Write.Kind: Set<String>] = [:]
    private var lastPosition = 0

    /// Repeats what a client sent: what was answered must come again, and the rest must happen once.
    mutating func settle(_ storm: WriteStorm, on shop: Shop) async throws {
        let connection = try shop.connect()
        for known in storm.acknowledged {
            total += 1
            #expect(known.answer.status < 500, "\(known.write.key): \(known.answer.text)")
            note(known.write, known.answer)
        }
        for known in storm.acknowledged.suffix(3) where known.answer.status < 300 {
            let again = try await connection.send(known.write)
            #expect(again.body == known.answer.body, "\(known.write.key): \(again.text)")
            #expect(again.headers["idempotency-replayed"] == "true")
        }
        guard let pending = storm.pending else { return }
        let first = try await connection.send(pending)
        let second = try await connection.send(pending)
        #expect(first.status < 300 || first.status == 409, "\(pending.key): \(first.text)")
        if first.status < 300 {
            #expect(second.status == first.status && second.body == first.body, "\(pending.key): \(second.text)")
            #expect(second.headers["idempotency-replayed"] == "true")
        }
        note(pending, first)
        settled += 1
    }

    private mutating func note(_ write: WriteStorm.Write, _ answer: RawConnection.Response) {
        guard answer.status < 300 else { return }
        written[write.kind, default: []].insert(write.key)
        lastPosition = max(lastPosition, answer.headers["millrace-position"].flatMap { Int($0) } ?? 0)
    }

    /// Looks into the tables beside the server: each write is there once, nothing else is, and the books are right.
    func expectInStore(_ data: String, _ when: String) async throws {
        let database = try SQLiteDatabase(path: "\(data)/millrace.sqlite", metrics: MetricsRegistry())
        let queries: [(WriteStorm.Write.Kind, SQL)] = [
            (.order, "SELECT notes FROM orders"),
            (.reservation, "SELECT reference FROM reservations WHERE reference IS NOT NULL AND order_id IS NULL"),
            (.receipt, "SELECT reference FROM stock_ledger WHERE reference IS NOT NULL AND kind = 'receive'"),
            (.payment, "SELECT reference FROM payments"),
            (.cancellation, "SELECT status_reason FROM orders WHERE status = 'cancelled'"),
            (.product, "SELECT name FROM products WHERE name LIKE 'Storm %'"),
        ]
        let written = written
        let lastPosition = lastPosition
        try await database.read { transaction in
            for (kind, query) in queries {
                let found = try transaction.rows(query) { row in
                    kind == .product ? String(row.text(0).dropFirst(6)).replacing("x", with: "-") : row.text(0)
                }
                let expected = written[kind] ?? []
                #expect(found.count == Set(found).count, "\(kind) twice, \(when)")
                #expect(Set(found) == expected, "\(kind), \(when)")
            }
            let discrepancies = try CommerceAudit.run(in: transaction, of: .sqlite)
            #expect(discrepancies == [], "\(when)")
            let lines = try transaction.rows(
                "SELECT COUNT(*), (SELECT COUNT(*) FROM orders) FROM order_lines"
            ) { ($0.integer(0), $0.integer(1)) }
            #expect(lines.allSatisfy { $0.0 == 2 * $0.1 }, "\(when)")
            let log = try transaction.rows("SELECT COUNT(*), MIN(position), MAX(position) FROM changes") {
                ($0.integer(0), $0.integer(1), $0.integer(2))
            }
            #expect(log.allSatisfy { $0.0 == $0.2 - $0.1 + 1 && $0.2 >= lastPosition }, "\(log), \(when)")
        }
        await database.close()
    }
}
