import Core
import Foundation
import Storage
import TestKit
import Testing

/// Readers keep their snapshot while nothing is committed, and neither they nor the log pay for it later.
@Suite(.timeLimit(.minutes(5))) struct SnapshotTests {
    @Test(arguments: TestStore.Engine.allCases)
    func aReadSeesEveryWriteThatWasAnswered(_ engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine)
        for id in 1...50 {
            #expect(try await store.count() == id - 1)
            #expect(try await store.count() == id - 1)
            try await store.insert(id)
        }
        // What is at hand at once is of the embedded engine alone.
        #expect(try store.database.readAtOnce(within: .seconds(5)) { try $0.count() } == (engine == .sqlite ? 50 : nil))
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aReadThatFailsLeavesNoOldSnapshotBehind(_ engine: TestStore.Engine) async throws {
        let store = try await StorageFixture.store(engine, ["storage.readers": "1"])
        for id in 1...5 {
            await #expect(throws: Failure.self) {
                try await store.database.read { transaction in
                    _ = try transaction.count()
                    throw Failure.internal("This read fails.")
                }
            }
            try await store.insert(id)
            #expect(try await store.count() == id)
        }
    }

    /// Each read leaves a snapshot behind that the log could not begin again before.
    @Test func theLogBeginsAgainAlthoughReadersKeepTheirSnapshots() async throws {
        let store = try await StorageFixture.store()
        let text = String(repeating: "x", count: 100_000)
        let path = store.directory.file("test.sqlite-wal")
        var longest = 0
        for id in 1...2_000 {
            try await store.insert(id, name: text + "\(id)")
            _ = try await store.count()
            longest = max(longest, try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
        }
        // 200 MB were written. The log is finished at 48 MiB, or once the copying beside has caught up.
        #expect(longest > 40 << 20, "The log never grew so far that it is finished.")
        #expect(longest < 150 << 20, "The log has grown to \(longest >> 20) MiB.")
    }
}
