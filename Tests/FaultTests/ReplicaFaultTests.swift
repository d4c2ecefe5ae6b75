import ChangeLog
import Core
import Storage
import Synchronization
import TestKit
import Testing

/// PostgreSQL servers that are killed while others read and write.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ReplicaFaultTests {
    /// Reads until it is told to stop. Counts what was read, and keeps what failed.
    private final class Readers: Sendable {
        private struct State {
            var count = 0
            var failures: [String] = []
            var isStopped = false
        }

        private let state = Mutex(State())

        var count: Int { state.withLock { $0.count } }
        var failures: [String] { state.withLock { $0.failures } }

        func stop() { state.withLock { $0.isStopped = true } }

        func run(_ read: () async throws -> Void) async {
            while !state.withLock({ $0.isStopped }) {
                do {
                    try await read()
                    state.withLock { $0.count += 1 }
                } catch {
                    state.withLock { $0.failures.append("\(error)") }
                }
            }
        }

        /// Returns once as many more reads have been answered.
        func waitForMore(_ more: Int) async throws {
            let wanted = count + more
            #expect(try await eventually(within: .seconds(30)) { count >= wanted })
        }
    }

    /// Writes until it is told to stop, and remembers what it was told.
    private final class Writers: Sendable {
        private struct State {
            var acknowledged: [LogPosition] = []
            var refusals: [Failure] = []
            var isStopped = false
        }

        private let state = Mutex(State())

        var acknowledged: [LogPosition] { state.withLock { $0.acknowledged } }
        var refusals: [Failure] { state.withLock { $0.refusals } }

        func stop() { state.withLock { $0.isStopped = true } }

        func run(_ log: ChangeLog) async throws {
            while !state.withLock({ $0.isStopped }) {
                do {
                    let position = try await ReplicaFaultTests.append(log)
                    state.withLock { $0.acknowledged.append(position) }
                } catch let failure as Failure {
                    state.withLock { $0.refusals.append(failure) }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    private static func append(_ log: ChangeLog) async throws -> LogPosition {
        try await log.write(TestStore.context, isolation: .readCommitted) { unit in
            try unit.recordInsert("note", unit.makeIdentifier(), after: Array("{}".utf8))
        }.position
    }

    private static func last(_ store: ReplicatedStore) async throws {
        let read = try await store.log.read(atLeast: nil) { try ChangeLog.last(in: $0) }
        #expect(read.value >= read.position)
    }

    private static func areHealthy(_ store: ReplicatedStore) async throws -> Bool {
        try await eventually(within: .seconds(30)) { store.replicas.indices.allSatisfy { store.measure($0).isHealthy } }
    }

    @Test func aReplicaThatIsKilledCostsNoRead() async throws {
        let store = try await ReplicatedStore(replicas: 2, settings: ["storage.read_preference": "round_robin"])
        _ = try await Self.append(store.log)
        #expect(try await Self.areHealthy(store))
        let readers = Readers()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 { group.addTask { await readers.run { try await Self.last(store) } } }
            try await readers.waitForMore(200)
            try store.replicas[0].kill()
            try await readers.waitForMore(500)
            #expect(!store.measure(0).isHealthy)
            try store.replicas[0].start()
            #expect(try await Self.areHealthy(store))
            let turns = store.reads(0)
            try await readers.waitForMore(200)
            #expect(store.reads(0) > turns)
            readers.stop()
            try await group.waitForAll()
        }
        #expect(readers.failures.isEmpty)
        try await store.close()
    }

    @Test func readsGoOnWithoutThePrimaryAndNothingAcknowledgedIsLost() async throws {
        let store = try await ReplicatedStore(replicas: 1, settings: [:])
        _ = try await Self.append(store.log)
        #expect(try await Self.areHealthy(store))
        let (readers, writers) = (Readers(), Writers())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { await readers.run { try await Self.last(store) } } }
            for _ in 0..<4 { group.addTask { try await writers.run(store.log) } }
            #expect(try await eventually { writers.acknowledged.count > 100 })
            try store.primary.kill()
            let turns = store.reads(0)
            let end = ContinuousClock.now + .seconds(5)
            while ContinuousClock.now < end { try await readers.waitForMore(50) }
            #expect(store.reads(0) > turns)
            #expect(!writers.refusals.isEmpty)
            try store.primary.start()
            let written = writers.acknowledged.count
            #expect(try await eventually(within: .seconds(30)) { writers.acknowledged.count > written + 50 })
            writers.stop()
            readers.stop()
            try await group.waitForAll()
        }
        #expect(readers.failures.isEmpty)
        let codes = Set(writers.refusals.map(\.code))
        #expect(codes.isSubset(of: ["storage_unreachable", "storage_outcome_unknown"]), "\(codes)")
        #expect(writers.refusals.allSatisfy { $0.kind == .unavailable && $0.retryAfter != nil })
        try await Self.expectAll(writers.acknowledged, in: store)
        try await store.close()
    }

    @Test func aReplicaThatIsPromotedAnswersWhatItHad() async throws {
        let store = try await ReplicatedStore(replicas: 1, settings: [:])
        let written = try await Self.append(store.log)
        #expect(try await Self.areHealthy(store))
        try await store.log.waitUntilSettled(written, atMost: .seconds(20))
        #expect(try await eventually { store.measure(0).lag == 0 })
        try store.primary.kill()
        try store.replicas[0].promote()
        for _ in 0..<10 {
            let read = try await store.log.read(atLeast: written) { try ChangeLog.last(in: $0) }
            #expect(read.value == written && read.position == written)
        }
        #expect(store.measure(0).isHealthy)
        try store.primary.start()
        try await store.close()
    }

    /// What was acknowledged is in the log of the primary and, as soon as it is settled, in that of the replica.
    private static func expectAll(_ acknowledged: [LogPosition], in store: ReplicatedStore) async throws {
        let query: SQL = "SELECT position FROM changes"
        let found = Set(try await store.database.read { try $0.rows(query) { $0.position(0) } })
        #expect(acknowledged.allSatisfy(found.contains))
        let last = acknowledged.max() ?? .start
        try await store.log.waitUntilSettled(last, atMost: .seconds(20))
        let isThere = "SELECT 1 FROM changes WHERE position = \(last)"
        #expect(try await eventually { try store.replicas[0].execute(isThere, in: "test1") == "1\n" })
        try store.primary.kill()
        let turns = store.reads(0)
        let read = try await store.log.read(atLeast: last) { try $0.rows(query) { $0.position(0) } }
        #expect(store.reads(0) == turns + 1 && acknowledged.allSatisfy(Set(read.value).contains))
        try store.primary.start()
    }
}
