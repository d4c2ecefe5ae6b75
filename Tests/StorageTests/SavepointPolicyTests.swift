import Core
import TestKit
import Testing

@testable import Storage

/// A batch without savepoints undoes a write that fails as one with savepoints does.
@Suite(.timeLimit(.minutes(5))) struct SavepointPolicyTests {
    @Test func afterABatchThatNeededThemSomeBatchesHaveSavepoints() {
        var policy = SavepointPolicy()
        #expect(!policy.usesSavepoints)
        policy.committed()
        #expect(!policy.usesSavepoints)
        policy.neededSavepoints()
        for _ in 0..<SavepointPolicy.carefulBatches {
            #expect(policy.usesSavepoints)
            policy.committed()
        }
        #expect(!policy.usesSavepoints)
    }

    /// Many writers at once, of whom some fail after a change, some before, some not: what stands is what was answered.
    @Test(arguments: TestStore.Engine.allCases, [UInt64(1), 2, 3])
    func whatFailsIsUndoneAloneInEveryBatch(_ engine: TestStore.Engine, seed: UInt64) async throws {
        let store = try await StorageFixture.store(engine)
        let afterCommits = CommitCount()
        var random = SeededRandom(seed: seed)
        let kinds = (1...600).map { _ in Int.random(in: 0..<10, using: &random) }
        let answered = await withTaskGroup(of: (Int, Bool).self) { group in
            for (id, kind) in kinds.enumerated() {
                group.addTask {
                    let done: Void? = try? await store.database.write { transaction in
                        if kind == 0 { throw Failure.internal("Before a change.") }
                        try transaction.insert(2 * id)
                        transaction.afterCommit { afterCommits.increment() }
                        if kind == 1 { throw Failure.internal("After a change.") }
                        if kind == 2 { try transaction.insert(2 * id, name: "again") }
                        try transaction.insert(2 * id + 1)
                    }
                    return (id, done != nil)
                }
            }
            var answered: [Int] = []
            for await (id, isDone) in group where isDone { answered.append(id) }
            return answered
        }
        let expected = kinds.indices.filter { kinds[$0] > 2 }
        #expect(answered.sorted() == Array(expected), "seed \(seed)")
        let rows = try await store.database.read { try $0.rows("SELECT id FROM things ORDER BY id") { $0.int(0) } }
        #expect(rows == expected.flatMap { [2 * $0, 2 * $0 + 1] }, "seed \(seed)")
        #expect(afterCommits.value == expected.count, "seed \(seed): an action of a write that was undone ran")
    }
}
