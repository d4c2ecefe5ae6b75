import Core
import Server
import Storage
import Synchronization
import TestKit
import Testing

/// A relocation that ends before it is done is gone on with, and finds what was changed meanwhile.
@Suite struct RelocationResumeTests {
    /// Moves a shop in small batches, and ends after the first that a closure chooses.
    private func interrupt(
        _ fixture: RelocationFixture, when isLast: @escaping @Sendable (RelocationProgress) -> Bool
    ) async throws {
        let task = Task {
            try await fixture.move(batchRows: 2) { progress in
                guard progress.phase == .copying, isLast(progress) else { return }
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    /// Moves a shop in small batches, and ends after some of them.
    private func interrupt(_ fixture: RelocationFixture, afterBatches count: Int) async throws {
        let batches = Atomic(0)
        try await interrupt(fixture) { _ in batches.add(1, ordering: .relaxed).newValue == count }
    }

    @Test func interruptedAfterAnyBatchItEndsWithTheSameChecksums() async throws {
        let fixture = try await RelocationFixture.filled()
        let other = try await PostgresServer.shared().makeDatabase()
        let whole = try await Relocation(from: fixture.data, to: other).run()
        var random = SeededRandom.fresh()
        for _ in 0..<4 { try await interrupt(fixture, afterBatches: Int.random(in: 1...8, using: &random)) }
        await #expect {
            try await fixture.openTarget()
        } throws: { error in
            (error as? Failure)?.code == "relocation_unfinished"
        }
        let report = try await fixture.move(batchRows: 3)
        #expect(report.tables == whole.tables, "\(random)")
        #expect(report.position == whole.position)
        #expect((1..<whole.copied).contains(report.copied), "\(report.copied) of \(whole.copied)")
        await (try await fixture.openTarget()).close()
        try await PostgresServer.shared().dropDatabase(other)
    }

    @Test func aRowThatWasTamperedWithIsFound() async throws {
        let fixture = try await RelocationFixture.filled()
        try await interrupt(fixture) { $0.table == "tenants" }
        let changed = try await fixture.withTarget { database in
            try await database.write { try $0.execute("UPDATE tenants SET name = name || '!'") }
        }
        #expect(changed == 1)
        let failure = try await fixture.failure()
        #expect(failure.code == "relocation_mismatch")
        #expect(failure.details.first?.value == .array([.string("tenants")]), "\(failure)")
        // It is found each time, and never passed over as done.
        #expect(try await fixture.failure().code == "relocation_mismatch")
    }

    @Test func aRowTooManyOnTheTargetIsFound() async throws {
        let fixture = try await RelocationFixture.filled()
        try await interrupt(fixture) { $0.table == "tenants" }
        _ = try await fixture.withTarget { database in
            try await database.write {
                try $0.execute("INSERT INTO tenants (number, name, created_at) VALUES (9, 'nine', 1)")
            }
        }
        let failure = try await fixture.failure()
        #expect(failure.code == "relocation_mismatch")
        #expect(failure.message.contains("tenants has 2 rows instead of 1"), "\(failure)")
    }

    @Test func aSourceThatWasWrittenToMeanwhileIsRefused() async throws {
        let fixture = try await RelocationFixture.filled()
        try await interrupt(fixture, afterBatches: 5)
        _ = try await fixture.withSource { store in
            try await ServedShop.run(store.log, metrics: store.metrics) { shop in
                try await shop.post("/api/v1/inventory/receive", #"{"sku":"thé","quantity":1}"#)
            }
        }
        let failure = try await fixture.failure()
        #expect(failure.code == "relocation_source_changed")
        let tables = failure.details.first?.value.elements.compactMap(\.string) ?? []
        #expect(tables == ["balances", "changes", "idempotency_keys", "stock_ledger"])
    }
}
