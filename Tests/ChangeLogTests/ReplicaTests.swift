import Core
import Storage
import TestKit
import Testing

@testable import ChangeLog

/// Reads on replicas that really replay: who answers, and what it includes.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ReplicaTests {
    private static func append(_ store: ReplicatedStore) async throws -> LogPosition {
        try await store.log.write(TestStore.context, isolation: .readCommitted) { unit in
            try unit.recordInsert("note", unit.makeIdentifier(), after: Array("{}".utf8))
        }.position
    }

    /// The last change that a read sees, and the position that it says it includes.
    private static func last(
        _ store: ReplicatedStore, atLeast seen: LogPosition? = nil
    ) async throws -> (last: LogPosition, position: LogPosition) {
        let read = try await store.log.read(atLeast: seen) { try ChangeLog.last(in: $0) }
        return (read.value, read.position)
    }

    private static func eventually(_ holds: () async throws -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            if try await holds() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    private static func areHealthy(_ store: ReplicatedStore) async throws -> Bool {
        try await eventually { store.replicas.indices.allSatisfy { store.measure($0).isHealthy } }
    }

    @Test func readsAreSpreadAndEachIncludesWhatWasSeen() async throws {
        let store = try await ReplicatedStore(replicas: 2, settings: ["storage.read_preference": "round_robin"])
        _ = try await Self.append(store)
        #expect(try await Self.areHealthy(store))
        for _ in 0..<100 {
            let written = try await Self.append(store)
            let answer = try await Self.last(store, atLeast: written)
            #expect(answer.last >= written)
        }
        let position = try await Self.append(store)
        try await store.log.waitUntilSettled(position, atMost: .seconds(5))
        // Each is asked in its own time what it has replayed, and two reads in a row go to both.
        #expect(
            try await Self.eventually {
                let answers = [try await Self.last(store), try await Self.last(store)]
                return answers.allSatisfy { $0.position >= position }
            })
        let before = [store.reads(0), store.reads(1)]
        var seen = LogPosition.start
        for _ in 0..<100 {
            let answer = try await Self.last(store, atLeast: seen)
            #expect(answer.position >= seen && answer.last >= answer.position)
            seen = answer.position
        }
        for (replica, count) in before.enumerated() { #expect(store.reads(replica) >= count + 30) }
        try await store.close()
    }

    @Test func whoDoesNotReplayIsPassedOverAndComesBack() async throws {
        let store = try await ReplicatedStore(
            replicas: 1, settings: ["storage.read_preference": "round_robin", "storage.replica_lag_limit": "700"])
        let first = try await Self.append(store)
        #expect(try await Self.areHealthy(store))
        #expect(try await Self.eventually { try await Self.last(store).position == first })
        try store.replicas[0].execute("SELECT pg_wal_replay_pause()")
        #expect(
            try await Self.eventually {
                try store.replicas[0].execute("SELECT pg_get_wal_replay_pause_state()").contains("paused\n")
            })
        let written = try await Self.append(store)
        let primary = store.reads(nil)
        #expect(try await Self.last(store, atLeast: written).last == written)
        #expect(store.reads(nil) > primary)
        // Without a position it takes its turn, until it has lagged for too long.
        let stale = try await Self.last(store)
        #expect(stale.last == first && stale.position == first)
        #expect(try await Self.eventually { !store.measure(0).isHealthy })
        #expect(store.measure(0).lag > 0.7)
        #expect(try await Self.last(store).last == written)
        try store.replicas[0].execute("SELECT pg_wal_replay_resume()")
        #expect(try await Self.areHealthy(store))
        #expect(store.measure(0).lag == 0)
        let turns = store.reads(0)
        #expect(try await Self.last(store, atLeast: written).last == written)
        #expect(store.reads(0) == turns + 1)
        try await store.close()
    }
}
