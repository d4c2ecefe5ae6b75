import Core
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Storage

/// Writes that share a transaction do what each would do alone.
@Suite(.timeLimit(.minutes(5))) struct GroupCommitTests {
    private static let size: SQL = "SELECT size FROM things WHERE id = 1"
    private static let insertion = Insertion(into: "things", "id, name, size")

    /// Who has done their work, one after the other.
    private final class Works: Sendable {
        private let order = Mutex<[String]>([])

        var names: [String] { order.withLock { $0 } }

        /// Inserts a thing, and waits at a door if there is one.
        func write(_ name: String, _ id: Int, at door: Door? = nil, in store: TestStore) async throws {
            try await store.database.write(.groupCommit) { [self] transaction in
                try transaction.insert(id)
                door?.pass()
                order.withLock { $0.append(name) }
            }
        }
    }

    /// A write that comes while another one runs waits for it when there is one group, and does not when there are two.
    @Test(arguments: [1, 2]) func theNumberOfGroupsMovesWhoWaitsForWhom(groups: Int) async throws {
        let store = try await StorageFixture.store(.postgres, ["storage.group_commits": "\(groups)"])
        let (works, door) = (Works(), Door())
        let first = Task { try await works.write("first", 1, at: door, in: store) }
        await door.waitForArrival()
        let second = Task { try await works.write("second", 2, in: store) }
        if groups > 1 { try await second.value }
        door.open()
        try await first.value
        try await second.value
        #expect(works.names == (groups == 1 ? ["first", "second"] : ["second", "first"]))
    }

    @Test func writesThatWaitShareACommit() async throws {
        let store = try await StorageFixture.store(.postgres, ["storage.group_commits": "1"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in 0..<64 {
                group.addTask { try await store.database.write(.groupCommit) { try $0.insert(id) } }
            }
            try await group.waitForAll()
        }
        let sizes = store.metrics.histogram("commit_batch_size", "", buckets: Histogram.counts).with().distribution
        #expect(sizes.sum == 64)
        #expect(try #require(sizes.cumulativeCounts.last) < 32)
        #expect(try await store.count() == 64)
    }

    /// Each takes its rows in their order, as all do, but whole batches do not, so they wait for each other.
    @Test func batchesThatWaitForEachOtherEndSoon() async throws {
        let store = try await StorageFixture.store(.postgres)
        for id in 1...8 { try await store.insert(id, size: 0) }
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let pairs = (0..<200).map { _ in (1...8).shuffled(using: &random).prefix(2).sorted() }
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for pair in pairs {
                group.addTask {
                    try await store.database.write(.groupCommit) { transaction in
                        for id in pair {
                            try transaction.execute(
                                "UPDATE things SET size = size + 1 WHERE id = \(id)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let sizes = try await store.database.read { try $0.rows("SELECT size FROM things") { $0.int(0) } }
        #expect(sizes.reduce(0, +) == 2 * pairs.count)
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func whatWaitsToBeInsertedIsSeenByWhoeverLooks() async throws {
        let store = try await StorageFixture.store(.postgres)
        let counts = try await withThrowingTaskGroup(of: [Int].self) { group in
            for id in 0..<40 {
                group.addTask {
                    try await store.database.write(.groupCommit) { transaction in
                        try transaction.insert(Self.insertion, [.integer(Int64(id)), .text("\(id)"), .integer(1)])
                        let own = try transaction.first("SELECT COUNT(*) FROM things WHERE id = \(id)") { $0.int(0) }
                        try transaction.execute("UPDATE things SET size = 2 WHERE id = \(id)")
                        return [own ?? 0]
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(counts == Array(repeating: 1, count: 40))
        let changed = try await store.database.read {
            try $0.first("SELECT COUNT(*) FROM things WHERE size = 2") { $0.int(0) }
        }
        #expect(changed == 40)
    }

    @Test func aConnectionThatBreaksLosesNoWriteOfOthers() async throws {
        let store = try await StorageFixture.store(.postgres)
        let codes = await withTaskGroup(of: String.self) { group in
            for id in 0..<60 {
                group.addTask {
                    do {
                        try await store.database.write(.groupCommit) { transaction in
                            if id % 20 == 7 {
                                _ = try transaction.first("SELECT pg_terminate_backend(pg_backend_pid())") { _ in true }
                            }
                            try transaction.insert(id, name: "\(id)")
                        }
                        return "done"
                    } catch {
                        return (error as? Failure)?.code ?? "\(error)"
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.count { $0 == "done" } == 57)
        #expect(codes.count { $0 == "storage_unreachable" } == 3, "\(Set(codes))")
        #expect(try await store.count() == 57)
    }

    @Test func answersThatWereAskedAheadAreThoseOfTheirQuestions() async throws {
        let store = try await StorageFixture.store(.postgres)
        for id in 1...3 { try await store.insert(id, name: "\(id)") }
        @Sendable func name(_ id: Int) -> SQL { "SELECT name FROM things WHERE id = \(id)" }
        let names = try await store.database.write(.groupCommit) { transaction in
            try transaction.announce([name(1), name(2)])
            let second = try transaction.first(name(2)) { $0.text(0) }
            let third = try transaction.first(name(3)) { $0.text(0) }
            let first = try transaction.first(name(1)) { $0.text(0) }
            try transaction.execute("UPDATE things SET name = 'new' WHERE id = 1")
            return [first, second, third, try transaction.first(name(1)) { $0.text(0) }]
        }
        #expect(names == ["1", "2", "3", "new"])
    }

    /// Each takes a number from a row by a statement that it announces, and appends it to a table with ascending keys:
    /// whatever fails or looks around meanwhile, the numbers stand there as they were taken, none twice.
    @Test(arguments: [UInt64(1), 2, 3], [0...29, 1...29, 2...29, 3...29])
    func whatIsAnnouncedTakesEffectInTheOrderOfTheWrites(seed: UInt64, among: ClosedRange<Int>) async throws {
        let entries = Schema(
            room: "entries",
            [Migration(1, "entries", ["CREATE TABLE entries (position {position}, number BIGINT, seen BIGINT)"])])
        let appending = Insertion(into: "entries", "number, seen")
        let store = try await TestStore(.postgres, schemas: [StorageFixture.things, entries])
        try await store.insert(1, size: 0)
        var random = SeededRandom(seed: seed)
        let kinds = (0..<300).map { _ in Int.random(in: among, using: &random) }
        let taken = try await withThrowingTaskGroup(of: Int?.self) { group in
            for (id, kind) in kinds.enumerated() {
                group.addTask {
                    do {
                        return try await store.database.write(.groupCommit) { transaction in
                            if kind % 3 == 0 { try transaction.announce(["SELECT id FROM things WHERE id = 1"]) }
                            let taking: SQL = "UPDATE things SET size = size + \(1) WHERE id = 1 RETURNING size"
                            try transaction.announce([taking])
                            let number = try transaction.first(taking) { $0.int(0) } ?? -1
                            if kind == 0 { throw Failure.internal("After a change.") }
                            let seen = kind == 2 ? try transaction.first(Self.size) { $0.int(0) } : number
                            let row: [SQLValue] = [.integer(Int64(number)), .integer(Int64(seen ?? -1))]
                            try transaction.append(appending, row, key: "position") { _ in }
                            if kind == 1 { try transaction.insert(1_000 + id) }
                            return number
                        }
                    } catch let failure as Failure where failure.message.contains("After a change") {
                        return nil
                    }
                }
            }
            return try await group.reduce(into: [Int?]()) { $0.append($1) }
        }
        let (numbers, seen) = try await store.database.read { transaction in
            let rows = try transaction.rows("SELECT number, seen FROM entries ORDER BY position") { row in
                (row.int(0), row.int(1))
            }
            return (rows.map(\.0), rows.map(\.1))
        }
        let count = kinds.count { $0 != 0 }
        #expect(taken.compactMap { $0 }.sorted() == Array(1...count), "seed \(seed)")
        #expect(numbers == Array(1...count), "seed \(seed)")
        // Nobody who comes later had changed the row when it was looked at.
        #expect(seen == numbers, "seed \(seed)")
    }
}
