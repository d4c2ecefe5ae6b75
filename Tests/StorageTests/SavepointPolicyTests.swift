import Core
import TestKit
import Testing

@testable import Storage

/// A batch without savepoints undoes a write that fails as one with savepoints does.
@Suite(.timeLimit(.minutes(5))) struct SavepointPolicyTests {
    private static let insertion = Insertion(into: "things", "id, name, size")

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

    /// Many writers at once, of whom some fail: before a change, after one, at a statement, or at one whose answer
    /// nobody waits for. What stands is what was answered.
    @Test(arguments: TestStore.Engine.allCases, [Isolation.serializable, .groupCommit])
    func whatFailsIsUndoneAlone(_ engine: TestStore.Engine, _ isolation: Isolation) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        let store = try await StorageFixture.store(engine)
        let afterCommits = CommitCount()
        var random = SeededRandom(seed: seed)
        let kinds = (0..<400).map { _ in Int.random(in: 0..<24, using: &random) }
        let answered = await withTaskGroup(of: (Int, Bool).self) { group in
            for (id, kind) in kinds.enumerated() {
                group.addTask {
                    let done: Void? = try? await store.database.write(isolation) { transaction in
                        if kind == 0 { throw Failure.internal("Before a change.") }
                        try transaction.insert(
                            Self.insertion, [.integer(Int64(2 * id)), .text("\(2 * id)"), .integer(1)])
                        transaction.afterCommit { afterCommits.increment() }
                        if kind == 1 { throw Failure.internal("After a change.") }
                        if kind == 2 { try transaction.insert(2 * id, name: "again") }
                        if kind == 3 {
                            try transaction.enqueue("INSERT INTO things (id, name, size) VALUES (\(2 * id), 'x', 1)")
                        }
                        if kind == 4 {
                            try transaction.insert(
                                Self.insertion, [.integer(Int64(2 * id)), .text("again"), .integer(1)])
                        }
                        try transaction.insert(
                            Self.insertion, [.integer(Int64(2 * id + 1)), .text("\(2 * id + 1)"), .integer(1)])
                    }
                    return (id, done != nil)
                }
            }
            var answered: [Int] = []
            for await (id, isDone) in group where isDone { answered.append(id) }
            return answered
        }
        let expected = kinds.indices.filter { kinds[$0] > 4 }
        #expect(answered.sorted() == Array(expected), "seed \(seed)")
        let rows = try await store.database.read { try $0.rows("SELECT id FROM things ORDER BY id") { $0.int(0) } }
        #expect(rows == expected.flatMap { [2 * $0, 2 * $0 + 1] }, "seed \(seed)")
        #expect(afterCommits.value == expected.count, "seed \(seed)")
    }
}
