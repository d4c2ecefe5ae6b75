import Core
import Foundation
import Storage
import Telemetry
import TestKit
import Testing

/// What makes SQLite durable is on, and a disk that is full damages nothing.
@Suite(.timeLimit(.minutes(5))) struct SQLiteDurabilityTests {
    @Test func commitsAreSyncedInFull() async throws {
        let store = try await StorageFixture.store()
        let (mode, synchronous, foreignKeys) = try await store.database.write { transaction in
            (
                try transaction.first("PRAGMA journal_mode") { $0.text(0) },
                try transaction.first("PRAGMA synchronous") { $0.int(0) },
                try transaction.first("PRAGMA foreign_keys") { $0.int(0) }
            )
        }
        #expect(mode == "wal" && synchronous == 2 && foreignKeys == 1)
        let derived = try SQLiteDatabase(
            path: store.directory.file("derived.sqlite"), options: SQLiteOptions(isDerived: true),
            metrics: MetricsRegistry())
        #expect(try await derived.write { try $0.first("PRAGMA synchronous") { $0.int(0) } } == 1)
        await derived.close()
    }

    @Test func aFileThatCannotBeDurableIsRefused() throws {
        let failure = #expect(throws: Failure.self) {
            try SQLiteDatabase(path: ":memory:", metrics: MetricsRegistry())
        }
        #expect(failure?.code == "storage_failed")
        #expect(throws: Failure.self) {
            try SQLiteDatabase(path: "/nowhere/at/all.sqlite", metrics: MetricsRegistry())
        }
    }

    @Test func aFileThatIsNoDatabaseIsRefused() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("text.sqlite")
        try String(repeating: "This is no database. ", count: 1_000).write(
            toFile: path, atomically: true, encoding: .utf8)
        let failure = #expect(throws: Failure.self) { try SQLiteDatabase(path: path, metrics: MetricsRegistry()) }
        #expect(failure?.code == "storage_corrupt")
    }

    @Test func whatIsAcknowledgedIsInTheFilesWithoutAnyClosing() async throws {
        let store = try await StorageFixture.store()
        for id in 1...20 { try await store.insert(id) }
        // A copy of the files as they are now is what a crash would leave.
        let copy = try TemporaryDirectory()
        for name in ["test.sqlite", "test.sqlite-wal"] {
            try FileManager.default.copyItem(atPath: store.directory.file(name), toPath: copy.file(name))
        }
        let recovered = try SQLiteDatabase(path: copy.file("test.sqlite"), metrics: MetricsRegistry())
        #expect(try await recovered.read { try $0.count() } == 20)
        await recovered.close()
    }

    @Test func closingEmptiesTheWriteAheadLog() async throws {
        let store = try await StorageFixture.store()
        for id in 1...20 { try await store.insert(id) }
        await store.database.close()
        let attributes = try? FileManager.default.attributesOfItem(atPath: store.directory.file("test.sqlite-wal"))
        #expect((attributes?[.size] as? Int ?? 0) == 0)
    }

    @Test func aTextWithAQuestionMarkOfItsOwnIsRefused() async throws {
        let store = try await StorageFixture.store()
        let failure = await #expect(throws: Failure.self) {
            try await store.database.read { try $0.first("SELECT COUNT(*) FROM things WHERE name = ?") { $0.int(0) } }
        }
        #expect(failure?.code == "internal")
    }

    /// A small file system in memory, for root on Linux.
    private final class SmallDisk {
        let directory: TemporaryDirectory

        init(mebibytes: Int) throws {
            directory = try TemporaryDirectory()
            let mounted = mount("tmpfs", directory.path, "tmpfs", 0, "size=\(mebibytes)m") == 0
            try #require(mounted, "These tests run as root: \(String(cString: strerror(errno)))")
        }

        deinit { umount2(directory.path, Int32(MNT_DETACH)) }
    }

    @Test func aFileThatMayNotGrowIsAFailureOfTheWriterAndNoDamage() async throws {
        let store = try await StorageFixture.store()
        func setPageLimit(_ sql: SQL) async throws {
            _ = try await store.database.write { try $0.first(sql) { $0.int(0) } }
        }
        try await setPageLimit("PRAGMA max_page_count = 60")
        let text = String(repeating: "x", count: 3_000)
        var acknowledged = 0
        let failure = await #expect(throws: Failure.self) {
            while acknowledged < 1_000 {
                try await store.insert(acknowledged, name: "\(acknowledged) \(text)")
                acknowledged += 1
            }
        }
        #expect(failure?.code == "storage_full")
        #expect((10..<60).contains(acknowledged))
        #expect(try await store.count() == acknowledged)
        try await setPageLimit("PRAGMA max_page_count = 100000")
        try await store.insert(6_000, name: text)
        #expect(try await store.count() == acknowledged + 1)
        #expect(try await store.database.read { try $0.first("PRAGMA integrity_check") { $0.text(0) } } == "ok")
    }

    @Test func aFullDiskIsAFailureOfTheWriterAndNoDamage() async throws {
        let disk = try SmallDisk(mebibytes: 4)
        let ballast = disk.directory.file("ballast")
        try Data(count: 2 << 20).write(to: URL(fileURLWithPath: ballast))
        let database = try SQLiteDatabase(path: disk.directory.file("full.sqlite"), metrics: MetricsRegistry())
        try await database.migrate([StorageFixture.things])
        let text = String(repeating: "x", count: 20_000)
        @Sendable func insert(_ id: Int) async throws {
            try await database.write { try $0.insert(id, name: "\(id) \(text)") }
        }
        var acknowledged = 0
        var code: String?
        while acknowledged < 1_000, code == nil {
            do {
                try await insert(acknowledged)
                acknowledged += 1
            } catch let failure as Failure { code = failure.code }
        }
        #expect(code == "storage_full")
        #expect(acknowledged > 10)
        // It is refused again and again, and readers are served.
        await #expect(throws: Failure.self) { try await insert(5_000) }
        #expect(try await database.read { try $0.count() } == acknowledged)
        #expect(try await database.read { try $0.first("PRAGMA integrity_check") { $0.text(0) } } == "ok")
        // With space again it goes on.
        try FileManager.default.removeItem(atPath: ballast)
        try await insert(6_000)
        #expect(try await database.read { try $0.count() } == acknowledged + 1)
        #expect(try await database.read { try $0.first("PRAGMA integrity_check") { $0.text(0) } } == "ok")
        await database.close()
    }
}
