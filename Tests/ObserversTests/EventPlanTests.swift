import ChangeLog
import Core
import Storage
import TestKit
import Testing

@testable import Observers

/// What is looked for among events reads what it finds alone, also on a PostgreSQL that has no statistics of its tables
/// yet.
@Suite struct EventPlanTests {
    private static let count = 2_000

    /// A store with events in the index, each with a few words.
    private func store() async throws -> TestStore {
        let store = try await TestStore(.postgres, schemas: [ObserversSchema.schema])
        _ = try await store.log.write(TestStore.context) { unit in
            for table in ["event_words", "event_index", "deliveries"] as [SQL] {
                try unit.transaction.execute("ALTER TABLE \(table) SET (autovacuum_enabled = false)")
            }
            for number in 0..<Self.count {
                let data = #"{"all":"common","few":"few\#(number % 100)","own":"own\#(number)"}"#
                try unit.recordCustom("thing", unit.makeIdentifier(), data: Array(data.utf8))
            }
        }
        let changes = try await store.log.changes(after: .start, limit: 1_000)
        let others = try await store.log.changes(after: changes.last?.position ?? .start, limit: 1_000)
        try await store.database.write { transaction in
            try EventIndex.store((changes + others).map(EventIndex.Entry.init), in: transaction)
        }
        return store
    }

    @Test func wordsAreLookedUpOneByOne() async throws {
        let store = try await store()
        let (query, head) = (try EventQuery("few7 own11*"), store.log.seen)
        let read = try await store.database.read { transaction in
            var found = 0
            let rows = try transaction.rowsRead(of: "event_words") {
                found += try EventIndex.find(
                    query, of: .first, in: (after: .start, upTo: head), where: "", limit: 100, in: transaction
                ).found.count
            }
            return (rows, found)
        }
        // Each word of either kind, and the twenty events of the first.
        #expect(read.0 < 400 && read.1 == 1, "\(read)")
    }
}
