import Commerce
import Core
import Foundation
import Storage
import TestKit
import Testing

/// Everything that the clients of a storm know to be written.
struct WriteLedger {
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
    func expectInStore(_ database: any Database, _ when: String) async throws {
        let dialect = database.dialect
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
            let discrepancies = try CommerceAudit.run(in: transaction, of: dialect)
            #expect(discrepancies == [], "\(when)")
            let lines = try transaction.rows(
                "SELECT COUNT(*), (SELECT COUNT(*) FROM orders) FROM order_lines"
            ) { ($0.integer(0), $0.integer(1)) }
            #expect(lines.allSatisfy { $0.0 == 2 * $0.1 }, "\(when)")
            let log = try transaction.rows("SELECT COUNT(*), MIN(position), MAX(position) FROM changes") {
                ($0.integer(0), $0.integer(1), $0.integer(2))
            }
            // Where several write, a position is missing wherever a transaction was undone.
            #expect(
                log.allSatisfy { (dialect == .postgres || $0.0 == $0.2 - $0.1 + 1) && $0.2 >= lastPosition },
                "\(log), \(when)")
        }
    }
}
