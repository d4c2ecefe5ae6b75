import Core
import Storage
import TestKit
import Testing

/// Queues, timeouts and closing: each ends with a failure that says so, and nobody waits for ever.
@Suite(.timeLimit(.minutes(5))) struct LimitTests {
    @Test(arguments: [TestStore.Engine.sqlite])
    func writesBeyondTheQueueAreRefusedAndTheOthersDone(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine, ["storage.write_queue_limit": "3"])
        let door = Door()
        let holder = Task {
            try await store.database.write { transaction in
                try transaction.insert(1_000)
                door.pass()
            }
        }
        await door.waitForArrival()
        let (done, codes) = await withTaskGroup(of: String?.self) { group in
            for id in 0..<20 {
                group.addTask { await Self.code { try await store.insert(id) } }
            }
            var codes: [String] = []
            var done = 0
            while codes.count < 17, let code = await group.next() {
                if let code { codes.append(code) } else { done += 1 }
            }
            door.open()
            for await code in group {
                if let code { codes.append(code) } else { done += 1 }
            }
            return (done, codes)
        }
        try await holder.value
        #expect(done == 3)
        #expect(codes == Array(repeating: "storage_busy", count: 17))
        #expect(try await store.count() == 4)
    }

    @Test(arguments: [TestStore.Engine.sqlite])
    func readsBeyondTheQueueAreRefusedAndTheOthersServed(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(
            engine, ["storage.readers": "1", "storage.read_queue_limit": "2", "storage.acquire_timeout": "60000"])
        let door = Door()
        let holder = Task(executorPreference: OwnThread()) { try await store.database.read { _ in door.pass() } }
        await door.waitForArrival()
        let (served, refused) = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<12 { group.addTask { await Self.code { _ = try await store.count() } } }
            var refused = 0
            while refused < 10, let code = await group.next() {
                #expect(code == "storage_busy")
                refused += 1
            }
            door.open()
            var served = 0
            for await code in group where code == nil { served += 1 }
            return (served, refused)
        }
        try await holder.value
        #expect(served == 2 && refused == 10)
        #expect(try await store.count() == 0)
    }

    @Test(arguments: [TestStore.Engine.sqlite])
    func aReadThatWaitsTooLongIsRefusedAndTheConnectionStaysInUse(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(
            engine, ["storage.readers": "1", "storage.acquire_timeout": "1"])
        let door = Door()
        let holder = Task(executorPreference: OwnThread()) { try await store.database.read { _ in door.pass() } }
        await door.waitForArrival()
        for _ in 0..<30 {
            let code = await Self.code { _ = try await store.count() }
            #expect(code == "storage_busy")
        }
        door.open()
        try await holder.value
        #expect(try await store.count() == 0)
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aSlowQueryIsStoppedAndItsConnectionGoesOn(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(
            engine, ["storage.statement_timeout": engine == .sqlite ? "20" : "500", "storage.readers": "1"])
        for _ in 0..<3 {
            let code = await Self.code {
                _ = try await store.database.read { try $0.first(StorageFixture.endless) { $0.int(0) } }
            }
            #expect(code == "statement_timeout")
            #expect(try await store.count() == 0)
        }
    }

    @Test(arguments: [TestStore.Engine.sqlite])
    func aSlowWriteIsStoppedAloneAmongThoseThatShareItsCommit(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(
            engine, ["storage.statement_timeout": engine == .sqlite ? "20" : "500"])
        let door = Door()
        let holder = Task { try await store.database.write { _ in door.pass() } }
        await door.waitForArrival()
        let codes = await withTaskGroup(of: (Int, String?).self) { group in
            for id in 0..<30 {
                group.addTask {
                    let code = await Self.code {
                        try await store.database.write { transaction in
                            try transaction.insert(id)
                            guard id % 10 == 5 else { return }
                            try transaction.execute("UPDATE things SET size = (\(StorageFixture.endless))")
                        }
                    }
                    return (id, code)
                }
            }
            door.open()
            return await group.reduce(into: [Int: String?]()) { $0[$1.0] = $1.1 }
        }
        try await holder.value
        for (id, code) in codes { #expect(code == (id % 10 == 5 ? "statement_timeout" : nil), "write \(id)") }
        let stored = try await store.database.read { try $0.rows("SELECT id FROM things ORDER BY id") { $0.int(0) } }
        #expect(stored == (0..<30).filter { $0 % 10 != 5 })
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aWriteThatGoesOnAfterItsTransactionIsLostChangesNothing(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(
            engine, ["storage.statement_timeout": engine == .sqlite ? "20" : "500"])
        try await store.insert(1)
        let code = await Self.code {
            try await store.database.write { transaction in
                // A defect of a role, which must not become half a write.
                _ = try? transaction.execute("UPDATE things SET size = (\(StorageFixture.endless))")
                try transaction.insert(2)
            }
        }
        #expect(code != nil)
        #expect(try await store.count() == 1)
        try await store.insert(3)
        #expect(try await store.count() == 2)
    }

    @Test(arguments: [TestStore.Engine.sqlite])
    func closingFinishesWhatWaitsAndRefusesTheRest(engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for id in 0..<100 {
                group.addTask { await Self.code { try await store.insert(id) } == nil }
            }
            group.addTask {
                await store.database.close()
                return false
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(await Self.code { try await store.insert(999) } == "storage_closed")
        #expect(await Self.code { _ = try await store.count() } == "storage_closed")
        await store.database.close()
        if engine == .sqlite {
            let again = try SQLiteDatabase(path: store.directory.file("test.sqlite"), metrics: store.metrics)
            #expect(try await again.read { try $0.count() } == outcomes)
            await again.close()
        }
    }

    /// The code of the failure of a closure, or nil when it succeeds.
    private static func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? Failure)?.code ?? "\(error)"
        }
    }
}
