import Core
import Storage
import Synchronization
import TestKit
import Testing

/// What a transaction promises, on every engine.
@Suite(.timeLimit(.minutes(5))) struct TransactionTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aWriteTakesEffectWholeOrNotAtAll(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        let failure = await #expect(throws: Failure.self) {
            try await store.database.write { transaction in
                try transaction.insert(1)
                try transaction.insert(2)
                throw Failure.conflict("changed_my_mind", "It is refused after two rows.")
            }
        }
        #expect(failure?.code == "changed_my_mind")
        #expect(try await store.count() == 0)
        let value = try await store.database.write { transaction in
            try transaction.insert(1)
            try transaction.insert(2)
            return try transaction.count()
        }
        #expect(value == 2)
        #expect(try await store.count() == 2)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aFailingWriteIsUndoneAloneAmongThoseThatShareItsCommit(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
            for id in 0..<300 {
                group.addTask {
                    do {
                        try await store.database.write { transaction in
                            try transaction.insert(id)
                            if id % 3 == 0 { try transaction.insert(id) }
                            if id % 5 == 0 { throw Failure.conflict("fifth", "Every fifth is refused.") }
                        }
                        return (id, true)
                    } catch {
                        return (id, false)
                    }
                }
            }
            return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
        }
        let expected = (0..<300).filter { $0 % 3 != 0 && $0 % 5 != 0 }
        #expect(outcomes.filter(\.value).keys.sorted() == expected)
        let stored = try await store.database.read { try $0.rows("SELECT id FROM things ORDER BY id") { $0.int(0) } }
        #expect(stored == expected)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func anErrorThatIsCaughtLetsTheWriteGoOn(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        try await store.insert(1)
        let wasRefused = try await store.database.write { transaction in
            var wasRefused = false
            do { try transaction.attempt { try transaction.insert(1) } } catch is ConstraintViolation {
                wasRefused = true
            }
            try transaction.insert(2)
            return wasRefused
        }
        #expect(wasRefused)
        #expect(try await store.count() == 2)
    }

    /// What was done since an attempt that failed must not go when a later one is undone.
    @Test func anAttemptIsUndoneToItsOwnBeginning() async throws {
        let store = try await StorageFixture.store(.postgres)
        try await store.insert(1)
        await #expect(throws: Failure.self) {
            try await store.database.write(.readCommitted) { transaction in
                #expect(throws: ConstraintViolation.self) { try transaction.attempt { try transaction.insert(1) } }
                try transaction.insert(2)
                // It fails with what comes next, whose savepoint is not made any more.
                try transaction.enqueue("INSERT INTO nowhere VALUES (1)")
                do { try transaction.attempt { try transaction.insert(3) } } catch is Failure {}
            }
        }
        #expect(try await store.count() == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aStatementOfAnAttemptHasItsTimeAndTheWriteItsOwn(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        let endless: SQL = """
            INSERT INTO things (id, name, size) SELECT COUNT(*), 'n', 0 FROM (WITH RECURSIVE n(i) AS
                (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n) numbers
            """
        let failure = await #expect(throws: Failure.self) {
            try await store.database.write(.readCommitted) { transaction in
                try transaction.attempt(within: .milliseconds(50)) { try transaction.execute(endless) }
            }
        }
        #expect(failure?.code == "statement_timeout")
        let kept = try await store.database.write(.readCommitted) { transaction in
            try transaction.attempt(within: .milliseconds(50)) {
                try transaction.execute("INSERT INTO things (id, name, size) VALUES (7, 'n', 0)")
            }
        }
        #expect(kept == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReadStaysOnItsSnapshot(engine: TestStore.Engine) async throws {
        // With a pipeline the closure would come to the door more than once.
        let store = try await StorageFixture.store(engine, ["storage.pipelines": "0"])
        try await store.insert(1)
        let door = Door()
        let reader = Task(executorPreference: OwnThread()) {
            try await store.database.read { transaction in
                let before = try transaction.count()
                door.pass()
                return (before, try transaction.count())
            }
        }
        await door.waitForArrival()
        try await store.insert(2)
        #expect(try await store.count() == 2)
        door.open()
        let seen = try await reader.value
        #expect(seen == (1, 1))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func concurrentWritesLoseNothingAndReadersSeeNoHalf(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(
            engine, ["storage.acquire_timeout": "60000", "storage.statement_timeout": "60000"])
        try await store.insert(1, size: 1_000)
        try await store.insert(2, size: 1_000)
        // PostgreSQL finds out that two wait for each other only after a second.
        let rounds = engine == .sqlite ? 200 : 24
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<rounds {
                group.addTask {
                    try await store.database.write { transaction in
                        try transaction.execute("UPDATE things SET size = size - 1 WHERE id = \(round % 2 + 1)")
                        try transaction.execute("UPDATE things SET size = size + 1 WHERE id = \((round + 1) % 2 + 1)")
                        try transaction.insert(round + 10, size: 0)
                    }
                }
                group.addTask {
                    let sum = try await store.database.read { transaction in
                        try transaction.rows("SELECT size FROM things ORDER BY id") { $0.int(0) }.reduce(0, +)
                    }
                    #expect(sum == 2_000)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.count() == rounds + 2)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func constraintViolationsSayTheirKind(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        try await store.insert(1, name: "lamp")
        func violation(_ sql: SQL) async -> ConstraintViolation.Kind? {
            await #expect(throws: ConstraintViolation.self) {
                try await store.database.write { try $0.execute(sql) }
            }?.kind
        }
        #expect(await violation("INSERT INTO things (id, name, size) VALUES (1, 'chair', 1)") == .unique)
        #expect(await violation("INSERT INTO things (id, name, size) VALUES (2, 'lamp', 1)") == .unique)
        #expect(await violation("INSERT INTO things (id, name, size) VALUES (2, 'chair', -1)") == .check)
        #expect(await violation("INSERT INTO things (id, size) VALUES (2, 1)") == .notNull)
        #expect(await violation("INSERT INTO things (id, name, size, owner) VALUES (2, 'a', 1, 9)") == .foreignKey)
        #expect(try await store.count() == 1)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func actionsAfterTheCommitRunForWhatIsCommittedAlone(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        let committed = Recorder()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in 0..<40 {
                group.addTask {
                    try? await store.database.write { transaction in
                        transaction.afterCommit { committed.record(id) }
                        try transaction.insert(id)
                        if id % 4 == 0 { throw Failure.conflict("fourth", "Every fourth is refused.") }
                    }
                    if id % 4 != 0 { #expect(committed.values.contains(id)) }
                }
            }
            try await group.waitForAll()
        }
        #expect(committed.values.sorted() == (0..<40).filter { $0 % 4 != 0 })
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aQueryMayRunWithinAnotherOfTheSameText(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        for id in 1...3 { try await store.insert(id) }
        let pairs = try await store.database.read { transaction in
            try transaction.rows("SELECT id FROM things ORDER BY id") { outer in
                (outer.int(0), try transaction.rows("SELECT id FROM things ORDER BY id") { $0.int(0) })
            }
        }
        #expect(pairs.map(\.0) == [1, 2, 3])
        #expect(pairs.allSatisfy { $0.1 == [1, 2, 3] })
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReadCannotWrite(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        await #expect(throws: Failure.self) {
            try await store.database.read { transaction in
                try transaction.forEachRow("INSERT INTO things (id, name, size) VALUES (1, 'x', 1)") { _ in true }
            }
        }
        #expect(try await store.count() == 0)
    }
}

/// Numbers in the order in which they came.
private final class Recorder: Sendable {
    private let recorded = Mutex<[Int]>([])

    var values: [Int] { recorded.withLock { $0 } }

    func record(_ value: Int) { recorded.withLock { $0.append(value) } }
}
