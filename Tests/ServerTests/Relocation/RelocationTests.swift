import ChangeLog
import Commerce
import Core
import Server
import Storage
import TestKit
import Testing

/// A shop that has moved onto PostgreSQL is the same shop.
@Suite struct RelocationTests {
    private static let lists = ["products", "customers", "orders", "shipments", "returns", "inventory"]

    @Test func theShopServesTheSameAndGoesOnAfterTheLastPosition() async throws {
        let fixture = try await RelocationFixture.filled()
        let before = try await fixture.withSource { store in
            try await ServedShop.run(store.log, metrics: store.metrics) { try await Self.answers($0) }
        }
        let (start, last) = try await fixture.withSource { store in
            try await store.database.read { (try ChangeLog.start(in: $0), try ChangeLog.last(in: $0)) }
        }
        #expect(start > .start)
        let report = try await fixture.move()
        #expect(report.discrepancies == [])
        #expect(report.position == last)
        #expect(report.copied == report.tables.reduce(0) { $0 + $1.rowCount })
        try await fixture.serveTarget { shop, log in
            #expect(try await Self.answers(shop) == before)
            let kept = try await log.database.read { try ChangeLog.start(in: $0) }
            #expect(kept == start)
            let repeated = try await shop.send(
                "POST", "/api/v1/inventory/receive", RelocationFixture.lastReceipt, key: "last-receipt")
            #expect(repeated.status < 300 && repeated.headers["idempotency-replayed"] == "true", "\(repeated.text)")
            let ordered = try await shop.send(
                "POST", "/api/v1/orders", #"{"items":[{"sku":"chai","quantity":1}]}"#, key: "after-the-move")
            #expect(ordered.status == 201, "\(ordered.text)")
            #expect(ordered.headers["millrace-position"].flatMap { Int64($0) } ?? 0 > last.value)
            let audit = try await log.database.read { try CommerceAudit.run(in: $0, of: .postgres) }
            #expect(audit == [])
        }
    }

    /// What a shop answers to questions for everything in it.
    private static func answers(_ shop: ServedShop) async throws -> [String: String] {
        var answers: [String: String] = [:]
        for name in lists {
            let answer = try await shop.send("GET", "/api/v1/\(name)?limit=100")
            #expect(answer.status == 200, "\(name): \(answer.text)")
            #expect(answer.json["items"]?.elements.isEmpty == false, "\(name)")
            answers[name] = answer.text
        }
        for order in try #require(answers["orders"].map { try JSONParser.parse(Array($0.utf8)) }?["items"]).elements {
            let id = try #require(order["id"]?.string)
            answers[id] = try await shop.send("GET", "/api/v1/orders/\(id)").text
        }
        return answers
    }

    /// A table of a later version that nobody thought of here would be missing in the report.
    @Test func everyTableMovesWithRowsOfIts() async throws {
        let fixture = try await RelocationFixture.filled()
        let report = try await fixture.move()
        let moved = Set(report.tables.map(\.name))
        let staying: Set = ["schema_migrations", "leases", "followers"]
        let target = try await fixture.withTarget { try await $0.tables() }
        let source = try await fixture.withSource { try await $0.database.tables() }
        #expect(Set(target.map(\.name)) == moved.union(staying))
        #expect(Set(source.map(\.name)) == moved.union(staying))
        for table in report.tables { #expect(table.rowCount > 0, "\(table.name) was not tried") }
        for table in report.tables {
            let there = try #require(target.first { $0.name == table.name })
            let here = try #require(source.first { $0.name == table.name })
            let columns = Set(there.columns.map(\.name)).subtracting(["transaction_id"])
            #expect(columns == Set(here.columns.map(\.name)), "\(table.name)")
        }
    }

    @Test func aSecondMoveIsRefusedAndSoIsADatabaseInUse() async throws {
        let fixture = try await RelocationFixture.filled()
        try await fixture.move()
        #expect(try await fixture.failure().code == "relocation_target_not_empty")
        let other = try await RelocationFixture()
        let inUse = try await fixture.withSource { _ in try await fixture.failure() }
        #expect(inUse.code == "data_directory_in_use")
        #expect(try await other.failure().code == "relocation_source_missing")
    }

    /// It is found before the first row moves, so nothing is in the way of the run after it was mended.
    @Test func textThatPostgresCannotStoreIsNamedWithItsRow() async throws {
        let fixture = try await RelocationFixture.filled()
        let id = try await fixture.withSource { store in
            try await store.database.write { transaction in
                let id = try #require(try transaction.first("SELECT id FROM customers") { try $0.identifier(0) })
                let text = SQLValue.utf8(Array("a\u{0}b".utf8))
                try transaction.execute("UPDATE customers SET notes = \(text) WHERE id = \(id)")
                return id
            }
        }
        let failure = try await fixture.failure()
        #expect(failure.code == "value_not_storable")
        #expect(failure.message.contains("notes of the row of customers with tenant 1, id \(id)"), "\(failure)")
        try await fixture.withSource { store in
            _ = try await store.database.write { try $0.execute("UPDATE customers SET notes = '' WHERE id = \(id)") }
        }
        #expect(try await fixture.move().discrepancies == [])
    }
}
